import { embeddedDigits } from '../datasets/digits16.js';
import { FetchFailure, fetchFile, MemoryStore, openFile } from '../datasets/fetch-file.js';
import { gunzip, isGzip } from '../datasets/formats/inflate.js';
import {
  assembleDataset,
  checkLoadDatasetOptions,
  type DatasetAttempt,
  type DatasetContent,
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
import { sha256Of } from '../datasets/sha256.js';
import { Work, type WorkOptions } from '../work.js';

/**
 * Loads a named dataset from the first place that has it: your own base address (`data`), the
 * browser's Cache, for `digits16` this package itself, and last the official addresses, as far as
 * they let pages of other origins read them. Files from there are checked by size and SHA-256 before
 * they enter the Cache.
 *
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
  const { data, download = true, mirrors = description.addresses, signal } = options;
  signal?.throwIfAborted();
  const tried: DatasetAttempt[] = [];

  if (data !== undefined) {
    for (const base of [withSlash(data) + name, data]) {
      const files = await fetchOwn(description, withSlash(base), options, tried);
      if (files) return assemble(description, files, options);
    }
    throw notFoundError(description, tried, helpInBrowser);
  }
  if (name === 'digits16') {
    const { train, test, sha256 } = await embeddedDigits(new Work(options));
    return { train, test, sources: [{ file: 'embedded', sha256, official: true }] };
  }
  const cache = await openCache(options.cache, tried);
  const files: FetchedFile[] = [];
  for (const file of description.layouts[0]!) {
    const fetched =
      (cache && (await fromCache(cache, description, file, signal))) ??
      (download ? await fromAddresses(file, mirrors, options, tried) : undefined);
    if (!fetched) {
      if (!download) tried.push({ place: 'download', reason: 'not allowed' });
      throw notFoundError(description, tried, helpInBrowser);
    }
    // A browser that has no room left only forgoes the copy.
    const response = new Response(fetched.bytes as Uint8Array<ArrayBuffer>);
    await cache?.put(cacheKey(description, file), response).catch(() => undefined);
    files.push(fetched);
  }
  return assemble(description, files, options);
}

interface FetchedFile {
  readonly file: DatasetFile;
  readonly bytes: Uint8Array;
  readonly url: string;
}

/** What a page can do; the commands of `DatasetDescription.help` are no help there. */
const helpInBrowser =
  'put its files on a server that lets this page read them and give its address as `data`';

const withSlash = (address: string) => address.replace(/\/?$/, '/');

/** The most bytes that a file of the user's own may have. */
const maxOwnBytes = 2 ** 30;

/** All files of a layout from the user's own address, whatever their hashes. */
async function fetchOwn(
  { layouts }: DatasetDescription,
  base: string,
  { signal, idleTimeout = 30_000 }: LoadDatasetOptions,
  tried: DatasetAttempt[],
): Promise<FetchedFile[] | undefined> {
  const files: FetchedFile[] = [];
  for (const file of layouts[0]!) {
    const url = base + file.name;
    try {
      const { chunks } = await openFile(url, { maxBytes: maxOwnBytes, idleTimeout, signal });
      const store = new MemoryStore(file.bytes);
      for await (const chunk of chunks) await store.append(chunk);
      files.push({ file, bytes: await store.read(), url });
    } catch (error) {
      signal?.throwIfAborted();
      tried.push({ place: url, reason: (error as Error).message });
      return undefined;
    }
  }
  return files;
}

/** Pages that are not served securely have no Cache. */
async function openCache(
  name: string | false | undefined,
  tried: DatasetAttempt[],
): Promise<Cache | undefined> {
  if (name === false || !globalThis.caches) return undefined;
  try {
    return await caches.open(name ?? 'nn-lab');
  } catch (error) {
    tried.push({ place: 'Cache', reason: (error as Error).message });
    return undefined;
  }
}

function cacheKey(description: DatasetDescription, file: DatasetFile): string {
  return new URL(`/nn-lab-datasets/${description.name}/${file.name}`, location.origin).href;
}

async function fromCache(
  cache: Cache,
  description: DatasetDescription,
  file: DatasetFile,
  signal: AbortSignal | undefined,
): Promise<FetchedFile | undefined> {
  const url = cacheKey(description, file);
  const response = await cache.match(url);
  if (!response) return undefined;
  const bytes = new Uint8Array(await response.arrayBuffer());
  const hash = await sha256Of(bytes, new Work({ signal }));
  return hash === file.sha256 || hash === file.contentSha256 ? { file, bytes, url } : undefined;
}

async function fromAddresses(
  file: DatasetFile,
  addresses: readonly string[],
  { signal, onProgress, idleTimeout = 30_000 }: LoadDatasetOptions,
  tried: DatasetAttempt[],
): Promise<FetchedFile | undefined> {
  const store = new MemoryStore(file.bytes);
  for (const address of addresses) {
    const url = withSlash(address) + file.name;
    try {
      const options = { idleTimeout, sha256: sha256Of, signal, onProgress };
      return { file, bytes: await fetchFile(file, url, store, options), url };
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error;
      tried.push({ place: url, reason: error.message });
    }
  }
  return undefined;
}

async function assemble(
  description: DatasetDescription,
  files: readonly FetchedFile[],
  { signal, onProgress }: WorkOptions,
): Promise<LoadedDataset> {
  const work = new Work({ signal });
  const contents = new Map<string, DatasetContent>();
  const sources: DatasetSource[] = [];
  for (const { file, bytes, url } of files) {
    const content = isGzip(bytes)
      ? await gunzip(bytes, { source: url, signal, onProgress })
      : bytes;
    const hash = await sha256Of(bytes, work);
    const official =
      hash === file.sha256 ||
      (file.contentSha256 !== undefined && (await sha256Of(content, work)) === file.contentSha256);
    contents.set(file.role, { bytes: content, source: url });
    sources.push({ file: file.name, url, sha256: hash, official });
  }
  const assembled = await assembleDataset(description.name, contents, { signal, onProgress });
  return { ...assembled, sources };
}
