import { ensureBackend } from '@nn-lab/core/backend';
import { checkOptions } from '@nn-lab/core/checks';
import type { Picture } from '@nn-lab/core/datasets';
import { ShapeError } from '@nn-lab/core/errors';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import type { LoadedClockReader, TimedReading } from '../method.js';
import { squarePicture } from '../square-picture.js';
import { formatClockTime } from '../time.js';
import { decodeTwoHeads } from './decode.js';

/** The time that a {@link CourseReader} reads. */
export interface CourseReading extends TimedReading {
  /** Probability of the hour, 0 to 1; the minute comes without one. */
  readonly probability: number;
}

const batchSize = 50;

/** Tells the time of pictures with a trained network of `buildCourseTwoHeadNetwork`. */
export class CourseReader implements LoadedClockReader {
  readonly #model: tf.LayersModel;
  readonly #size: number;

  /**
   * @param model - The reader takes it over: {@link CourseReader.dispose} frees it.
   * @throws ShapeError when the model is not of two heads over one square grey picture.
   */
  constructor(model: tf.LayersModel) {
    if (!isCourseNetwork(model)) {
      throw new ShapeError(
        `Expected a network from [size, size, 1] to 12 hours and 1 minute, got ${shapesOf(model.inputs)} to ${shapesOf(model.outputs)}. Make one with buildCourseTwoHeadNetwork.`,
      );
    }
    this.#model = model;
    this.#size = model.inputs[0]!.shape[1]!;
  }

  /** Reads the clock in a picture of any size, grey or colour: in its middle square. */
  async read(picture: Picture): Promise<CourseReading> {
    return (await this.readAll([picture]))[0]!;
  }

  /** {@link read} for many pictures, in batches. */
  async readAll(pictures: readonly Picture[], options: WorkOptions = {}): Promise<CourseReading[]> {
    await ensureBackend();
    checkOptions(options, workChecks);
    const work = new Work(options);
    const readings: CourseReading[] = [];
    work.begin('reading', pictures.length);
    for (let start = 0; start < pictures.length; start += batchSize) {
      readings.push(...(await this.#readBatch(pictures.slice(start, start + batchSize))));
      await work.reach(readings.length);
    }
    return readings;
  }

  /** Frees the model. */
  dispose(): void {
    this.#model.dispose();
  }

  async #readBatch(pictures: readonly Picture[]): Promise<CourseReading[]> {
    const size = this.#size;
    const pixels = new Float32Array(pictures.length * size * size);
    pictures.forEach((picture, i) => {
      const { data } = squarePicture(picture, size);
      for (let k = 0; k < data.length; k++) pixels[i * data.length + k] = data[k]! / 255;
    });
    const outputs = tf.tidy(() => {
      const input = tf.tensor4d(pixels, [pictures.length, size, size, 1]);
      return this.#model.predictOnBatch(input) as tf.Tensor[];
    });
    try {
      const [hours, minutes] = await Promise.all(outputs.map((output) => output.data()));
      return pictures.map((_, i) => {
        const { hour, minute, hourProbability } = decodeTwoHeads(hours!, minutes![i]!, 12 * i);
        const text = formatClockTime({ hour, minute });
        return { hour, minute, text, probability: hourProbability };
      });
    } finally {
      tf.dispose(outputs);
    }
  }
}

/** Whether a model has the inputs and outputs of `buildCourseTwoHeadNetwork`. */
export function isCourseNetwork(model: tf.LayersModel): boolean {
  const [input, ...others] = model.inputs;
  const [, height, width, channels] = input!.shape;
  return (
    others.length === 0 &&
    input!.shape.length === 4 &&
    height != null &&
    height === width &&
    channels === 1 &&
    shapesOf(model.outputs) === '[12], [1]'
  );
}

function shapesOf(tensors: readonly tf.SymbolicTensor[]): string {
  return tensors.map(({ shape }) => `[${shape.slice(1).join(', ')}]`).join(', ');
}
