import {
  callback,
  checkOptions,
  checkValue,
  type OptionChecks,
  wholeNumber,
} from '@nn-lab/core/checks';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';

/** Options of {@link searchLazily}. */
export interface LazySearchOptions extends WorkOptions {
  /** Give up after so many draws. Default 10,000,000. */
  readonly maxDraws?: number;
}

const lazySearchChecks: OptionChecks<LazySearchOptions> = {
  ...workChecks,
  maxDraws: wholeNumber(1),
};

/** Draws between two looks at the clock: less than a millisecond. */
const drawsPerLook = 1000;

/**
 * The "lazy" way to a network: draw nine weights, keep them if they solve XOR, else draw again.
 *
 * @param draw - Gives the next number of a stream; nine make a network, in the order of `xorNet`.
 * @returns how many networks were drawn, the one that solves XOR included, and its weights.
 * @throws InvalidArgumentError when none of `maxDraws` solves it, or that is not a whole number from 1.
 *
 * @example
 * ```ts
 * const R = new RandomState(42);
 * const { draws } = await searchLazily(() => R.normal());
 * ```
 */
export async function searchLazily(
  draw: () => number,
  options: LazySearchOptions = {},
): Promise<{ readonly draws: number; readonly weights: Float64Array }> {
  checkValue<unknown>('draw', draw, callback);
  checkOptions(options, lazySearchChecks);
  const work = new Work(options);
  const { maxDraws = 10_000_000 } = options;
  work.begin('searching', maxDraws);
  const weights = new Float64Array(9);
  for (let draws = 1; draws <= maxDraws; draws++) {
    for (let index = 0; index < 9; index++) weights[index] = draw();
    if (solvesXor(weights)) return { draws, weights };
    if (draws % drawsPerLook === 0 && work.isDue) await work.reach(draws);
  }
  throw new InvalidArgumentError(
    `None of ${maxDraws} networks drawn solves XOR. Allow more with maxDraws, or draw from a wider distribution.`,
  );
}

/** Case by case, so that most networks cost one answer. */
function solvesXor(w: Float64Array): boolean {
  const w0 = w[0]!;
  const w1 = w[1]!;
  const w2 = w[2]!;
  const w3 = w[3]!;
  const w4 = w[4]!;
  const w5 = w[5]!;
  const w6 = w[6]!;
  const w7 = w[7]!;
  const w8 = w[8]!;
  return (
    isBelowHalf(w6, w7, w8, w0, w3) &&
    !isBelowHalf(w6, w7, w8, w0 + w2, w3 + w5) &&
    !isBelowHalf(w6, w7, w8, w0 + w1, w3 + w4) &&
    isBelowHalf(w6, w7, w8, w0 + w1 + w2, w3 + w4 + w5)
  );
}

/** Whether the output is below 0.5, from the sums that enter the hidden units. */
function isBelowHalf(bias: number, w1: number, w2: number, sum1: number, sum2: number): boolean {
  const h1 = 1 / (1 + Math.exp(-sum1));
  const h2 = 1 / (1 + Math.exp(-sum2));
  return 1 / (1 + Math.exp(-(bias + w1 * h1 + w2 * h2))) < 0.5;
}
