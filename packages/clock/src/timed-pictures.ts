import { checkOptions, type OptionChecks, text, wholeNumber } from '@nn-lab/core/checks';
import type { Picture } from '@nn-lab/core/datasets';
import { createRandom } from '@nn-lab/core/random';
import { type RenderClocksOptions, renderClocks } from './renderer/index.js';
import { renderClocksChecks } from './renderer/render.js';
import type { ClockTime } from './time.js';

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
