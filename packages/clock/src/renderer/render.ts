import { anything, checkOptions, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { Random } from '@nn-lab/core/random';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { type ClockTime, minutesOnDial, validateClockTime } from '../time.js';
import { createCamera } from './camera.js';
import {
  type ClockParameterRanges,
  type ClockParameters,
  clockParameterSampler,
  completeClockParameters,
} from './parameters.js';
import { Scene } from './scene.js';
import { Sensor } from './sensor.js';
import { type ClockTruth, clockTruthSize, truthFromRow, writeTruth } from './truth.js';

/** The side of the course's pictures in pixels. */
export const coursePictureSize = 150;

/** Options of {@link renderClock}. */
export interface RenderClockOptions {
  /** Side of the square picture in pixels, 1 to 4096; 150 by default. */
  readonly size?: number;
}

export const renderClockChecks: OptionChecks<RenderClockOptions> = {
  size: wholeNumber(1, 4096),
};

/** A grey square picture (core's `Picture` with one channel) with its ground truth. */
export interface ClockPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1;
  /** width * height grey values, row by row from the top. */
  readonly data: Uint8Array;
  /** Where the clock's parts are. */
  readonly truth: ClockTruth;
}

/**
 * Draws a clock. The same time, parameters and size give the same bytes in every JavaScript engine:
 * the renderer computes with + - * / and square roots only.
 *
 * @param parameters - What differs from `defaultClockParameters`.
 * @throws InvalidArgumentError for a time that is none, a parameter outside its limits, or a bad size.
 *
 * @example
 * ```ts
 * const picture = renderClock({ hour: 10, minute: 8 }, { rotation: 30, glare: true }, { size: 96 });
 * picture.data.length; // 9216
 * ```
 */
export function renderClock(
  time: ClockTime,
  parameters: Partial<ClockParameters> = {},
  options: RenderClockOptions = {},
): ClockPicture {
  checkOptions(options, renderClockChecks);
  const { size = coursePictureSize } = options;
  validateClockTime(time);
  const complete = completeClockParameters(parameters);
  const renderer = new ClockRenderer(size);
  const data = new Uint8Array(size * size);
  const truth = new Float64Array(clockTruthSize);
  renderer.render(time.hour, time.minute, complete, data, 0, truth, 0);
  return { width: size, height: size, channels: 1, data, truth: truthFromRow(time, truth) };
}

/** Options of {@link renderClocks}. */
export interface RenderClocksOptions extends RenderClockOptions, WorkOptions {
  /** What to draw the parameters from; the course's look by default. */
  readonly ranges?: ClockParameterRanges | undefined;
  /** Number of the first picture, 0 by default: pictures 5 to 9 of a seed are the same in any call. */
  readonly start?: number;
}

export const renderClocksChecks: OptionChecks<RenderClocksOptions> = {
  ...renderClockChecks,
  ...workChecks,
  ranges: anything, // clockParameterSampler says in what
  start: wholeNumber(0),
};

/** Many pictures in one array. */
export interface ClockPictures {
  readonly count: number;
  /** Side of each picture in pixels. */
  readonly size: number;
  /** count * size * size grey values. */
  readonly images: Uint8Array;
  /** The hour of each picture, 0 to 11. */
  readonly hours: Uint8Array;
  /** The minute of each picture, 0 to 59. */
  readonly minutes: Uint8Array;
  /** A row of `clockTruthSize` numbers for each picture; see `clockTruthLayout`. */
  readonly truths: Float32Array;
}

/**
 * Draws `count` clocks at times drawn evenly from the 720 of a dial. Picture n depends on
 * `random`'s seed and labels and on n alone (its stream is `random.fork(n)`).
 *
 * @throws InvalidArgumentError for a bad count, an option that is unknown, or one that cannot be used.
 */
