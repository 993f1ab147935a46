import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import envPaths from 'env-paths';
import { loadEmbeddedDigits } from '../datasets/digits16.js';
import { isGzip } from '../datasets/formats/inflate.js';
import {
  assembleDataset,
  type DatasetAttempt,
  type DatasetContent,
  DatasetNotFoundError,
  type DatasetSource,
  type LoadDatasetOptions,
  type LoadedDataset,
} from '../datasets/load-dataset.js';
import {
  type DatasetDescription,
  type DatasetFile,
  type DatasetName,
  describeDataset,
} from '../datasets/named-datasets.js';
import { DataFormatError, InvalidArgumentError } from '../errors.js';
import { downloadDatasetFile } from './download.js';

/**
 * Loads a named dataset from the first place that has it: your own folder (`data` or the environment
 * variable `NN_LAB_DATA`), the cache, folders of the operating system and of installed packages, for
 * `digits16` this package itself, and last the official addresses, whose files are checked by size
 * and SHA-256 before they enter the cache.
 *
 * Files in your own folder may differ from the official ones; `sources` says which they are.
 *
 * @example
 * ```ts
 * const { train, test } = await loadDataset('fashion-mnist');
 * const [validation, training] = splitDataset(train, { at: 5000 });
 * ```
 * @throws InvalidArgumentError when there is no such dataset or an option cannot be used.
 * @throws DatasetNotFoundError when no place has it, naming each and the reason.
 * @throws DataFormatError when a file that was found is corrupt or another one.
 */
export async function loadDataset(
  name: DatasetName,
  options: LoadDatasetOptions = {},
): Promise<LoadedDataset> {
  const description = describeDataset(name);
  const { data = process.env.NN_LAB_DATA, download = true, signal } = options;
  const { idleTimeout = 30_000 } = options;
  if (!(idleTimeout > 0)) {
    throw new InvalidArgumentError(`idleTimeout must be above 0 ms, but ${idleTimeout} came.`);
  }
  signal?.throwIfAborted();
  const tried: DatasetAttempt[] = [];

  for (const folder of data ? [join(data, name), data] : []) {
    const found = await findInFolder(description, folder, tried);
    if (found) return loadFiles(description, found, signal);
  }
  if (!data) tried.push({ place: 'NN_LAB_DATA', reason: 'not set, and no data folder given' });

  const cache = options.cache === false ? undefined : (options.cache ?? defaultCacheFolder());
  if (cache && description.addresses.length > 0) {
    const found = await findInFolder(description, join(cache, name), tried);
    if (found && (await allOfficial(found))) return loadFiles(description, found, signal);
    if (found)
      tried.push({ place: join(cache, name), reason: 'its files are not the official ones' });
  }
  for (const folder of systemFolders(description, tried)) {
    const found = await findInFolder(description, folder, tried);
    if (found) return loadFiles(description, found, signal);
  }
  if (name === 'digits16') {
    const { train, test, sha256 } = await loadEmbeddedDigits();
    return { train, test, sources: [{ file: 'embedded', sha256, official: true }] };
  }
  if (!download) {
    tried.push({ place: 'download', reason: 'not allowed' });
  } else {
    const folder = cache ? join(cache, name) : undefined;
    const fetched = await downloadAll(description, folder, { ...options, idleTimeout }, tried);
    if (fetched) return assemble(description, fetched);
  }
  throw new DatasetNotFoundError(description, tried);
}

/** Where downloads are kept when no other folder is given. */
function defaultCacheFolder(): string {
  return join(envPaths('nn-lab', { suffix: '' }).cache, 'datasets');
}

interface FoundFile {
  readonly file: DatasetFile;
  readonly path: string;
}

