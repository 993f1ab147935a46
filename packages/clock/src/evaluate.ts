import { checkOptions, flag, type OptionChecks, text, wholeNumber } from '@nn-lab/core/checks';
import type { Picture } from '@nn-lab/core/datasets';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { type ErrorSummary, summarizeErrors, timeErrorMinutes } from '@nn-lab/core/metrics';
import { createRandom } from '@nn-lab/core/random';
import { type WorkOptions, workChecks } from '@nn-lab/core/work';
import type { TimeReader } from './method.js';
import { type RenderClocksOptions, renderClocks } from './renderer/index.js';
import { renderClocksChecks } from './renderer/render.js';
import { type ClockTime, minuteOfDial } from './time.js';

/** Pictures with the times that they show. */
export interface TimedPictures {
  readonly pictures: readonly Picture[];
  readonly times: readonly ClockTime[];
}

/** Options of {@link renderTimedPictures}. */
export interface RenderTimedPicturesOptions extends RenderClocksOptions {
  /** Seed of the pictures; 42 by default. */
  readonly seed?: number;
  /** Name of the stream: `test` by default. Different streams have no picture in common. */
  readonly stream?: string;
}

const renderTimedPicturesChecks: OptionChecks<RenderTimedPicturesOptions> = {
  ...renderClocksChecks,
  seed: wholeNumber(0),
  stream: text,
};

/**
 * Renders pictures to measure a reader on, at times drawn evenly from the 720 of a dial.
 *
 * @throws InvalidArgumentError for a bad count, an option that is unknown, or one that cannot be used.
 */
export async function renderTimedPictures(
  count: number,
  options: RenderTimedPicturesOptions = {},
): Promise<TimedPictures> {
  checkOptions(options, renderTimedPicturesChecks);
  const { seed = 42, stream = 'test', ...rendering } = options;
  const clocks = await renderClocks(count, createRandom(seed).fork(stream), rendering);
  const { size } = clocks;
  return {
    pictures: Array.from({ length: count }, (_, i) => ({
      width: size,
      height: size,
      channels: 1,
      data: clocks.images.subarray(i * size * size, (i + 1) * size * size),
    })),
    times: Array.from({ length: count }, (_, i) => ({
      hour: clocks.hours[i]!,
      minute: clocks.minutes[i]!,
    })),
  };
}

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
