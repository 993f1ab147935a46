import { randomUUID } from 'node:crypto';
import { open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DataFormatError, InvalidArgumentError } from '../errors.js';
import { formatBytes } from '../format.js';
import { writeFileAtomic } from '../node/atomic-files.js';
import { makeFolder } from '../node/make-folder.js';
import { readPlainFile } from '../node/read-plain-file.js';
import { lockFolder } from './folder-lock.js';
import { describeMachine } from './machine.js';
import { isNameInFolder, RunFiles } from './run-files.js';

/** Options of {@link openRunFolder}. */
export interface RunFolderOptions {
  /** Whose run it is, such as `clock`: the run of another project is never replaced. */
  readonly project: string;
  /** Go on with the run that is in the folder. It must hold a checkpoint. */
  readonly resume?: boolean;
  /** Replace the project's run that is in the folder: its own files are removed, and no others. */
  readonly overwrite?: boolean;
  /**
   * Names that the run is going to write. Where a file that is not the run's has one of them, the
   * folder is refused before anything in it is removed.
   */
  readonly files?: readonly string[];
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
  /** `checkpoints/`, for the files of a `createCheckpointStore`, which belong to the run. */
  readonly checkpoints: string;
  /** `model/`; what is not written with {@link RunFolder.write} is claimed first. */
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
  /**
   * Writes any file, such as `plots/loss.svg` or `report.html`; makes its folder. Returns its path.
   *
   * @throws InvalidArgumentError when a file that is not the run's has that name.
   */
  write(name: string, data: string | Uint8Array): Promise<string>;
  /**
   * Makes files the run's own that something else is about to write, such as `model/model.json`.
   *
   * @throws InvalidArgumentError when a file that is not the run's has that name.
   */
  claim(names: readonly string[]): Promise<void>;
  /** Gives the folder back. Calling it again does nothing. */
  close(): void;
}

/** Options that say where and how a command prints, not what the run is. */
const incidental = ['out', 'data', 'resume', 'overwrite', 'json', 'quiet', 'verbose'];

/**
 * Opens the folder of a run, before any work is done: makes it, checks that it can be written to
 * and that there is space, and takes it for this process.
 *
 * A run marks its folder and keeps a list of the files it writes. Only a folder with the mark of the
 * same project can be resumed or replaced, and only files in the list are ever removed or written
 * over. A folder that holds a run already is refused, unless told to resume or overwrite: a run is
 * never mixed with another, and ten minutes of training are never lost to a repeated command.
 *
 * @throws InvalidArgumentError when the folder holds something else, holds a run that nobody said
 *   to replace, holds a file where the run is to write, has nothing to resume, is used by another process, or has no space.
 */
