import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import {
  type DownloadStore,
  FetchFailure,
  fetchFile,
  MemoryStore,
} from '../datasets/fetch-file.js';
import type { DatasetAttempt, LoadDatasetOptions } from '../datasets/load-dataset.js';
import type { DatasetFile } from '../datasets/named-datasets.js';
import type { Progress } from '../work.js';
import { makeFolder } from './make-folder.js';
import { sha256Of } from './sha256.js';

type DownloadOptions = LoadDatasetOptions & { readonly idleTimeout: number };

/**
 * Fetches a file from the first address that gives the right one.
 *
 * What has come lies in a `.part` file, from which a later try goes on, after a crash in another
 * process too; only the whole and verified file gets its name.
 *
 * @param folder - Where the file is kept; without one it is only held in memory.
 * @returns `undefined` when no address serves, and the reasons added to `tried`.
 * @throws whatever `onProgress` throws.
 */
export async function downloadDatasetFile(
  file: DatasetFile,
  addresses: readonly string[],
  folder: string | undefined,
  options: DownloadOptions,
  tried: DatasetAttempt[],
): Promise<{ bytes: Uint8Array; location: { path: string } | { url: string } } | undefined> {
  const urls = addresses.map((address) => address.replace(/\/?$/, `/${file.name}`));
  let thrown: { readonly error: unknown } | undefined;
  const onProgress = (progress: Progress) => {
    try {
      options.onProgress?.(progress);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  let store: PartialFile | MemoryStore | undefined;
  try {
    store = folder ? await PartialFile.open(folder, file) : new MemoryStore(file.bytes);
    for (const url of urls) {
      try {
        const bytes = await fetchFile(file, url, store, {
          ...options,
          sha256: sha256Of,
          onProgress,
        });
        if (store instanceof PartialFile) await store.keep(bytes.length === file.bytes);
        return { bytes, location: { url } };
      } catch (error) {
        if (!(error instanceof FetchFailure)) throw error;
        tried.push({ place: url, reason: error.message });
      }
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (thrown) throw thrown.error;
    const reason = `${(error as Error).message}; make room in it, or make it writable`;
    tried.push({ place: folder ?? 'memory', reason });
    await store?.restart().catch(() => undefined);
  } finally {
    if (store instanceof PartialFile) await store.close();
  }
  return undefined;
}

/**
 * A download on the disk, named `<name>.<process>-<thread>-<number>.part` until it is whole, so that
 * no two write to one file, and one that nobody writes to any more can be told.
 */
class PartialFile implements DownloadStore {
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

  static async open(folder: string, { name, ...data }: DatasetFile): Promise<PartialFile> {
    await makeFolder(folder);
    const part = `${name}.${process.pid}-${threadId}-${PartialFile.#count++}.part`;
    PartialFile.#open.add(part);
    await adoptOrphan(folder, name, part, PartialFile.#open);
    const file = await open(join(folder, part), 'a+');
    const { size } = await file.stat();
    const partial = new PartialFile(folder, name, part, file, size);
    if (size > Math.max(data.bytes, data.contentBytes ?? 0)) await partial.restart();
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

  /** Gives the file its name, without `.gz` when it came unpacked. */
  async keep(isPacked: boolean): Promise<void> {
    await this.file.sync();
    const name = isPacked ? this.name : this.name.replace(/\.gz$/, '');
    await rename(join(this.folder, this.part), join(this.folder, name));
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
