import type { Picture } from '@nn-lab/core/datasets';
import { ShapeError } from '@nn-lab/core/errors';
import * as tf from '@tensorflow/tfjs';
import { squarePicture } from '../square-picture.js';
import { type CourseReading, decodeTwoHeads } from './decode.js';

const batchSize = 50;

/** Tells the time of pictures with a trained `buildCourseTwoHeadNetwork`, which stays the caller's. */
export class CourseReader {
  readonly #model: tf.LayersModel;
  readonly #size: number;

  /** @throws ShapeError when the model is not of two heads over one square grey picture. */
  constructor(model: tf.LayersModel) {
    const [, height, width, channels] = model.inputs[0]!.shape;
    const outputs = model.outputs.map(({ shape }) => shape.slice(1).join('x')).join(', ');
    const fits = model.inputs.length === 1 && height === width && channels === 1;
    if (!fits || height == null || outputs !== '12, 1') {
      throw new ShapeError(
        `Expected a network from [batch, size, size, 1] to 12 hours and 1 minute, got [${model.inputs[0]!.shape}] to ${outputs}. Make one with buildCourseTwoHeadNetwork.`,
      );
    }
    this.#model = model;
    this.#size = height;
  }

  /** Reads pictures of any size, grey or colour: of each the middle square. */
  async readAll(
    pictures: readonly Picture[],
    options: { readonly onProgress?: (done: number) => void } = {},
  ): Promise<CourseReading[]> {
    const readings: CourseReading[] = [];
    for (let start = 0; start < pictures.length; start += batchSize) {
      readings.push(...(await this.#read(pictures.slice(start, start + batchSize))));
      options.onProgress?.(readings.length);
    }
    return readings;
  }

  async #read(pictures: readonly Picture[]): Promise<CourseReading[]> {
    const size = this.#size;
    const pixels = new Float32Array(pictures.length * size * size);
    pictures.forEach((picture, i) => {
      const { data } = squarePicture(picture, size);
      for (let k = 0; k < data.length; k++) pixels[i * data.length + k] = data[k]! / 255;
    });
    const outputs = tf.tidy(
      () =>
        this.#model.predictOnBatch(
          tf.tensor4d(pixels, [pictures.length, size, size, 1]),
        ) as tf.Tensor[],
    );
    try {
      const [hours, minutes] = await Promise.all(outputs.map((output) => output.data()));
      return pictures.map((_, i) => decodeTwoHeads(hours!, minutes![i]!, 12 * i));
    } finally {
      tf.dispose(outputs);
    }
  }
}
