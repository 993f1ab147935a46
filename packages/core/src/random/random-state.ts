import { mersenne, mersenneFromState } from 'pure-rand/generator/mersenne';
import { InvalidArgumentError } from '../errors.js';
import { naturalLog } from './logarithm.js';
import type { Shufflable } from './random.js';

/** A number of values, or a shape whose product is that number. Results are flat, row by row. */
export type Size = number | readonly number[];

/**
 * NumPy's legacy `numpy.random.RandomState`: the same MT19937 stream and the same way from its bits
 * to numbers, so that an experiment written with NumPy can be repeated number by number.
 *
 * Whole numbers, permutations and uniform numbers agree with NumPy exactly. So do normal numbers,
 * but for a last bit now and then: NumPy takes its logarithm from the C library, and glibc's differs
 * from the correctly rounded one used here at about one argument in 1,300.
 *
 * A result of several values is one flat typed array: `normal(0, 5, [257, 10])` is NumPy's
 * `normal(0, 5, (257, 10)).ravel()`.
 *
 * For anything that need not repeat NumPy, {@link createRandom} is the better choice.
 *
 * @example
 * ```ts
 * const R = new RandomState(42);
 * R.normal(0, 1, 9); // Float64Array [0.4967141530112327, -0.13826430117118466, ...]
 * ```
 */
export class RandomState {
  readonly #generator: { next(): number };
  #spareNormal: number | undefined;

  /**
   * @param seed - A whole number from 0 to 2^32 - 1, or a non-empty list of them.
   * @throws InvalidArgumentError for any other seed.
   */
  constructor(seed: number | readonly number[]) {
    const words = typeof seed === 'number' ? [seed] : seed;
    if (
      !Array.isArray(words) ||
      words.length === 0 ||
      !words.every((word) => Number.isInteger(word) && word >= 0 && word <= 0xffffffff)
    ) {
      throw new InvalidArgumentError(
        `Expected a seed from 0 to 2^32 - 1 or a non-empty list of such seeds, got ${Array.isArray(seed) ? `[${seed}]` : seed}.`,
      );
    }
    this.#generator = typeof seed === 'number' ? mersenne(seed) : generatorFromList(words);
  }