/** All files of one layout, or `undefined` and the reason added to `tried`. */
async function findInFolder(
  { layouts }: DatasetDescription,
  folder: string,
  tried: DatasetAttempt[],
): Promise<FoundFile[] | undefined> {
  const problem = await stat(folder).then(
    (stats) => (stats.isDirectory() ? undefined : 'not a folder'),
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 'no such folder' : error.message),
  );
  if (problem) {
    tried.push({ place: folder, reason: problem });
    return undefined;
  }
  const missing: string[][] = [];
  for (const layout of layouts) {
    const found: FoundFile[] = [];
    for (const file of layout) {
      const path = await firstFile(
        [file.name, ...file.otherNames].map((name) => join(folder, name)),
      );
      if (path) found.push({ file, path });
    }
    if (found.length === layout.length) return found;
    const roles = new Set(found.map(({ file }) => file.role));
    missing.push(layout.filter(({ role }) => !roles.has(role)).map((file) => file.name));
  }
  const fewest = missing.reduce((a, b) => (b.length < a.length ? b : a));
  tried.push({ place: folder, reason: `has no ${fewest.join(', no ')}` });
  return undefined;
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if ((await stat(path).catch(() => undefined))?.isFile()) return path;
  }
  return undefined;
}

function systemFolders({ systemFolders, npmPackage }: DatasetDescription, tried: DatasetAttempt[]) {
  const folders = [...systemFolders];
  if (npmPackage) {
    const from = [import.meta.url, join(process.cwd(), 'package.json')];
    const root = from
      .map((place) => resolvePackage(npmPackage.name, place))
      .find((path) => path !== undefined);
    if (root) folders.push(resolve(root, '..', npmPackage.folder));
    else tried.push({ place: `npm package ${npmPackage.name}`, reason: 'not installed' });
  }
  return folders;
}

function resolvePackage(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
}

async function allOfficial(files: readonly FoundFile[]): Promise<boolean> {
  for (const { file, path } of files) {
    const bytes = await readFile(path);
    if (sha256(bytes) !== file.sha256) return false;
  }
  return true;
}

interface FetchedFile {
  readonly file: DatasetFile;
  readonly bytes: Uint8Array;
  readonly location: { readonly path: string } | { readonly url: string };
}

async function loadFiles(
  description: DatasetDescription,
  found: readonly FoundFile[],
  signal: AbortSignal | undefined,
): Promise<LoadedDataset> {
  const files: FetchedFile[] = [];
  for (const { file, path } of found) {
    signal?.throwIfAborted();
    files.push({ file, bytes: new Uint8Array(await readFile(path)), location: { path } });
  }
  return assemble(description, files);
}

async function assemble(
  description: DatasetDescription,
  files: readonly FetchedFile[],
): Promise<LoadedDataset> {
  const contents = new Map<string, DatasetContent>();
  const sources: DatasetSource[] = [];
  for (const { file, bytes, location } of files) {
    const source = 'path' in location ? location.path : location.url;
    const content = isGzip(bytes) ? await gunzip(bytes, source) : bytes;
    const hash = sha256(bytes);
    const official =
      hash === file.sha256 ||
      (file.contentSha256 !== undefined && sha256(content) === file.contentSha256);
    contents.set(file.role, { bytes: content, source });
    sources.push({ file: file.name, ...location, sha256: hash, official });
  }
  return { ...(await assembleDataset(description.name, contents)), sources };
}

/** Node's own inflater takes a third of the time of its `DecompressionStream`. */
async function gunzip(bytes: Uint8Array, source: string): Promise<Uint8Array> {
  try {
    const content = await promisify(gunzipCallback)(bytes, { maxOutputLength: 2 ** 30 });
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  } catch (cause) {
    throw new DataFormatError(
      `${source}: the gzip file is cut short, corrupt or far too large: ${(cause as Error).message}; fetch it again.`,
      { source, cause },
    );
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function downloadAll(
  description: DatasetDescription,
  folder: string | undefined,
  options: LoadDatasetOptions & { readonly idleTimeout: number },
  tried: DatasetAttempt[],
): Promise<FetchedFile[] | undefined> {
  const files: FetchedFile[] = [];
  for (const file of description.layouts[0]!) {
    const addresses = options.mirrors ?? description.addresses;
    const fetched = await downloadDatasetFile(file, addresses, folder, options, tried);
    if (!fetched) return undefined;
    files.push({ file, ...fetched });
  }
  return files;
}
