import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { FetchFailure, openFile } from '../datasets/fetch-file.js';
import type { DatasetAttempt, LoadDatasetOptions } from '../datasets/load-dataset.js';
import type { DatasetFile } from '../datasets/named-datasets.js';
import { makeFolder } from './make-folder.js';

/** How often an address is asked, and how often in a row without getting anywhere. */
const [maxTries, maxFruitlessTries] = [50, 3];

type DownloadOptions = LoadDatasetOptions & { readonly idleTimeout: number };

/**
 * Fetches a file from the first address that gives the right one.
 *
 * What has come lies in a `.part` file, from which a later try goes on, after a crash in another
 * process too; only the whole and verified file gets its name.
 *
 * @param folder - Where the file is kept; without one it is only held in memory.
 * @returns `undefined` when no address serves, and the reasons added to `tried`.
 */
export async function downloadDatasetFile(
  file: DatasetFile,
  addresses: readonly string[],
  folder: string | undefined,
  options: DownloadOptions,
  tried: DatasetAttempt[],
): Promise<{ bytes: Uint8Array; location: { path: string } | { url: string } } | undefined> {
  const urls = addresses.map((address) => address.replace(/\/?$/, `/${file.name}`));
  let store: PartialFile | MemoryFile | undefined;
  try {
    store = folder
      ? await PartialFile.open(folder, file.name, file.bytes)
      : new MemoryFile(file.bytes);
    for (const url of urls) {
      try {
        return { bytes: await fetchVerified(store, file, url, options), location: { url } };
      } catch (error) {
        if (!(error instanceof FetchFailure)) throw error;
        tried.push({ place: url, reason: error.message });
      }
    }
  } catch (error) {
    if (error instanceof CallerFailure) throw error.cause;
    options.signal?.throwIfAborted();
    const reason = `${(error as Error).message}; give another folder as cache`;
    tried.push({ place: folder ?? 'memory', reason });
    await store?.restart().catch(() => undefined);
  } finally {
    await store?.close();
  }
  return undefined;
}

/** The whole file from one address, taking up what `store` has, and again from the start if that was bad. */
async function fetchVerified(
  store: PartialFile | MemoryFile,
  file: DatasetFile,
  url: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  for (;;) {
    const resumed = store.size > 0;
    await fetchRest(store, file, url, options);
    const bytes = await store.read();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 === file.sha256) {
      await store.keep();
      return bytes;
    }
    await store.restart();
    if (!resumed)
      throw new FetchFailure(`its SHA-256 is ${sha256} instead of ${file.sha256}`, false);
  }
}

async function fetchRest(
  store: PartialFile | MemoryFile,
  file: DatasetFile,
  url: string,
  options: DownloadOptions,
): Promise<void> {
  const { signal, onProgress, idleTimeout } = options;
  const total = file.bytes;
  let farthest = store.size;
  let fruitless = 0;
  for (let tries = 1; store.size < total; tries++) {
    const from = store.size;
    try {
      const { offset, chunks } = await openFile(url, { from, total, idleTimeout, signal });
      if (offset !== from) await store.restart();
      for await (const chunk of chunks) {
        await store.append(chunk);
        try {
          onProgress?.({ file: file.name, url, received: store.size, total });
        } catch (error) {
          throw new CallerFailure('onProgress threw', { cause: error });
        }
      }
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error;
      fruitless = store.size > farthest ? 0 : fruitless + 1;
      farthest = Math.max(farthest, store.size);
      if (!error.again) await store.restart();
      if (fruitless >= maxFruitlessTries || tries >= maxTries) throw error;
      if (!error.again && from === 0) throw error;
      await wait(200 * 2 ** fruitless, undefined, signal ? { signal } : {});
    }
  }
}

/** What the caller's function threw, which is no failure of the disk. */
class CallerFailure extends Error {}

/** A download that is only held in memory. */
class MemoryFile {
  readonly #bytes: Uint8Array;
  size = 0;

  constructor(total: number) {
    this.#bytes = new Uint8Array(total);
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#bytes.set(chunk, this.size);
    this.size += chunk.length;
  }

  async restart(): Promise<void> {
    this.size = 0;
  }

  async read(): Promise<Uint8Array> {
    return this.#bytes;
  }

  async keep(): Promise<void> {}

  async close(): Promise<void> {}
}

/**
 * A download on the disk, named `<name>.<process>-<thread>-<number>.part` until it is whole, so that
 * no two write to one file, and one that nobody writes to any more can be told.
 */
class PartialFile {
  static readonly #open = new Set<string>();
  static #count = 0;
  #kept = false;

  private constructor(
    readonly folder: string,
    readonly name: string,
    readonly part: string,
    readonly file: FileHandle,
    public size: number,
  ) {}

  static async open(folder: string, name: string, total: number): Promise<PartialFile> {
    await makeFolder(folder);
    const part = `${name}.${process.pid}-${threadId}-${PartialFile.#count++}.part`;
    PartialFile.#open.add(part);
    await adoptOrphan(folder, name, part, PartialFile.#open);
    const file = await open(join(folder, part), 'a+');
    const { size } = await file.stat();
    const partial = new PartialFile(folder, name, part, file, size);
    if (size > total) await partial.restart();
    return partial;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.file.appendFile(chunk);
    this.size += chunk.length;
  }

  async restart(): Promise<void> {
    await this.file.truncate(0);
    this.size = 0;
  }

  async read(): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.size);
    let read = 0;
    while (read < this.size) {
      const { bytesRead } = await this.file.read(bytes, read, this.size - read, read);
      if (bytesRead === 0) throw new Error(`${this.part} became shorter while it was read`);
      read += bytesRead;
    }
    return bytes;
  }

  /** Gives the file its name. */
  async keep(): Promise<void> {
    await this.file.sync();
    await rename(join(this.folder, this.part), join(this.folder, this.name));
    this.#kept = true;
  }

  /** Leaves what has come for a later try. */
  async close(): Promise<void> {
    await this.file.close();
    if (this.size === 0 && !this.#kept) await rm(join(this.folder, this.part), { force: true });
    PartialFile.#open.delete(this.part);
  }
}

/** Takes over what an ended process, or an ended try of this one, left of the same file. */
async function adoptOrphan(
  folder: string,
  name: string,
  part: string,
  open: ReadonlySet<string>,
): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(`${name}.`)) continue;
    const owner = /^(\d+)-(\d+)-\d+\.part$/.exec(entry.slice(name.length + 1));
    if (!owner || open.has(entry)) continue;
    const mine = Number(owner[1]) === process.pid && Number(owner[2]) === threadId;
    if (!mine && isAlive(Number(owner[1]))) continue;
    try {
      await rename(join(folder, entry), join(folder, part));
      return;
    } catch {
      // Another process was faster.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
