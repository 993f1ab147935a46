import type { NnLabError } from '../errors.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-format.js';
import type { TrainingState } from './training-state.js';

/** A checkpoint that was found, and what was passed over on the way to it. */
export interface LoadedCheckpoint {
  readonly state: TrainingState;
  /** The file or name it came from. */
  readonly source: string;
  /** Newer checkpoints that could not be read, with the reason of each. */
  readonly skipped: readonly NnLabError[];
}

/** A place where the checkpoints of one run are kept. */
export interface CheckpointStore {
  /**
   * Writes a checkpoint, whole or not at all, and then deletes all but the newest `keep`, this one
   * included.
   *
   * @returns the file or name it was written under.
   */
  save(state: TrainingState, keep: number): Promise<string>;
  /**
   * The newest checkpoint that can be read, or undefined when there is none at all.
   *
   * @throws DataFormatError when there are checkpoints and none can be read.
   */
  loadLatest(): Promise<LoadedCheckpoint | undefined>;
}

/** Keeps checkpoints in memory: for tests, and for runs that stop and go on in one process. */
export function createMemoryCheckpointStore(): CheckpointStore {
  return storeOver(createMemoryEntries());
}

/** Numbered entries of bytes, newest last: all that a store needs from the place it is kept in. */
export interface CheckpointEntries {
  /** Numbers of the entries, ascending. */
  list(): Promise<number[]>;
  /** What people know the entry by, for errors. */
  nameOf(number: number): string;
  read(number: number): Promise<Uint8Array>;
  /** Writes an entry whole or not at all. */
  write(number: number, bytes: Uint8Array): Promise<void>;
  remove(number: number): Promise<void>;
}

/** A checkpoint store over any place that holds numbered entries of bytes. */
export function storeOver(entries: CheckpointEntries): CheckpointStore {
  return {
    async save(state, keep) {
      const older = await entries.list();
      const number = (older.at(-1) ?? 0) + 1;
      await entries.write(number, encodeCheckpoint(state));
      for (const old of older.slice(0, older.length + 1 - keep)) await entries.remove(old);
      return entries.nameOf(number);
    },
    async loadLatest() {
      const skipped: NnLabError[] = [];
      for (const number of (await entries.list()).reverse()) {
        try {
          const bytes = await entries.read(number);
          const source = entries.nameOf(number);
          return { state: decodeCheckpoint(bytes, source), source, skipped };
        } catch (error) {
          skipped.push(error as NnLabError);
        }
      }
      if (skipped[0]) throw skipped[0];
      return undefined;
    },
  };
}

function createMemoryEntries(): CheckpointEntries {
  const entries = new Map<number, Uint8Array>();
  return {
    list: async () => [...entries.keys()],
    nameOf: (number) => `checkpoint ${number} in memory`,
    read: async (number) => entries.get(number)!,
    write: async (number, bytes) => void entries.set(number, bytes),
    remove: async (number) => void entries.delete(number),
  };
}
