import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DataFormatError, InvalidArgumentError } from '../errors.js';
import { isUnfinishedFile, writeFileAtomic } from '../node/atomic-files.js';
import { makeFolder } from '../node/make-folder.js';
import { lockFolder } from './folder-lock.js';
import { formatBytes } from './format.js';

/** Options of {@link openRunFolder}. */
export interface RunFolderOptions {
  /** Go on with the run that is in the folder. It must hold a checkpoint. */
  readonly resume?: boolean;
  /** Remove the run that is in the folder, and nothing else. */
  readonly overwrite?: boolean;
  /** Bytes that must be free on the disk. Default 64 MiB. */
  readonly freeBytes?: number;
}

/** What a run was made of: the content of `config.json`. */
export interface RunConfig {
  /** The resolved options of the command. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Every seed, by what it seeds. */
  readonly seeds: Readonly<Record<string, number>>;
  /** Versions by package name. */
  readonly packages: Readonly<Record<string, string>>;
  readonly backend: string;
  readonly threads: number;
  /** The data sets, by name, each with the SHA-256 of its bytes or the seed it is made from. */
  readonly datasets: Readonly<Record<string, string>>;
}

/** What {@link RunFolder.configure} adds to a configuration. */
export interface RunMachine {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
}

/** Options of {@link RunFolder.configure}. */
export interface ConfigureOptions {
  /** Options that may differ when a run goes on, such as `epochs`. */
  readonly mayChange?: readonly string[];
}

/** A run's folder, held by this process until it is closed. Each file is written whole or not at all. */
export interface RunFolder {
  /** The folder, absolute. */
  readonly path: string;
  /** True when the run goes on from a checkpoint. */
  readonly resumed: boolean;
  /** `checkpoints/`, which exists. */
  readonly checkpoints: string;
  /** `model/`, for the files of a tfjs LayersModel. */
  readonly model: string;
  /**
   * Writes `config.json`. On a resume it compares with the stored one first.
   *
   * @returns lines about differences that are allowed but may change the result.
   * @throws InvalidArgumentError when the run would not be the same run.
   */
  configure(config: RunConfig, options?: ConfigureOptions): Promise<readonly string[]>;
  /** Writes `history.jsonl` anew from all epochs so far, a line an epoch. */
  writeHistory(records: readonly object[]): Promise<void>;
  /** The epochs in `history.jsonl`; none when there is no such file. @throws DataFormatError */
  readHistory(): Promise<readonly unknown[]>;
  /** Writes `metrics.json`, which marks the run as finished. */
  writeMetrics(metrics: object): Promise<void>;
  /** Writes any file, such as `plots/loss.svg` or `report.html`; makes its folder. Returns its path. */
  write(name: string, data: string | Uint8Array): Promise<string>;
  /** Gives the folder back. Calling it again does nothing. */
  close(): void;
}

/** The files and folders that make a run; `--overwrite` removes these and no others. */
const runEntries = [
  'config.json',
  'history.jsonl',
  'metrics.json',
  'plots',
  'model',
  'checkpoints',
  'report.html',
] as const;

/** Options that say where and how a command prints, not what the run is. */
const incidental = ['out', 'data', 'resume', 'overwrite', 'json', 'quiet', 'verbose'];

/**
 * Opens the folder of a run, before any work is done: makes it, checks that it can be written to
 * and that there is space, and takes it for this process.
 *
 * A folder that holds a run already is refused, unless told to resume or overwrite: a run is never
 * mixed with another, and ten minutes of training are never lost to a repeated command.
 *
 * @throws InvalidArgumentError when the folder holds something else, holds a run that nobody said
 *   to replace, has nothing to resume, is used by another process, or has no space.
 */
