import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { InvalidArgumentError } from '../errors.js';
import { hashLabel, type StreamKey } from './label-hash.js';
import { naturalLog } from './logarithm.js';

/** An array or typed array whose elements can be exchanged in place. */
export interface Shufflable {
  readonly length: number;
  [index: number]: unknown;
}

/**
 * A seeded stream of random numbers. Make one with {@link createRandom}, pass it to whatever needs
 * chance, and give every independent use its own {@link Random.fork | fork}.
 */
export interface Random {
  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number;

  /**
   * A number in [low, high), by default [0, 1), with 53 random bits.
   *
   * @throws InvalidArgumentError when `low` exceeds `high` or either is not finite.
   */
  uniform(low?: number, high?: number): number;

  /**
   * A whole number from `low` (included) to `high` (excluded), every one equally likely.
   *
   * @throws InvalidArgumentError unless both are safe integers with `low < high`, at most 2^53 - 1 apart.
   */
  integer(low: number, high: number): number;

  /**
   * A normally distributed number, by default with mean 0 and standard deviation 1 (Marsaglia's
   * polar method; its logarithm is made from + - * / so that no engine's `Math.log` shows).
   *
   * @throws InvalidArgumentError when `std` is negative or either is not finite.
   */
  normal(mean?: number, std?: number): number;

  /**
   * True with the given probability.
   *
   * @throws InvalidArgumentError when the probability is not in [0, 1].
   */
  bernoulli(probability: number): boolean;

  /** Puts the elements in random order, in place (Fisher-Yates), and returns the same array. */
  shuffle<T extends Shufflable>(array: T): T;

  /**
   * The numbers 0 to n - 1 in random order.
   *
   * @throws InvalidArgumentError unless n is a whole number from 0 to 2^32 - 1.
   */
  permutation(n: number): Uint32Array;

  /**
   * An independent stream that depends only on the seed and on the path of labels from it, never on
   * how much was drawn before or elsewhere. A number and its decimal text are the same label.
   *
   * @throws InvalidArgumentError when a number label is not a safe integer.
   */
  fork(label: string | number): Random;
}

/**
 * Starts a stream of random numbers: equal seeds give equal streams in every JavaScript engine.
 *
 * The generator is xoroshiro128+ (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2018) from pure-rand. It is made for simulation, not for secrets.
 *
 * @example
 * ```ts
 * const random = createRandom(42);
 * const weights = random.fork('weights');
 * const order = random.fork('order').fork(3).permutation(1000); // the order of epoch 3
 * ```
 *
 * @param seed - A whole number from 0 to 2^53 - 1.
 * @throws InvalidArgumentError for any other seed.
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InvalidArgumentError(
      `Expected a seed that is a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got ${describe(seed)}.`,
    );
  }
  return new SeededRandom(hashLabel([0, 0, 0, 0], String(seed)));
}

class SeededRandom implements Random {
  readonly #key: StreamKey;
  readonly #generator: { next(): number };
  #spareNormal: number | undefined;

  constructor(key: StreamKey) {
    this.#key = key;
    this.#generator = xoroshiro128plusFromState(key);
  }

  uint32(): number {
    return this.#generator.next() >>> 0;
  }

  uniform(low = 0, high = 1): number {
    const width = high - low;
    if (!(width >= 0 && width < Infinity)) {
      throw new InvalidArgumentError(
        `Expected finite bounds low <= high, got low ${describe(low)} and high ${describe(high)}.`,
      );
    }
    const value = low + width * this.#unit();
    return value < high ? value : low; // low + width u can round up to high
  }

  integer(low: number, high: number): number {
    const count = high - low;
    if (
      !Number.isSafeInteger(low) ||
      !Number.isSafeInteger(high) ||
      !(count > 0 && count <= Number.MAX_SAFE_INTEGER)
    ) {
      throw new InvalidArgumentError(
        `Expected whole numbers low < high at most 2^53 - 1 apart, got low ${describe(low)} and high ${describe(high)}.`,
      );
    }
    return low + this.#below(count);
  }

  normal(mean = 0, std = 1): number {
    if (!(std >= 0 && std < Infinity && Number.isFinite(mean))) {
      throw new InvalidArgumentError(
        `Expected a finite mean and a standard deviation of 0 or more, got mean ${describe(mean)} and std ${describe(std)}.`,
      );
    }
    return mean + std * this.#standardNormal();
  }

  bernoulli(probability: number): boolean {
    if (!(probability >= 0 && probability <= 1)) {
      throw new InvalidArgumentError(
        `Expected a probability from 0 to 1, got ${describe(probability)}.`,
      );
    }
    return this.#unit() < probability;
  }

  shuffle<T extends Shufflable>(array: T): T {
    const elements: Shufflable = array;
    for (let last = elements.length - 1; last > 0; last--) {
      const chosen = this.#below(last + 1);
      const held = elements[last];
      elements[last] = elements[chosen];
      elements[chosen] = held;
    }
    return array;
  }

  permutation(n: number): Uint32Array {
    if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) {
      throw new InvalidArgumentError(
        `Expected a length that is a whole number from 0 to 2^32 - 1, got ${describe(n)}.`,
      );
    }
    const order = new Uint32Array(n);
    for (let index = 0; index < n; index++) order[index] = index;
    return this.shuffle(order);
  }

  fork(label: string | number): Random {
    if (typeof label !== 'string' && !Number.isSafeInteger(label)) {
      throw new InvalidArgumentError(
        `Expected a label that is a string or a safe integer, got ${describe(label)}.`,
      );
    }
    return new SeededRandom(hashLabel(this.#key, String(label)));
  }

  /** In [0, 1), 53 bits: the low, weakest bits of both draws are left out. */
  #unit(): number {
    const generator = this.#generator;
    const high = generator.next() >>> 5;
    return (high * 0x4000000 + (generator.next() >>> 6)) / 0x20000000000000;
  }

  /** In [0, count), by drawing just enough bits until they fall inside: no value is favoured. */
  #below(count: number): number {
    const last = count - 1;
    const generator = this.#generator;
    if (last <= 0xffffffff) {
      if (last === 0) return 0;
      const shift = Math.clz32(last);
      for (;;) {
        const value = generator.next() >>> shift;
        if (value <= last) return value;
      }
    }
    const shift = Math.clz32(Math.floor(last / 0x100000000));
    for (;;) {
      const high = generator.next() >>> shift;
      const value = high * 0x100000000 + (generator.next() >>> 0);
      if (value <= last) return value;
    }
  }

  #standardNormal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.#unit() - 1;
      const y = 2 * this.#unit() - 1;
      const square = x * x + y * y;
      if (square < 1 && square > 0) {
        const factor = Math.sqrt((-2 * naturalLog(square)) / square);
        this.#spareNormal = factor * y;
        return factor * x;
      }
    }
  }
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : `${value}`;
}
