import {
  arrayOf,
  checkOptions,
  numberFrom,
  type OptionChecks,
  someObject,
} from '../checks/index.js';
import type { Random } from '../random/index.js';
import { Work, type WorkOptions } from '../work.js';
import { bootstrapChecks, bootstrapIntervals, type Interval } from './bootstrap.js';
import { checkFinite } from './checks.js';
import { quantileOfSorted } from './quantile.js';

/** Options of {@link summarizeErrors}. */
export interface SummarizeErrorsOptions extends WorkOptions {
  /** Report the share of errors of at most this size, for each. Default none. */
  readonly thresholds?: readonly number[];
  /** Which quantiles to report, in [0, 1]. Default 0.05, 0.25, 0.75 and 0.95. */
  readonly quantiles?: readonly number[];
  /** When given, intervals of confidence are found by bootstrap with this stream. */
  readonly random?: Random;
  /** How many bootstrap resamples are drawn. Default 1,000. */
  readonly resamples?: number;
  /** The confidence of the intervals, in (0, 1). Default 0.95. */
  readonly confidence?: number;
}

const summarizeErrorsChecks: OptionChecks<SummarizeErrorsOptions> = {
  ...bootstrapChecks,
  random: someObject,
  thresholds: arrayOf(numberFrom(0, Number.POSITIVE_INFINITY)),
  quantiles: arrayOf(numberFrom(0, 1)),
};

/** What {@link summarizeErrors} finds; plain data, ready for JSON. */
export interface ErrorSummary {
  /** How many errors there are. */
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  /** Standard deviation of the errors themselves (divided by count, as NumPy's default). */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly quantiles: readonly { readonly probability: number; readonly value: number }[];
  /** For each threshold, the share of errors whose absolute value is at most that. */
  readonly within: readonly {
    readonly threshold: number;
    readonly share: number;
    readonly interval?: Interval;
  }[];
  /** Bootstrap intervals of the mean and the median, where a random stream was given. */
  readonly intervals?: {
    readonly confidence: number;
    readonly mean: Interval;
    readonly median: Interval;
  };
}

/**
 * Sums up a set of errors: centre, spread, quantiles (linear between neighbours, as NumPy's
 * default), the share within thresholds, and how sure one can be of them.
 *
 * @example
 * ```ts
 * const errors = timeErrorMinutes(predicted, actual);
 * await summarizeErrors(errors, { thresholds: [1, 3, 5], random: createRandom(42) });
 * ```
 *
 * @param errors - Any finite numbers, at least one.
 * @throws InvalidArgumentError for no errors, one that is not finite, or an option that is unknown or
 * cannot be used.
 */
export async function summarizeErrors(
  errors: ArrayLike<number>,
  options: SummarizeErrorsOptions = {},
): Promise<ErrorSummary> {
  checkOptions(options, summarizeErrorsChecks);
  const {
    thresholds = [],
    quantiles = [0.05, 0.25, 0.75, 0.95],
    random,
    resamples = 1000,
    confidence = 0.95,
  } = options;
  checkFinite(errors, 'errors');
  const work = new Work(options);

  const sorted = Float64Array.from(errors).sort();
  const mean = meanOf(sorted);
  const shares = (sample: Float64Array) =>
    thresholds.map((threshold) => shareWithin(sample, threshold));
  const summary = {
    count: sorted.length,
    mean,
    median: quantileOfSorted(sorted, 0.5),
    std: Math.sqrt(meanOf(sorted.map((error) => (error - mean) ** 2))),
    min: sorted[0]!,
    max: sorted[sorted.length - 1]!,
    quantiles: quantiles.map((probability) => ({
      probability,
      value: quantileOfSorted(sorted, probability),
    })),
  };
  const within = shares(sorted).map((share, index) => ({ threshold: thresholds[index]!, share }));
  if (random === undefined) return { ...summary, within };

  const [meanInterval, medianInterval, ...shareIntervals] = await bootstrapIntervals(
    sorted,
    (sample) => [meanOf(sample), quantileOfSorted(sample, 0.5), ...shares(sample)],
    { random, resamples, confidence },
    work,
  );
  return {
    ...summary,
    within: within.map((entry, index) => ({ ...entry, interval: shareIntervals[index]! })),
    intervals: { confidence, mean: meanInterval!, median: medianInterval! },
  };
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

function shareWithin(values: Float64Array, threshold: number): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    if (Math.abs(values[index]!) <= threshold) count++;
  }
  return count / values.length;
}
