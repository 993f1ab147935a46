import { SimdBackendError } from '../errors.js';
import { type ControlWords, type ThreadData, threadMain } from './thread.js';

/** How a runtime starts threads. */
export interface ThreadHost {
  /** The processor cores that there are. */
  readonly cores: number;
  /** False where threads cannot share memory: in pages that are not cross-origin isolated. */
  readonly canShare: boolean;
  /**
   * Starts a thread. It must not keep the program alive once it is ready.
   *
   * @param main text of a function that the thread calls with `data` and with a function that tells
   *   that it is ready.
   */
  start(main: string, data: ThreadData, events: ThreadEvents): StartedThread;
}

/** What a host tells of a thread. */
export interface ThreadEvents {
  ready(): void;
  /** Called if the thread ends, or fails to start. */
  ended(reason: Error): void;
}

/** A thread of a host. */
export interface StartedThread {
  stop(): void;
}

/** The exported functions of a WebAssembly module: addresses and counts in. */
export type WasmFunctions = Readonly<Record<string, (...parameters: number[]) => number>>;

/** Arguments of one call of a function of a WebAssembly module. */
export type Call = readonly number[];

/** Scratch memory of each thread of a pool. */
export interface Scratch {
  /** Address of the scratch of the first thread; those of the others follow. */
  readonly address: number;
  /** Bytes of each. */
  readonly bytes: number;
}

/** Threads over one WebAssembly module and memory, this one among them. */
export interface ThreadPool {
  /** How many there are, this one included. */
  readonly threads: number;
  /** The exported functions of the module, for calls on this thread. */
  readonly functions: WasmFunctions;
  /**
   * Calls the exported function `name` once with each list of arguments, in any order and on any
   * thread, and returns when all have returned. The lists are equally long. With `scratch`, each
   * call gets the address of its thread's as a last argument.
   *
   * @throws SimdBackendError if a call throws, or a thread has ended or does not answer for a minute.
   */
  run(name: string, calls: readonly Call[], scratch?: Scratch): void;
  /** Ends the threads; what the pool has computed stays. */
  dispose(): void;
}

/** Options of {@link startThreads}. */
export interface StartThreadsOptions {
  /** How many, this one included. */
  readonly threads: number;
  /** How this runtime starts them; without one there is but this thread. */
  readonly host: ThreadHost | undefined;
  /** How long a call may take, in milliseconds, before its thread counts as lost. Default: 60,000. */
  readonly stallMilliseconds?: number;
}

/** Calls that a job may have; more are run as several jobs. */
const callsAtOnce = 256;
const parametersAtOnce = callsAtOnce * 40;
const jobCount = 2 ** 22;

const words: ControlWords = {
  // Those that other threads poll or count on, a cache line apart.
  ticket: 0,
  done: 16,
  sleepers: 32,
  calls: 48,
  function: 49,
  parameters: 50,
  scratch: 51,
  scratchBytes: 52,
  failed: 64,
  message: 65,
};
const controlWords = 320;

/** How long a thread looks for the next job before it sleeps: longer than kernels lie apart. */
const spinMilliseconds = 0.2;
/** How often this thread looks for the end of a job before it sleeps. */
const spinRounds = 5000;
const wakeMilliseconds = 1000;
/** Where this thread must not sleep (the main thread of a page), how often it looks between times. */
const roundsBetweenTimes = 10_000;

/**
 * Starts threads that call functions of a WebAssembly module over one shared memory. Where there can
 * be none (no host, memory that is not shared, a runtime or page that forbids it) the pool is this
 * thread alone. Idle threads sleep, and end with the program.
 *
 * @param module imports its memory as `env.memory`.
 * @param memory shared between all threads.
 */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  { threads, host, stallMilliseconds = 60_000 }: StartThreadsOptions,
): Promise<ThreadPool> {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = exports as unknown as WasmFunctions;
  const isShared = !(memory.buffer instanceof ArrayBuffer);
  if (threads <= 1 || !host?.canShare || !isShared) return new SinglePool(functions);
  return SharedPool.start(functions, { module, memory, threads, host, stallMilliseconds });
}

/** This thread alone. */
class SinglePool implements ThreadPool {
  readonly threads = 1;
  readonly functions: WasmFunctions;

  constructor(functions: WasmFunctions) {
    this.functions = functions;
  }

  run(name: string, calls: readonly Call[], scratch?: Scratch): void {
    for (const call of calls) runHere(this.functions[name]!, call, scratch);
  }

  dispose(): void {}
}

/** @throws SimdBackendError if the call throws. */
function runHere(
  run: (...parameters: number[]) => number,
  call: Call,
  scratch: Scratch | undefined,
): void {
  try {
    if (scratch) run(...call, scratch.address);
    else run(...call);
  } catch (cause) {
    throw new SimdBackendError(`A kernel failed: ${String(cause)}`, { cause });
  }
}

interface SharedPoolSettings {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly host: ThreadHost;
  readonly stallMilliseconds: number;
}

class SharedPool implements ThreadPool {
  readonly threads: number;
  readonly functions: WasmFunctions;
  readonly #indices: ReadonlyMap<string, number>;
  readonly #stallMilliseconds: number;
  readonly #control = new Int32Array(new SharedArrayBuffer(controlWords * 4));
  readonly #parameters = new Float64Array(new SharedArrayBuffer(parametersAtOnce * 8));
  #started: StartedThread[] = [];
  /** Why there are no threads any more. */
  #ended: Error | undefined;
  #job = 0;