export async function openRunFolder(
  path: string,
  options: RunFolderOptions = {},
): Promise<RunFolder> {
  const { resume = false, overwrite = false, freeBytes = 64 * 2 ** 20 } = options;
  if (resume && overwrite) {
    throw new InvalidArgumentError(
      'Either --resume (go on with the run) or --overwrite (replace it) can be given, not both.',
    );
  }
  const folder = resolve(path);
  if (resume && (await visibleEntries(folder)).length === 0) throw nothingToResume(folder);
  const release = await takeFolder(folder);
  try {
    const state = await inspect(folder);
    if (resume) {
      if (!state.hasCheckpoint) throw nothingToResume(folder);
    } else if (state.kind === 'run') {
      // A run that was killed before it made anything is nobody's loss.
      if (!overwrite && state.holdsWork)
        throw alreadyThere(folder, state.finished, state.hasCheckpoint);
    } else if (state.kind === 'other') {
      throw new InvalidArgumentError(
        `${folder} is not empty and holds no run (${state.sample}). Give a new or empty folder with --out.`,
      );
    }
    await checkWritable(folder);
    await checkSpace(folder, freeBytes);
    await removeUnfinished(folder);
    if (state.kind === 'run' && !resume) {
      for (const entry of runEntries)
        await rm(join(folder, entry), { recursive: true, force: true });
    }
    await makeFolder(join(folder, 'checkpoints'));
  } catch (error) {
    release();
    throw error;
  }
  return openedFolder(folder, resume, release);
}

/** Makes the folder and locks it; what the system says against it is said of the folder. */
async function takeFolder(folder: string): Promise<() => void> {
  const found = await stat(folder).catch(() => undefined);
  if (found && !found.isDirectory()) {
    throw new InvalidArgumentError(
      `A run needs a folder, but ${folder} is a file. Give a folder with --out.`,
    );
  }
  try {
    await makeFolder(folder);
    return await lockFolder(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error) Object.assign(error, { path: folder });
    throw error;
  }
}

/** The machine that a run is made on, as `config.json` has it. */
export function describeMachine(): RunMachine {
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: formatBytes(totalmem()),
  };
}

function openedFolder(folder: string, resumed: boolean, release: () => void): RunFolder {
  const configPath = join(folder, 'config.json');
  const historyPath = join(folder, 'history.jsonl');
  const write = async (name: string, data: string | Uint8Array) => {
    const path = resolve(folder, name);
    if (relative(folder, path).split(sep)[0] === '..' || path === folder) {
      throw new InvalidArgumentError(`A run's file must lie in its folder, got ${name}.`);
    }
    await makeFolder(dirname(path));
    await writeFileAtomic(path, data);
    return path;
  };
  return {
    path: folder,
    resumed,
    checkpoints: join(folder, 'checkpoints'),
    model: join(folder, 'model'),
    async configure(config, { mayChange = [] } = {}) {
      const kept = Object.entries(config.options).filter(([name]) => !incidental.includes(name));
      const next = asJson({ ...config, options: Object.fromEntries(kept) });
      const notes = resumed ? compareConfigs(await readJson(configPath), next, mayChange) : [];
      await write('config.json', jsonFile({ ...next, machine: describeMachine() }));
      return notes;
    },
    async writeHistory(records) {
      await write('history.jsonl', records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    },
    async readHistory() {
      const text = await readFile(historyPath, 'utf8').catch(absentAsEmpty);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line, index) => parseJson(line, historyPath, ` in line ${index + 1}`));
    },
    async writeMetrics(metrics) {
      await write('metrics.json', jsonFile(metrics));
    },
    write,
    close: release,
  };
}

type Json = { readonly [key: string]: unknown };

function compareConfigs(before: Json, now: Json, mayChange: readonly string[]): string[] {
  const notes: string[] = [];
  for (const part of ['options', 'seeds', 'datasets']) {
    for (const [name, was, is] of differences(before[part] as Json, now[part] as Json)) {
      if (mayChange.includes(name)) continue;
      // These are judged by what came of them, in `backend` and `threads`.
      if (part === 'options' && (name === 'backend' || name === 'threads')) continue;
      throw new InvalidArgumentError(
        `The run in the folder was begun with ${name} ${shown(was)}, now it is ${shown(is)}. Resume with the same settings, or start anew with --overwrite or another --out.`,
      );
    }
  }
  for (const name of ['backend', 'threads']) {
    if (before[name] === now[name]) continue;
    notes.push(
      `The run was begun with ${name} ${shown(before[name])} and goes on with ${shown(now[name])}: the last digits of the result may differ.`,
    );
  }
  for (const [name, was, is] of differences(before.packages as Json, now.packages as Json)) {
    notes.push(`The run was begun with ${name} ${shown(was)} and goes on with ${shown(is)}.`);
  }
  return notes;
}