export async function openRunFolder(path: string, options: RunFolderOptions): Promise<RunFolder> {
  const { project, resume = false, overwrite = false, files = [] } = options;
  const { freeBytes = 64 * 2 ** 20 } = options;
  if (resume && overwrite) {
    throw new InvalidArgumentError(
      'Either --resume (go on with the run) or --overwrite (replace it) can be given, not both.',
    );
  }
  const folder = resolve(path);
  // Looked at before it is locked: nothing is written into a folder that is somebody else's.
  const before = await runIn(folder, project);
  if (resume && !before) throw nothingToResume(folder);
  const release = await takeFolder(folder);
  try {
    const found = await runIn(folder, project);
    const state = found && (await inspect(found));
    if (resume) {
      if (!state?.hasCheckpoint) throw nothingToResume(folder);
    } else if (!overwrite && state?.holdsWork) {
      throw alreadyThere(folder, state.finished, state.hasCheckpoint);
    }
    await found?.requireFree(files.map((name) => nameInFolder(folder, name)));
    await checkWritable(folder);
    await checkSpace(folder, freeBytes);
    await found?.removeUnfinished();
    if (resume) return openedFolder(found!, true, release);
    await found?.remove();
    return openedFolder(await RunFiles.begin(folder, project), false, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Opens a run's folder for some work, and gives it back however the work ends. */
export async function inRunFolder<T>(
  path: string,
  options: RunFolderOptions,
  work: (folder: RunFolder) => Promise<T>,
): Promise<T> {
  const folder = await openRunFolder(path, options);
  try {
    return await work(folder);
  } finally {
    folder.close();
  }
}

/**
 * The project's run in a folder; undefined when the folder is empty or not there. A run that was
 * killed before it made anything is nobody's loss.
 *
 * @throws InvalidArgumentError when the folder holds something else.
 */
async function runIn(folder: string, project: string): Promise<RunFiles | undefined> {
  const found = await stat(folder).catch(() => undefined);
  if (!found) return undefined;
  if (!found.isDirectory()) {
    throw new InvalidArgumentError(
      `A run needs a folder, but ${folder} is a file. Give a folder with --out.`,
    );
  }
  const files = await RunFiles.find(folder);
  if (files && files.project !== project) {
    throw new InvalidArgumentError(
      `${folder} holds a run of another project (${files.project}). Give a new or empty folder with --out.`,
    );
  }
  if (files) return files;
  const entries = await visibleEntries(folder);
  if (entries.length === 0) return undefined;
  const sample = entries.slice(0, 3).join(', ') + (entries.length > 3 ? ', ...' : '');
  throw new InvalidArgumentError(
    `${folder} is not empty and holds no run (${sample}). Give a new or empty folder with --out.`,
  );
}

/** Makes the folder and locks it; what the system says against it is said of the folder. */
async function takeFolder(folder: string): Promise<() => void> {
  try {
    await makeFolder(folder);
    return await lockFolder(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error) Object.assign(error, { path: folder });
    throw error;
  }
}

function openedFolder(files: RunFiles, resumed: boolean, release: () => void): RunFolder {
  const { folder } = files;
  const configPath = join(folder, 'config.json');
  const historyPath = join(folder, 'history.jsonl');
  const claim = (names: readonly string[]) =>
    files.claim(names.map((name) => nameInFolder(folder, name)));
  const write = async (name: string, data: string | Uint8Array) => {
    await claim([name]);
    const path = resolve(folder, name);
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
      const written = (await files.list()).includes('history.jsonl');
      return (written ? await readText(historyPath) : '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line, index) => parseJson(line, historyPath, ` in line ${index + 1}`));
    },
    async writeMetrics(metrics) {
      await write('metrics.json', jsonFile(metrics));
    },
    write,
    claim,
    close: release,
  };
}

/** The name as a run keeps it: with `/`, and without detours. */
function nameInFolder(folder: string, name: string): string {
  const inside = relative(folder, resolve(folder, name)).split(sep).join('/');
  if (!isNameInFolder(inside)) {
    throw new InvalidArgumentError(`A run's file must lie in its folder, got ${name}.`);
  }
  return inside;
}

type Json = { readonly [key: string]: unknown };

function compareConfigs(before: Json, now: Json, mayChange: readonly string[]): string[] {
  const notes: string[] = [];
  for (const part of ['options', 'seeds', 'datasets']) {
    for (const [name, was, is] of differences(before[part], now[part])) {
      if (mayChange.includes(name)) continue;
      // These are judged by what came of them, in `backend` and `threads`.
      if (part === 'options' && (name === 'backend' || name === 'threads')) continue;
      throw new InvalidArgumentError(
        `The run in the folder was begun with ${name} ${shown(was)}, now it is ${shown(is)}. Resume with the same settings, or start anew with --overwrite or another --out.`,
      );
    }
  }
  // The threads of `simd` share the work in a way that leaves every digit as it is.
  const decisive = now.backend === 'simd' ? ['backend'] : ['backend', 'threads'];
  for (const name of decisive) {
    if (before[name] === now[name]) continue;
    notes.push(
      `The run was begun with ${name} ${shown(before[name])} and goes on with ${shown(now[name])}: the last digits of the result may differ.`,
    );
  }
  for (const [name, was, is] of differences(before.packages, now.packages)) {
    notes.push(`The run was begun with ${name} ${shown(was)} and goes on with ${shown(is)}.`);
  }
  return notes;
}

function differences(earlier: unknown, later: unknown): [string, unknown, unknown][] {
  const [before, now] = [earlier, later].map((value) => (isRecord(value) ? value : {})) as [
    Json,
    Json,
  ];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !isDeepStrictEqual(before[name], now[name]))
    .map((name) => [name, before[name], now[name]]);
}

/** How far the run in a folder has come. */
async function inspect(files: RunFiles) {
  const made = await files.list();
  return {
    finished: made.includes('metrics.json'),
    hasCheckpoint: made.some((name) => name.startsWith('checkpoints/')),
    /** True when there is more in it than a configuration. */
    holdsWork: made.some((name) => name !== 'config.json'),
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

function alreadyThere(folder: string, finished: boolean, resumable: boolean): InvalidArgumentError {
  const what = finished ? 'a finished run' : resumable ? 'a run that was stopped' : 'a run';
  const ways = [
    resumable && !finished ? '--resume to go on with it' : '',
    '--overwrite to replace it',
    '--out DIR to keep both',
  ].filter(Boolean);
  return new InvalidArgumentError(
    `${folder} holds ${what} already. Add ${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}.`,
  );
}

function nothingToResume(folder: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `There is nothing to resume: ${folder} holds no checkpoint. Start without --resume (with --overwrite if a run was begun there), or give the right folder with --out.`,
  );
}

async function readJson(path: string): Promise<Json> {
  const json = parseJson(await readText(path), path, '');
  if (!isRecord(json)) {
    throw damaged(path, `expected a JSON object, got ${JSON.stringify(json)?.slice(0, 40)}`);
  }
  return json;
}

/** Of a file that the run wrote; none is larger. */
async function readText(path: string): Promise<string> {
  const bytes = await readPlainFile(path, { maxBytes: 2 ** 28 }).catch((cause: Error) => {
    throw damaged(path, `it cannot be read: ${cause.message}`, cause);
  });
  return new TextDecoder().decode(bytes);
}

function damaged(source: string, what: string, cause?: unknown): DataFormatError {
  return new DataFormatError(`${source}: ${what}. Start the run anew with --overwrite.`, {
    source,
    cause,
  });
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string, source: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(source, `expected JSON${where}, got something else`, cause);
  }
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