  static async start(functions: WasmFunctions, settings: SharedPoolSettings): Promise<ThreadPool> {
    const pool = new SharedPool(functions, settings);
    try {
      await pool.#start(settings);
      return pool;
    } catch {
      pool.dispose();
      return new SinglePool(functions);
    }
  }

  private constructor(
    functions: WasmFunctions,
    { threads, stallMilliseconds }: SharedPoolSettings,
  ) {
    this.functions = functions;
    this.threads = threads;
    this.#stallMilliseconds = stallMilliseconds;
    const names = Object.keys(functions).sort();
    this.#indices = new Map(names.map((name, index) => [name, index]));
  }

  run(name: string, calls: readonly Call[], scratch?: Scratch): void {
    if (this.#ended) throw this.#ended;
    const parameters = calls[0]?.length ?? 0;
    const atOnce = Math.min(
      callsAtOnce - 1,
      Math.floor(parametersAtOnce / Math.max(1, parameters)),
    );
    for (let first = 0; first < calls.length; first += atOnce) {
      this.#runJob(name, calls.slice(first, first + atOnce), scratch);
    }
  }

  dispose(): void {
    this.#ended ??= new SimdBackendError('The threads have been disposed: start others.');
    for (const thread of this.#started) thread.stop();
    this.#started = [];
  }

  async #start({ module, memory, threads, host }: SharedPoolSettings): Promise<void> {
    const starts = [];
    for (let thread = 1; thread < threads; thread++) {
      const data: ThreadData = {
        ...{ module, memory, thread, words, callsAtOnce, spinMilliseconds },
        control: this.#control,
        parameters: this.#parameters,
      };
      const start = new Promise<void>((resolve, reject) => {
        const ended = (reason: Error) => {
          this.#end(reason);
          reject(reason);
        };
        this.#started.push(host.start(String(threadMain), data, { ready: resolve, ended }));
      });
      starts.push(start);
    }
    await Promise.all(starts);
  }

  #end(reason: Error): void {
    this.#ended ??= new SimdBackendError(
      `A thread of the pool has ended: ${reason.message}. Its work is lost: start anew, with fewer ` +
        'threads if memory is short.',
      { cause: reason },
    );
  }

  #runJob(name: string, calls: readonly Call[], scratch: Scratch | undefined): void {
    const run = this.functions[name]!;
    if (calls.length === 1) {
      runHere(run, calls[0]!, scratch);
      return;
    }
    const first = this.#announce(name, calls, scratch);
    const control = this.#control;
    try {
      for (let call = 0; call < calls.length; ) {
        const ticket = first + call;
        const found = Atomics.compareExchange(control, words.ticket, ticket, ticket + 1);
        if (found === ticket) {
          try {
            runHere(run, calls[call]!, scratch);
          } finally {
            Atomics.add(control, words.done, 1);
          }
          call++;
        } else call = found - first;
      }
    } finally {
      this.#awaitOthers(calls.length);
    }
    if (Atomics.load(control, words.failed)) throw this.#failure();
  }

  /** Puts the job where the others see it, and returns its first ticket. */
  #announce(name: string, calls: readonly Call[], scratch: Scratch | undefined): number {
    const control = this.#control;
    const count = calls[0]!.length;
    let at = 0;
    for (const call of calls) for (const value of call) this.#parameters[at++] = value;
    control[words.parameters] = count;
    control[words.function] = this.#indices.get(name)!;
    control[words.scratch] = scratch?.address ?? 0;
    control[words.scratchBytes] = scratch?.bytes ?? 0;
    Atomics.store(control, words.failed, 0);
    Atomics.store(control, words.done, 0);
    this.#job = (this.#job + 1) % jobCount;
    const ticket = this.#job * callsAtOnce;
    // First a ticket that nobody takes: one of the last job would count as open once there are more calls.
    Atomics.store(control, words.ticket, ticket + callsAtOnce - 1);
    Atomics.store(control, words.calls, calls.length);
    Atomics.store(control, words.ticket, ticket);
    if (Atomics.load(control, words.sleepers) > 0) Atomics.notify(control, words.ticket);
    return ticket;
  }

  #awaitOthers(calls: number): void {
    const control = this.#control;
    for (let round = 0; round < spinRounds; round++) {
      if (Atomics.load(control, words.done) === calls) return;
    }
    const limit = this.#stallMilliseconds;
    let done = Atomics.load(control, words.done);
    for (let waited = 0; done !== calls; ) {
      const start = performance.now();
      sleepUnless(control, words.done, done, Math.min(wakeMilliseconds, limit));
      // A program or machine that was stopped for an hour has waited no longer than it meant to.
      waited += Math.min(performance.now() - start, 2 * wakeMilliseconds);
      const now = Atomics.load(control, words.done);
      if (now !== done) waited = 0;
      else if (waited > limit) {
        this.#end(new Error(`it has not answered for ${limit / 1000} seconds`));
        throw this.#ended;
      }
      done = now;
    }
  }

  #failure(): Error {
    const control = this.#control;
    const length = control[words.message]!;
    const units = control.subarray(words.message + 1, words.message + 1 + length);
    return new SimdBackendError(`A thread of the pool failed: ${String.fromCharCode(...units)}`);
  }
}

let maySleep = true;

/** Sleeps a while, unless the word has another value than `value` already. */
function sleepUnless(control: Int32Array, word: number, value: number, milliseconds: number): void {
  if (maySleep) {
    try {
      Atomics.wait(control, word, value, milliseconds);
      return;
    } catch {
      maySleep = false; // the main thread of a page
    }
  }
  for (let round = 0; round < roundsBetweenTimes; round++) {
    if (Atomics.load(control, word) !== value) return;
  }
}
