import {
  type Call,
  compileWasm,
  startThreads,
  type ThreadHost,
  type ThreadPool,
  type WasmFunctions,
} from '@nn-lab/backend-simd';
import { type OptionChecks, someObject, wholeNumber } from '@nn-lab/core/checks';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { Parts } from '@nn-lab/core/work';
import * as builds from './generated/kernels.js';

/** Options of everything that can run on several threads. */
export interface ThreadOptions {
  /** Threads to run on, from 1. Default: one a core. The result does not depend on it. */
  readonly threads?: number | undefined;
  /**
   * How this runtime starts threads: the `threadHost` of the entries `@nn-lab/classifier/node` and
   * `/browser`. Without it there is one thread.
   */
  readonly threadHost?: ThreadHost | undefined;
}

export const threadChecks: OptionChecks<ThreadOptions> = {
  threads: wholeNumber(1, 256),
  threadHost: someObject,
};

/** Memory of so many bytes for every thread, one after another. */
interface Scratch {
  readonly address: number;
  readonly bytes: number;
}

/** Bytes that belong to the constants of the module. */
const reserved = 65536;
const pageBytes = 65536;
const mostPages = 65536;

/**
 * Compiled kernels over a memory of their own, and the threads that run them. The kernels use plain
 * operations only, so that a seed gives the same map on every machine.
 */
export class Workspace {
  readonly functions: WasmFunctions;
  readonly #memory: WebAssembly.Memory;
  readonly #pool: ThreadPool;
  #end = reserved;

  /**
   * @param bytes - How much will be allocated.
   * @throws InvalidArgumentError when that is more than a WebAssembly memory can hold.
   */
  static async create(bytes: number, options: ThreadOptions): Promise<Workspace> {
    const { threadHost: host, threads = host?.cores ?? 1 } = options;
    const pages = Math.ceil((reserved + bytes) / pageBytes) + 1;
    if (pages > mostPages) {
      throw new InvalidArgumentError(
        `Expected data that need at most 4 GiB of working memory, got ${Math.ceil(bytes / 2 ** 20)} MiB: take fewer rows, or a lower perplexity.`,
      );
    }
    const shared = threads > 1 && host?.canShare === true;
    const { module } = await compileWasm(builds, { relaxed: false, shared });
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    return new Workspace(memory, await startThreads(module, memory, { threads, host }));
  }

  private constructor(memory: WebAssembly.Memory, pool: ThreadPool) {
    this.#memory = memory;
    this.#pool = pool;
    this.functions = pool.functions;
  }

  /** The address of so many bytes, all zero, on a cache line of their own. */
  allocate(bytes: number): number {
    const address = this.#end;
    this.#end = roundUp(address + bytes);
    if (this.#end > this.#memory.buffer.byteLength) {
      throw new Error(`The workspace has no ${bytes} bytes left.`); // a wrong sum in this package
    }
    return address;
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length);
  }

  /** Scratch of so many bytes for every thread. */
  allocateScratch(bytes: number): Scratch {
    const each = roundUp(bytes);
    return { address: this.allocate(each * this.#pool.threads), bytes: each };
  }

  /** Bytes of {@link allocateScratch} with these options. */
  static scratchBytes(bytes: number, { threadHost, threads }: ThreadOptions): number {
    return roundUp(bytes) * (threads ?? threadHost?.cores ?? 1);
  }

  /**
   * Runs a kernel over items 0 to `count`, divided among the threads. Its first two parameters are
   * the begin and end of a part; no result may depend on how the items are divided.
   *
   * @param multiple - Parts begin at multiples of this.
   */
  forEach(
    name: string,
    count: number,
    multiple: number,
    parameters: readonly number[],
    scratch?: Scratch,
  ): void {
    this.forRange(name, 0, count, multiple, parameters, scratch);
  }

  /** The same in parts of some milliseconds; wherever it yields, others may have a turn. */
  *forEachInParts(
    name: string,
    count: number,
    multiple: number,
    parameters: readonly number[],
    parts: Parts,
  ): Generator<void> {
    for (let begin = 0; begin < count; ) {
      const end = Math.min(count, begin + parts.size);
      const started = performance.now();
      this.forRange(name, begin, end, multiple, parameters);
      parts.learn(performance.now() - started);
      begin = end;
      yield;
    }
  }

  /** For {@link forEachInParts}: parts that keep all threads busy. */
  partsOf(multiple: number): Parts {
    return new Parts(multiple * this.#pool.threads * partsAThread);
  }

  /**
   * The same over items `from` to `to`.
   *
   * @param most - Items of a part. A kernel that runs for seconds has to return now and then: engines
   *   replace their quick first translation of it by the fast one only when it is called again.
   */
  forRange(
    name: string,
    from: number,
    to: number,
    multiple: number,
    parameters: readonly number[],
    scratch?: Scratch,
    most = to - from,
  ): void {
    const count = to - from;
    const parts = this.#pool.threads === 1 ? 1 : this.#pool.threads * partsAThread;
    const share = Math.min(most, count / parts);
    const size = Math.max(1, Math.ceil(share / multiple)) * multiple;
    const calls: Call[] = [];
    for (let begin = from; begin < to; begin += size) {
      calls.push([begin, Math.min(to, begin + size), ...parameters]);
    }
    this.#pool.run(name, calls, scratch);
  }

  /** Ends the threads. The memory goes with the last view of it. */
  dispose(): void {
    this.#pool.dispose();
  }
}

/** More than one, so that a thread that is held up holds up the others less. */
const partsAThread = 4;

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
