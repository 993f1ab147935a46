import {
  type Check,
  checkOptions,
  type OptionChecks,
  required,
  someObject,
  wholeNumber,
} from '../checks/index.js';
import type { Random } from '../random/index.js';
import { Parts, Work, type WorkOptions, workChecks } from '../work.js';
import { checkFinite } from './checks.js';
import { quantileOfSorted } from './quantile.js';

/** The ends of an interval of confidence, low then high. */
export type Interval = readonly [low: number, high: number];

/** How {@link bootstrapInterval} resamples. */
export interface BootstrapOptions extends WorkOptions {
  /** Where the resamples come from: the same stream gives the same interval. */
  readonly random: Random;
  /** How many resamples are drawn. Default 1,000. */
  readonly resamples?: number;
  /** The share of resamples inside the interval, in (0, 1). Default 0.95. */
  readonly confidence?: number;
}

/** A share of all, that is neither nothing nor all of it. */
const properShare: Check<number> = {
  expected: 'a number between 0 and 1',
  accepts: (value): value is number => typeof value === 'number' && value > 0 && value < 1,
};

export const bootstrapChecks: OptionChecks<BootstrapOptions> = {
  ...workChecks,
  random: required(someObject),
  resamples: wholeNumber(1),
  confidence: properShare,
};

/**
 * How far a statistic of the values would move with other samples of the same kind: the percentile
 * bootstrap interval (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
 *
 * @param values - The measurements, at least one.
 * @param statistic - Takes a resample of as many values, in ascending order, to a number. The array
 * is used again: keep no reference to it.
 * @throws InvalidArgumentError for no values, one that is not finite, or an option that is unknown or
 * cannot be used.
 *
 * @example
 * ```ts
 * const mean = (sample: Float64Array) => sample.reduce((sum, x) => sum + x, 0) / sample.length;
 * await bootstrapInterval(errors, mean, { random: createRandom(42) });
 * ```
 */
export async function bootstrapInterval(
  values: ArrayLike<number>,
  statistic: (sample: Float64Array) => number,
  options: BootstrapOptions,
): Promise<Interval> {
  checkOptions(options, bootstrapChecks);
  checkFinite(values, 'values');
  const sorted = Float64Array.from(values).sort();
  const statistics = (sample: Float64Array) => [statistic(sample)];
  const [interval] = await bootstrapIntervals(sorted, statistics, options, new Work(options));
  return interval!;
}

/** The intervals of several statistics over the same resamples of values in ascending order. */
export async function bootstrapIntervals(
  sorted: Float64Array,
  statistics: (sample: Float64Array) => readonly number[],
  { random, resamples = 1000, confidence = 0.95 }: BootstrapOptions,
  work: Work,
): Promise<Interval[]> {
  const length = sorted.length;
  const times = new Uint32Array(length);
  const sample = new Float64Array(length);
  const outcomes: Float64Array[] = [];
  const parts = new Parts();
  work.begin('resampling', resamples);
  for (let resample = 0; resample < resamples; resample++) {
    // Counting how often each value is drawn gives the resample in order without sorting it.
    times.fill(0);
    const draw = (begin: number, end: number) => {
      for (let at = begin; at < end; at++) times[random.integer(0, length)]!++;
    };
    await work.inParts(length, draw, parts);
    for (let index = 0, next = 0; index < length; index++) {
      for (const end = next + times[index]!; next < end; next++) sample[next] = sorted[index]!;
    }
    for (const [index, value] of statistics(sample).entries()) {
      outcomes[index] ??= new Float64Array(resamples);
      outcomes[index][resample] = value;
    }
    if (work.isDue) await work.reach(resample);
  }
  await work.reach(resamples);
  const outside = (1 - confidence) / 2;
  return outcomes.map((outcome) => {
    outcome.sort();
    return [quantileOfSorted(outcome, outside), quantileOfSorted(outcome, 1 - outside)];
  });
}
