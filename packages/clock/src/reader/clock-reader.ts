import { ensureBackend } from '@nn-lab/core/backend';
import { checkOptions } from '@nn-lab/core/checks';
import type { Picture } from '@nn-lab/core/datasets';
import { ShapeError } from '@nn-lab/core/errors';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import type { LoadedClockReader, TimedReading } from '../method.js';
import { coursePictureSize } from '../renderer/index.js';
import { squarePicture } from '../square-picture.js';
import { formatClockTime } from '../time.js';
import { type DecodedTime, decodeDirections } from './decode.js';
import { type DialPose, dialPoseSize, readNormalizedPose } from './dial-pose.js';
import { writeThumbnail } from './examples.js';
import { thumbnailSize } from './networks.js';
import { unrollDial, unrolledAngles, unrolledRadii } from './unroll.js';

/** What a reader sees on a clock. */
export interface ClockReading extends DecodedTime, TimedReading {
  /** Where the dial lies, in fractions of the square that was read. */
  readonly pose: DialPose;
}

const batchSize = 64;

/**
 * Reads the time from pictures with a trained reader network (`buildReaderNetwork`).
 *
 * @example
 * ```ts
 * const reader = new ClockReader(model);
 * const { text } = await reader.read(renderClock({ hour: 10, minute: 8 }));
 * reader.dispose();
 * ```
 */
export class ClockReader implements LoadedClockReader {
  readonly #model: tf.LayersModel;
  readonly #locator: tf.LayersModel;
  readonly #dialReader: tf.LayersModel;

  /**
   * @param model - The reader takes it over: {@link ClockReader.dispose} frees it.
   * @throws ShapeError when the model is not a reader network.
   */
  constructor(model: tf.LayersModel) {
    if (!isReaderNetwork(model)) {
      throw new ShapeError(
        `Expected a reader network (inputs and outputs ${networkShapes}), got ${shapesOf(model)}. Make one with buildReaderNetwork, or give the model folder of a reader's run.`,
      );
    }
    this.#model = model;
    this.#locator = tf.model({ inputs: model.inputs[0]!, outputs: model.outputs[0]! });
    this.#dialReader = tf.model({ inputs: model.inputs[1]!, outputs: model.outputs[1]! });
  }

  /**
   * Reads the clock in a picture of any size, grey or colour. Of a picture that is not square, the
   * middle square is read; the dial should fill 60 to 95 % of it.
   */
  async read(picture: Picture): Promise<ClockReading> {
    return (await this.readAll([picture]))[0]!;
  }

  /** {@link read} for many pictures, in batches. */
  async readAll(pictures: readonly Picture[], options: WorkOptions = {}): Promise<ClockReading[]> {
    await ensureBackend();
    checkOptions(options, workChecks);
    const work = new Work(options);
    const readings: ClockReading[] = [];
    work.begin('reading', pictures.length);
    for (let start = 0; start < pictures.length; start += batchSize) {
      const batch = pictures
        .slice(start, start + batchSize)
        .map((picture) => squarePicture(picture, coursePictureSize));
      const poses = await this.#locate(batch);
      readings.push(...(await this.#readDials(batch, poses)));
      await work.reach(readings.length);
    }
    return readings;
  }

  /** Frees the model. */
  dispose(): void {
    this.#model.dispose();
  }

  async #locate(pictures: readonly Picture[]): Promise<DialPose[]> {
    const thumbnails = new Float32Array(pictures.length * thumbnailSize ** 2);
    pictures.forEach((picture, i) => {
      writeThumbnail(picture, thumbnails, i * thumbnailSize ** 2);
    });
    const numbers = await predict(this.#locator, thumbnails, [
      pictures.length,
      thumbnailSize,
      thumbnailSize,
      1,
    ]);
    return pictures.map((_, i) => readNormalizedPose(numbers, i * dialPoseSize));
  }

  async #readDials(
    pictures: readonly Picture[],
    poses: readonly DialPose[],
  ): Promise<ClockReading[]> {
    const size = unrolledRadii * unrolledAngles;
    const unrolled = new Float32Array(pictures.length * size);
    pictures.forEach((picture, i) => {
      unrollDial(picture, poses[i]!, unrolled, i * size);
    });
    const logits = await predict(this.#dialReader, unrolled, [
      pictures.length,
      unrolledRadii,
      unrolledAngles,
      1,
    ]);
    return pictures.map((_, i) => {
      const decoded = decodeDirections(logits, i * 3 * unrolledAngles);
      return { ...decoded, text: formatClockTime(decoded), pose: poses[i]! };
    });
  }
}

async function predict(
  model: tf.LayersModel,
  values: Float32Array,
  shape: number[],
): Promise<Float32Array> {
  const output = tf.tidy(
    () => model.apply(tf.tensor(values, shape), { training: false }) as tf.Tensor,
  );
  try {
    return (await output.data()) as Float32Array;
  } finally {
    output.dispose();
  }
}

const networkShapes = [
  `${thumbnailSize}x${thumbnailSize}x1`,
  `${unrolledRadii}x${unrolledAngles}x1`,
  `${dialPoseSize}`,
  `3x${unrolledAngles}`,
].join(', ');

/** True when a model has the inputs and outputs of `buildReaderNetwork`. */
export function isReaderNetwork(model: tf.LayersModel): boolean {
  return shapesOf(model) === networkShapes;
}

function shapesOf(model: tf.LayersModel): string {
  return [...model.inputs, ...model.outputs]
    .map(({ shape }) => shape.slice(1).join('x'))
    .join(', ');
}
