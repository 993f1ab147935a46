import { InvalidArgumentError } from '../errors.js';
import type { LoadedCheckpoint } from './checkpoint-store.js';
import type { CheckpointOptions } from './training-loop-options.js';
import type { RunSignature, TrainingState } from './training-state.js';

/** The checkpoints of one run: when they are due, and whether they belong to it. */
export class RunCheckpoints {
  readonly #options: CheckpointOptions;
  /** Whether the newest checkpoint in the store is one of this run. */
  #isOurs = false;
  #lastSave = performance.now();

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  /** Whether so much time has passed that one is due within an epoch. */
  get isDue(): boolean {
    const { everySeconds = 60 } = this.#options;
    return performance.now() - this.#lastSave >= everySeconds * 1000;
  }

  /** Whether one is due after so many epochs. */
  isDueAfter(epochs: number): boolean {
    const { everyEpochs = 1 } = this.#options;
    return epochs % everyEpochs === 0;
  }

  /** Counts the time until the next one from now. */
  startClock(): void {
    this.#lastSave = performance.now();
  }

  /** @returns the file or name that it was written under. */
  async save(state: TrainingState): Promise<string> {
    // The first checkpoint of a run replaces those that another run left behind.
    const name = await this.#options.store.save(state, this.#isOurs ? 2 : 1);
    this.#isOurs = true;
    this.startClock();
    return name;
  }

  /** The newest checkpoint to go on from, or undefined where there is none. */
  async load(): Promise<LoadedCheckpoint | undefined> {
    const loaded = await this.#options.store.loadLatest();
    this.#isOurs = loaded !== undefined;
    return loaded;
  }
}

/** @throws InvalidArgumentError when a checkpoint is of another run. */
export function requireSameRun(saved: RunSignature, current: RunSignature, source: string): void {
  const differing = (Object.keys(current) as (keyof RunSignature)[]).filter(
    (key) => JSON.stringify(saved[key]) !== JSON.stringify(current[key]),
  );
  if (differing.length === 0) return;
  const differences = differing.map(
    (key) => `${key} was ${shortened(saved[key])} and is ${shortened(current[key])}`,
  );
  throw new InvalidArgumentError(
    `${source} is of another run and cannot be resumed from: ${differences.join('; ')}. Give the options of that run, or train without resuming or in another folder.`,
  );
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