export async function renderClocks(
  count: number,
  random: Random,
  options: RenderClocksOptions = {},
): Promise<ClockPictures> {
  checkOptions(options, renderClocksChecks);
  const { size = coursePictureSize, start = 0 } = options;
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new InvalidArgumentError(
      `Expected a whole number of pictures, 0 or more, got ${String(count)}.`,
    );
  }
  const work = new Work(options);
  const sequence = new ClockSequence(random, { size, ranges: options.ranges });
  const pixels = size * size;
  const images = new Uint8Array(count * pixels);
  const hours = new Uint8Array(count);
  const minutes = new Uint8Array(count);
  const truths = new Float32Array(count * clockTruthSize);
  await work.stage('rendering', count, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const minute = sequence.draw(start + i, images, i * pixels, truths, i * clockTruthSize);
      hours[i] = Math.floor(minute / 60);
      minutes[i] = minute % 60;
    }
  });
  return { count, size, images, hours, minutes, truths };
}

/** Options of {@link ClockSequence}. */
export type ClockSequenceOptions = Pick<RenderClocksOptions, 'size' | 'ranges'>;

const clockSequenceChecks: OptionChecks<ClockSequenceOptions> = {
  size: renderClocksChecks.size,
  ranges: renderClocksChecks.ranges,
};

/**
 * An endless row of clocks, any of which can be drawn at any time: the pictures of
 * {@link renderClocks} one by one, without new memory for each.
 */
export class ClockSequence {
  /** Side of the pictures in pixels. */
  readonly size: number;
  readonly #random: Random;
  readonly #renderer: ClockRenderer;
  readonly #sample: (random: Random) => ClockParameters;
  readonly #noTruth = new Float32Array(clockTruthSize);

  /** @throws InvalidArgumentError for a bad size or range. */
  constructor(random: Random, options: ClockSequenceOptions = {}) {
    checkOptions(options, clockSequenceChecks);
    const { size = coursePictureSize, ranges = {} } = options;
    this.size = size;
    this.#random = random;
    this.#renderer = new ClockRenderer(size);
    this.#sample = clockParameterSampler(ranges);
  }

  /** The time that picture `n` shows, in whole minutes after twelve, 0 to 719. */
  minuteOfDial(n: number): number {
    return this.#random.fork(n).integer(0, minutesOnDial);
  }

  /**
   * Draws picture `n` into `images` at `offset`, its truth row into `truths`.
   *
   * @returns The time that it shows, in whole minutes after twelve.
   */
  draw(
    n: number,
    images: Uint8Array,
    offset: number,
    truths: Float32Array | Float64Array = this.#noTruth,
    truthOffset = 0,
  ): number {
    const own = this.#random.fork(n);
    const minute = own.integer(0, minutesOnDial);
    this.#renderer.render(
      Math.floor(minute / 60),
      minute % 60,
      this.#sample(own),
      images,
      offset,
      truths,
      truthOffset,
    );
    return minute;
  }
}

/**
 * Draws clocks of one size, keeping its scratch memory from picture to picture. For many pictures at
 * once {@link renderClocks} is simpler.
 */
export class ClockRenderer {
  /** Side of the pictures in pixels. */
  readonly size: number;
  readonly #scene: Scene;
  readonly #sensor: Sensor;

  /** @throws InvalidArgumentError unless the size is a whole number from 1 to 4096. */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1 || size > 4096) {
      throw new InvalidArgumentError(
        `Expected a picture size that is a whole number of pixels from 1 to 4096, got ${String(size)}.`,
      );
    }
    this.size = size;
    this.#scene = new Scene(size);
    this.#sensor = new Sensor(size);
  }

  /**
   * Draws one clock into `target` at `offset`, its truth row into `truths` at `truthOffset`. Time and
   * parameters are trusted to be valid.
   */
  render(
    hour: number,
    minute: number,
    parameters: ClockParameters,
    target: Uint8Array,
    offset: number,
    truths: Float32Array | Float64Array,
    truthOffset: number,
  ): void {
    const camera = createCamera(parameters);
    this.#sensor.prepare(parameters);
    this.#scene.draw(hour, minute, parameters, camera, this.#sensor);
    this.#sensor.expose(parameters, target, offset);
    writeTruth(hour, minute, parameters, camera, truths, truthOffset);
  }
}
