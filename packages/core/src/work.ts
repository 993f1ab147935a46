import { abortSignal, callback, type OptionChecks } from './checks/index.js';

/** How far a piece of work is. */
export interface Progress {
  /** What is being done, in a word or two. */
  readonly stage: string;
  /** Of the stage, in its own units: rows, epochs, bytes. From 0 to `total`. */
  readonly done: number;
  readonly total: number;
}

/** Options of everything that can take longer than a moment. */
export interface WorkOptions {
  /**
   * Stops the work: the promise rejects with the signal's reason, and everything is as if the work
   * had not begun.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Told how far the work is, some sixty times a second at most, and at the end of each stage. What
   * it throws stops the work and is the error.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const workChecks: OptionChecks<WorkOptions> = {
  signal: abortSignal,
  onProgress: callback,
};

/** Longest that work goes on without a turn for others, in milliseconds: one frame of a screen. */
const turnInterval = 16;

/**
 * A long computation's side of {@link WorkOptions}: lets the event loop turn now and then, looks at
 * the signal, and tells of the progress.
 *
 * @example
 * ```ts
 * async function sumOf(values: Float64Array, options: WorkOptions = {}): Promise<number> {
 *   const work = new Work(options);
 *   work.begin('summing', values.length);
 *   let sum = 0;
 *   for (let done = 0; done < values.length; done++) {
 *     sum += values[done]!;
 *     if (work.isDue) await work.reach(done);
 *   }
 *   await work.reach(values.length);
 *   return sum;
 * }
 * ```
 */
export class Work {
  readonly signal: AbortSignal | undefined;
  readonly #onProgress: WorkOptions['onProgress'];
  #stage = '';
  #total = 0;
  #lastTurn = performance.now();

  /** @throws the signal's reason when it is aborted already. */
  constructor({ signal, onProgress }: WorkOptions = {}) {
    signal?.throwIfAborted();
    this.signal = signal;
    this.#onProgress = onProgress;
  }

  /** Begins a stage of so many units. */
  begin(stage: string, total: number): void {
    this.#stage = stage;
    this.#total = total;
  }

  /** Whether it is time for a turn. Costs a look at the clock. */
  get isDue(): boolean {
    return performance.now() - this.#lastTurn >= turnInterval;
  }

  /**
   * Says that so many units of the stage are done; gives the event loop a turn if one is due.
   *
   * @throws the signal's reason when it is aborted, and what `onProgress` throws.
   */
  async reach(done: number): Promise<void> {
    const isDue = this.isDue;
    if (isDue) await this.turn();
    if (isDue || done >= this.#total) {
      this.#onProgress?.({ stage: this.#stage, done, total: this.#total });
    }
    this.signal?.throwIfAborted();
  }

  /**
   * Runs a loop over `count` items in parts, with turns between them. What is computed must not
   * depend on how the items are divided.
   *
   * @throws the signal's reason when it is aborted, and what `run` throws.
   */
  inParts(count: number, run: RunPart, parts = new Parts()): Promise<void> {
    return this.#loop(count, run, parts, () => (this.isDue ? this.turn() : undefined));
  }

  /** The same as a stage of its own, whose progress is told. */
  stage(name: string, count: number, run: RunPart, parts = new Parts()): Promise<void> {
    this.begin(name, count);
    return this.#loop(count, run, parts, (done) => this.reach(done));
  }

  async #loop(
    count: number,
    run: RunPart,
    parts: Parts,
    rest: (done: number) => Promise<void> | undefined,
  ): Promise<void> {
    for (let begin = 0; begin < count; ) {
      const end = Math.min(count, begin + parts.size);
      const started = performance.now();
      await run(begin, end);
      parts.learn(performance.now() - started);
      begin = end;
      await rest(end);
    }
  }

  /** Gives a turn, due or not. @throws the signal's reason when it is aborted. */
  async turn(): Promise<void> {
    await eventLoopTurn();
    this.#lastTurn = performance.now();
    this.signal?.throwIfAborted();
  }
}

/** Does the items of a loop from `begin` to the one before `end`. */
export type RunPart = (begin: number, end: number) => void | Promise<void>;

/** How many items of a loop make a part of some milliseconds, learned from the parts before. */
export class Parts {
  #size: number;
  readonly #multiple: number;
  readonly #most: number;

  /**
   * @param multiple - All parts but the last are multiples of this; the first is as large.
   * @param most - Largest size, a multiple too.
   */
  constructor(multiple = 1, most = Number.MAX_SAFE_INTEGER) {
    this.#size = multiple;
    this.#multiple = multiple;
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes in how many milliseconds a part took. */
  learn(milliseconds: number): void {
    if (milliseconds < 4) this.#size = Math.min(this.#most, 2 * this.#size);
    else if (milliseconds > 10) {
      const half = Math.floor(this.#size / this.#multiple / 2) * this.#multiple;
      this.#size = Math.max(this.#multiple, half);
    }
  }
}

/**
 * One turn of the host's event loop: timers, input, signals and drawing get theirs.
 *
 * Timers would cost a browser four milliseconds each, and stop in a hidden tab; a message to oneself
 * costs some microseconds. Node hands out such messages without looking at its timers and signals,
 * but has `setImmediate` for the purpose, as Bun and Deno have.
 */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
