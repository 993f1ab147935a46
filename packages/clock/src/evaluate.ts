import { checkOptions, flag, type OptionChecks } from '@nn-lab/core/checks';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { type ErrorSummary, summarizeErrors, timeErrorMinutes } from '@nn-lab/core/metrics';
import { createRandom } from '@nn-lab/core/random';
import { type WorkOptions, workChecks } from '@nn-lab/core/work';
import type { TimeReader } from './method.js';
import { type ClockTime, minuteOfDial } from './time.js';
import type { TimedPictures } from './timed-pictures.js';

/** How well a reader reads. */
export interface ClockEvaluation {
  /** What was read, in the order of the pictures. */
  readonly readings: readonly ClockTime[];
  /** "Common sense" error of each picture in minutes: the shorter way around the dial, 0 to 360. */
  readonly errors: Float64Array;
  /** Mean, median, quantiles, and the shares within 1, 3, 5 and 30 minutes, with 95 % intervals. */
  readonly summary: ErrorSummary;
}

/** Options of {@link evaluateReader}. */
export interface EvaluateReaderOptions extends WorkOptions {
  /** Finds intervals by bootstrap; true by default. */
  readonly intervals?: boolean;
}

const evaluateReaderChecks: OptionChecks<EvaluateReaderOptions> = {
  ...workChecks,
  intervals: flag,
};

/**
 * Measures a reader on pictures whose times are known.
 *
 * @throws InvalidArgumentError when there are no pictures, or not a time for each.
 */
export async function evaluateReader(
  reader: TimeReader,
  { pictures, times }: TimedPictures,
  options: EvaluateReaderOptions = {},
): Promise<ClockEvaluation> {
  checkOptions(options, evaluateReaderChecks);
  const { signal, onProgress, intervals = true } = options;
  if (pictures.length === 0 || pictures.length !== times.length) {
    throw new InvalidArgumentError(
      `Expected pictures and a time for each, got ${pictures.length} pictures and ${times.length} times.`,
    );
  }
  const readings = await reader.readAll(pictures, { signal, onProgress });
  const errors = timeErrorMinutes(readings.map(minuteOfDial), times.map(minuteOfDial));
  const summary = await summarizeErrors(errors, {
    thresholds: [1, 3, 5, 30],
    signal,
    ...(intervals ? { random: createRandom(0).fork('bootstrap') } : {}),
  });
  return { readings, errors, summary };
}