  /**
   * Normally distributed numbers (the polar method, whose second number waits for the next call).
   *
   * @throws InvalidArgumentError when `scale` is negative or NaN.
   */
  normal(loc?: number, scale?: number): number;
  normal(loc: number, scale: number, size: Size): Float64Array;
  normal(loc = 0, scale = 1, size?: Size): number | Float64Array {
    if (!(scale >= 0)) {
      throw new InvalidArgumentError(`Expected a scale of 0 or more, got ${scale}.`);
    }
    if (size === undefined) return loc + scale * this.#gauss();
    return Float64Array.from({ length: countOf(size) }, () => loc + scale * this.#gauss());
  }

  /**
   * Uniform numbers in [low, high).
   *
   * @throws InvalidArgumentError when `high - low` is not finite.
   */
  uniform(low?: number, high?: number): number;
  uniform(low: number, high: number, size: Size): Float64Array;
  uniform(low = 0, high = 1, size?: Size): number | Float64Array {
    const range = high - low;
    if (!Number.isFinite(range)) {
      throw new InvalidArgumentError(`Expected finite bounds, got low ${low} and high ${high}.`);
    }
    if (size === undefined) return low + range * this.#double();
    return Float64Array.from({ length: countOf(size) }, () => low + range * this.#double());
  }

  /** Uniform numbers in [0, 1), NumPy's `random_sample`. */
  randomSample(): number;
  randomSample(size: Size): Float64Array;
  randomSample(size?: Size): number | Float64Array {
    return size === undefined ? this.#double() : this.uniform(0, 1, size);
  }

  /** Uniform numbers in [0, 1) for the given dimensions; one number when there are none. */
  rand(): number;
  rand(...shape: [number, ...number[]]): Float64Array;
  rand(...shape: number[]): number | Float64Array {
    return shape.length === 0 ? this.#double() : this.uniform(0, 1, shape);
  }

  /** Standard normal numbers for the given dimensions; one number when there are none. */
  randn(): number;
  randn(...shape: [number, ...number[]]): Float64Array;
  randn(...shape: number[]): number | Float64Array {
    return shape.length === 0 ? this.#gauss() : this.normal(0, 1, shape);
  }

  /**
   * Whole numbers from `low` to `high - 1`, or from 0 to `low - 1` when `high` is left out (masked
   * rejection, with NumPy's default 64-bit `int`).
   *
   * @throws InvalidArgumentError when the range is empty or its bounds are not safe integers, and,
   * with a size, when it does not fit an Int32Array.
   */
  randint(low: number, high?: number): number;
  randint(low: number, high: number | undefined, size: Size): Int32Array;
  randint(low: number, high?: number, size?: Size): number | Int32Array {
    const [first, end] = high === undefined ? [0, low] : [low, high];
    const last = end - 1 - first;
    if (
      !Number.isSafeInteger(first) ||
      !Number.isSafeInteger(end) ||
      !(last >= 0) ||
      last >= 2 ** 53
    ) {
      throw new InvalidArgumentError(
        `Expected whole numbers low < high at most 2^53 apart, got low ${first} and high ${end}.`,
      );
    }
    if (size === undefined) return first + this.#upTo(last);
    if (first < -(2 ** 31) || end > 2 ** 31) {
      throw new InvalidArgumentError(
        `Expected low and high within the 32-bit whole numbers when a size is given, got low ${first} and high ${end}.`,
      );
    }
    return Int32Array.from({ length: countOf(size) }, () => first + this.#upTo(last));
  }

  /** Puts the elements of a one-dimensional array in random order, in place, and returns it. */
  shuffle<T extends Shufflable>(array: T): T {
    const elements: Shufflable = array;
    for (let last = elements.length - 1; last > 0; last--) {
      const chosen = this.#upTo(last);
      const held = elements[last];
      elements[last] = elements[chosen];
      elements[chosen] = held;
    }
    return array;
  }

  /**
   * The numbers 0 to n - 1 in random order, or a shuffled copy of a one-dimensional array.
   *
   * @throws InvalidArgumentError when n is not a whole number from 0 to 2^31 - 1.
   */
  permutation(n: number): Int32Array;
  permutation<T extends Shufflable & { slice(): T }>(array: T): T;
  permutation<T extends Shufflable & { slice(): T }>(subject: number | T): Int32Array | T {
    if (typeof subject !== 'number') return this.shuffle(subject.slice());
    if (!Number.isInteger(subject) || subject < 0 || subject >= 2 ** 31) {
      throw new InvalidArgumentError(
        `Expected a length that is a whole number from 0 to 2^31 - 1, got ${subject}.`,
      );
    }
    return this.shuffle(Int32Array.from({ length: subject }, (_, index) => index));
  }

  #double(): number {
    const high = this.#generator.next() >>> 5;
    return (high * 0x4000000 + (this.#generator.next() >>> 6)) / 0x20000000000000;
  }

  #gauss(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.#double() - 1;
      const y = 2 * this.#double() - 1;
      const square = x * x + y * y;
      if (square < 1 && square !== 0) {
        const factor = Math.sqrt((-2 * naturalLog(square)) / square);
        this.#spareNormal = factor * x;
        return factor * y; // NumPy gives out the second number first
      }
    }
  }

  /** In [0, last]: bits under the smallest covering mask, drawn until they fall inside. */
  #upTo(last: number): number {
    if (last === 0) return 0;
    if (last <= 0xffffffff) {
      const mask = 0xffffffff >>> Math.clz32(last);
      for (;;) {
        const value = (this.#generator.next() & mask) >>> 0;
        if (value <= last) return value;
      }
    }
    const mask = 0xffffffff >>> Math.clz32(Math.floor(last / 2 ** 32));
    for (;;) {
      const high = (this.#generator.next() & mask) >>> 0;
      const value = high * 2 ** 32 + (this.#generator.next() >>> 0);
      if (value <= last) return value;
    }
  }
}

const stateLength = 624;

/** MT19937's `init_by_array` (Matsumoto and Nishimura, 2002). */
function generatorFromList(seeds: readonly number[]): { next(): number } {
  const state = new Int32Array(stateLength);
  state[0] = 19650218;
  for (let index = 1; index < stateLength; index++) {
    state[index] = Math.imul(1812433253, mixed(state[index - 1]!)) + index;
  }

  let index = 1;
  const advance = () => {
    index++;
    if (index === stateLength) {
      state[0] = state[stateLength - 1]!;
      index = 1;
    }
  };
  for (let step = 0, word = 0; step < Math.max(stateLength, seeds.length); step++) {
    state[index] =
      (state[index]! ^ Math.imul(mixed(state[index - 1]!), 1664525)) + (seeds[word]! | 0) + word;
    word = (word + 1) % seeds.length;
    advance();
  }
  for (let step = 0; step < stateLength - 1; step++) {
    state[index] = (state[index]! ^ Math.imul(mixed(state[index - 1]!), 1566083941)) - index;
    advance();
  }
  state[0] = -0x80000000;

  // pure-rand holds the state one round ahead: drawing that round and dropping it gets there.
  const generator = mersenneFromState([0, ...state]);
  for (let draw = 0; draw < stateLength; draw++) generator.next();
  return generator;
}

function mixed(word: number): number {
  return word ^ (word >>> 30);
}

function countOf(size: Size): number {
  const shape = typeof size === 'number' ? [size] : size;
  const count = shape.reduce((product, length) => product * length, 1);
  if (!shape.every((length) => Number.isInteger(length) && length >= 0) || count >= 2 ** 32) {
    throw new InvalidArgumentError(
      `Expected a size of whole numbers of 0 or more, got ${typeof size === 'number' ? size : `[${size}]`}.`,
    );
  }
  return count;
}
