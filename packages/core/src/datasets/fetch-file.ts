import { Work, type WorkOptions } from '../work.js';
import { unpackedLimit } from './formats/inflate.js';
import type { DatasetFile } from './named-datasets.js';

/** How often an address is asked, and how often in a row without getting anywhere. */
const [maxTries, maxFruitlessTries] = [50, 3];

/** Bytes a second below which an address is given up. */
const slowestRate = 4096;

/** An address did not give its file. */
export class FetchFailure extends Error {
  /**
   * @param next - What may help: to `resume` (the connection broke off or stood still), to
   * `restart` from the first byte, or `nothing`.
   */
  constructor(
    message: string,
    readonly next: 'resume' | 'restart' | 'nothing',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Where the bytes of a download are kept. */
export interface DownloadStore {
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Forgets all. */
  restart(): Promise<void>;
  /** What has come. */
  read(): Promise<Uint8Array>;
}

/** A download that is only held in memory. */
export class MemoryStore implements DownloadStore {
  #bytes: Uint8Array;
  size = 0;

  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes);
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.size + chunk.length > this.#bytes.length) {
      const longer = new Uint8Array(2 * (this.size + chunk.length));
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    this.#bytes.set(chunk, this.size);
    this.size += chunk.length;
  }

  async restart(): Promise<void> {
    this.size = 0;
  }

  async read(): Promise<Uint8Array> {
    return this.#bytes.subarray(0, this.size);
  }
}

/** Options of `fetchFile`. */
export interface FetchFileOptions extends WorkOptions {
  readonly idleTimeout: number;
  /** The SHA-256 of bytes, in hexadecimal. */
  readonly sha256: (bytes: Uint8Array, work: Work) => Promise<string>;
}

/**
 * The official file from one address, or what is in it where the server unpacks it on the way: one
 * that names gzip as the encoding of a `.gz` makes `fetch` do so. Takes up what the store has, and
 * begins anew if that was bad.
 *
 * @throws FetchFailure when the address does not give it.
 * @throws the signal's reason, and whatever `onProgress` or the store throws.
 */
export async function fetchFile(
  file: DatasetFile,
  url: string,
  store: DownloadStore,
  options: FetchFileOptions,
): Promise<Uint8Array> {
  for (;;) {
    const resumed = store.size > 0;
    await fetchRest(file, url, store, options);
    const bytes = await store.read();
    const hash = await options.sha256(bytes, new Work(options));
    if (hash === file.sha256 || hash === file.contentSha256) return bytes;
    await store.restart();
    if (!resumed) {
      throw new FetchFailure(`its SHA-256 is ${hash} instead of ${file.sha256}`, 'nothing');
    }
  }
}