function differences(before: Json = {}, now: Json = {}): [string, unknown, unknown][] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !isDeepStrictEqual(before[name], now[name]))
    .map((name) => [name, before[name], now[name]]);
}

interface FolderState {
  readonly kind: 'empty' | 'run' | 'other';
  readonly finished: boolean;
  readonly hasCheckpoint: boolean;
  /** True when there is more in it than a configuration. */
  readonly holdsWork: boolean;
  /** The first things in it, for a message. */
  readonly sample: string;
}

async function inspect(folder: string): Promise<FolderState> {
  const entries = await visibleEntries(folder);
  const isRun = entries.some((entry) => (runEntries as readonly string[]).includes(entry));
  const hasCheckpoint = (await visibleEntries(join(folder, 'checkpoints'))).length > 0;
  const made = entries.filter((entry) => entry !== 'config.json' && entry !== 'checkpoints');
  return {
    kind: entries.length === 0 ? 'empty' : isRun ? 'run' : 'other',
    finished: entries.includes('metrics.json'),
    hasCheckpoint,
    holdsWork: hasCheckpoint || made.length > 0,
    sample: entries.slice(0, 3).join(', ') + (entries.length > 3 ? ', ...' : ''),
  };
}

async function visibleEntries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((entry) => !entry.startsWith('.')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function checkWritable(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${randomUUID().slice(0, 8)}`);
  try {
    const file = await open(probe, 'wx');
    await file.close();
  } catch (error) {
    throw Object.assign(error as Error, { path: folder });
  } finally {
    await rm(probe, { force: true });
  }
}

async function checkSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(folder);
  const free = bavail * bsize;
  // Some network and virtual file systems tell no size at all.
  if (blocks > 0 && free < needed) {
    throw new InvalidArgumentError(
      `Only ${formatBytes(free)} are free on the disk of ${folder}, and the run needs about ${formatBytes(needed)}. Free some space, or give a folder on another disk with --out.`,
    );
  }
}

/** What a killed process left behind; nobody else is writing, the folder is locked. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const place of ['.', 'checkpoints', 'model', 'plots']) {
    const entries = await readdir(join(folder, place)).catch(() => [] as string[]);
    for (const entry of entries.filter(isUnfinishedFile)) {
      const path = join(folder, place, entry);
      if ((await stat(path)).isFile()) await rm(path, { force: true });
    }
  }
}

function alreadyThere(folder: string, finished: boolean, resumable: boolean): InvalidArgumentError {
  const ways = [
    resumable && !finished ? '--resume to go on with it' : '',
    '--overwrite to replace it',
    '--out DIR to keep both',
  ].filter(Boolean);
  return new InvalidArgumentError(
    `${folder} holds ${finished ? 'a finished run' : 'a run that was stopped'} already. Add ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}.`,
  );
}

function nothingToResume(folder: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `There is nothing to resume: ${folder} holds no checkpoint. Start without --resume (with --overwrite if a run was begun there), or give the right folder with --out.`,
  );
}

async function readJson(path: string): Promise<Json> {
  return parseJson(await readFile(path, 'utf8'), path, '') as Json;
}

function parseJson(text: string, source: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataFormatError(
      `${source}: expected JSON${where}, got something else. Start the run anew with --overwrite.`,
      { source, cause },
    );
  }
}

function absentAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function jsonFile(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function shown(value: unknown): string {
  return value === undefined ? '(not set)' : JSON.stringify(value);
}