async function fetchRest(
  file: DatasetFile,
  url: string,
  store: DownloadStore,
  { idleTimeout, signal, onProgress }: FetchFileOptions,
): Promise<void> {
  const work = new Work({ signal, onProgress });
  const total = file.bytes;
  const maxBytes = Math.max(total, file.contentBytes ?? unpackedLimit(total));
  work.begin(`downloading ${file.name}`, total);
  let farthest = store.size;
  let fruitless = 0;
  for (let tries = 1; store.size !== total; tries++) {
    const from = store.size;
    try {
      const { offset, chunks } = await openFile(url, {
        from,
        total,
        maxBytes,
        idleTimeout,
        signal,
      });
      if (offset !== from) await store.restart();
      for await (const chunk of chunks) {
        await store.append(chunk);
        await work.reach(Math.min(store.size, total));
      }
      return;
    } catch (error) {
      if (!(error instanceof FetchFailure) || error.next === 'nothing') throw error;
      fruitless = store.size > farthest ? 0 : fruitless + 1;
      farthest = Math.max(farthest, store.size);
      if (error.next === 'restart') await store.restart();
      if (fruitless >= maxFruitlessTries || tries >= maxTries) throw error;
      if (error.next === 'restart' && from === 0) throw error;
      await wait(200 * 2 ** fruitless, signal);
    }
  }
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done, failed) => {
    const stop = () => {
      clearTimeout(timer);
      failed(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      done();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Options of `openFile`. */
export interface OpenFileOptions {
  /** The bytes before this one are here already. Default 0. */
  readonly from?: number;
  /** The bytes that the file has, where that is known. */
  readonly total?: number;
  /** The most bytes that may come. */
  readonly maxBytes: number;
  /** Milliseconds without a byte, or with few, after which the address is given up. */
  readonly idleTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks for a file from some byte on.
 *
 * @returns The byte at which the answer begins (0 when the server knows no ranges), and its pieces.
 * @throws FetchFailure, in the call or while the pieces are read.
 */
export async function openFile(
  url: string,
  options: OpenFileOptions,
): Promise<{ readonly offset: number; readonly chunks: AsyncGenerator<Uint8Array> }> {
  const { from = 0, total, maxBytes, idleTimeout, signal } = options;
  const idle = new AbortController();
  const both = signal ? AbortSignal.any([signal, idle.signal]) : idle.signal;
  const failed = (cause: unknown): unknown => {
    if (signal?.aborted) return signal.reason;
    if (cause instanceof FetchFailure) return cause;
    if (idle.signal.aborted) {
      return new FetchFailure(`no byte came for ${idleTimeout / 1000} s`, 'resume');
    }
    return new FetchFailure(describeFailure(cause), 'resume', { cause });
  };
  let timer = setTimeout(() => idle.abort(), idleTimeout);
  const stop = () => {
    clearTimeout(timer);
    idle.abort();
  };

  let response: Response;
  let size: number | undefined;
  try {
    // A server that compresses on the way would change the bytes that the hash is of.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (from > 0) headers.range = `bytes=${from}-`;
    response = await fetch(url, { headers, signal: both });
    size = sizeOf(response, from, total);
  } catch (cause) {
    const failure = failed(cause);
    stop();
    throw failure;
  }

  const offset = response.status === 206 ? from : 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const reader = response.body!.getReader();
    let received = offset;
    let [waited, came] = [0, 0];
    try {
      for (;;) {
        const asked = performance.now();
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        received += value.length;
        const most = size ?? maxBytes;
        if (received > most) throw new FetchFailure(`it has more than ${most} bytes`, 'restart');
        waited += performance.now() - asked;
        came += value.length;
        if (waited >= idleTimeout) {
          if (came < (slowestRate * waited) / 1000) {
            const seconds = (waited / 1000).toFixed(1);
            throw new FetchFailure(`only ${came} bytes came in ${seconds} s`, 'nothing');
          }
          [waited, came] = [0, 0];
        }
        yield value;
        timer = setTimeout(() => idle.abort(), idleTimeout);
      }
      if (size !== undefined && received < size) {
        throw new FetchFailure(`it broke off after ${received} of ${size} bytes`, 'resume');
      }
    } catch (cause) {
      throw failed(cause);
    } finally {
      stop();
    }
  }
  return { offset, chunks: chunks() };
}

/**
 * The bytes that an answer should have with those before it; `undefined` when it is unpacked on the
 * way, or nobody knows.
 *
 * @throws FetchFailure when it is not the answer that was asked for.
 */
function sizeOf(response: Response, from: number, total: number | undefined): number | undefined {
  const { status, statusText, headers } = response;
  if (status === 416) throw new FetchFailure('the server has no such range', 'restart');
  if (!response.ok || !response.body) {
    throw new FetchFailure(
      `HTTP ${status} ${statusText}`.trim(),
      status >= 500 || status === 429 ? 'resume' : 'restart',
    );
  }
  const isPart = status === 206;
  const range = headers.get('content-range');
  if (isPart && range !== null && !range.startsWith(`bytes ${from}-`)) {
    throw new FetchFailure(`it answered with the range ${range} instead of ${from} on`, 'restart');
  }
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    if (isPart) throw new FetchFailure(`it gave a part of ${encoding} data`, 'restart');
    return undefined;
  }
  const length = headers.get('content-length');
  const size = (isPart ? from : 0) + Number(length);
  if (length !== null && total !== undefined && size !== total) {
    throw new FetchFailure(`it has ${size} bytes instead of ${total}`, 'restart');
  }
  return total;
}

/** `fetch` hides why it failed in a cause. */
export function describeFailure(error: unknown): string {
  const { cause, message } = error as Error & { cause?: Error & { code?: string } };
  return cause ? (cause.code ?? cause.message) : message;
}
