import {
  anything,
  checkOptions,
  type OptionChecks,
  oneOf,
  required,
  wholeNumber,
} from '@nn-lab/core/checks';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { createRandom, RandomState } from '@nn-lab/core/random';
import type { BatchSource } from '@nn-lab/core/training';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { type ClockParameterRanges, ClockSequence, coursePictureSize } from '../renderer/index.js';
import { renderClockChecks } from '../renderer/render.js';
import { timeOfMinute } from '../time.js';
import type { TimedPictures } from '../timed-pictures.js';

/** Pictures of the course, 80 % of which it trained on. */
export const coursePictureCount = 18_000;
const trainingShare = 0.8;

/** Numbers of the pictures to train and to test on. */
export interface CourseSplit {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * The course's split of `count` pictures, 80:20 after NumPy's `RandomState(42).permutation(count)`.
 *
 * @throws InvalidArgumentError unless the count is a whole number of at least 2.
 */
export function courseSplit(count: number = coursePictureCount): CourseSplit {
  if (!Number.isInteger(count) || count < 2) {
    throw new InvalidArgumentError(
      `Expected at least 2 pictures to split (a whole number), got ${count}.`,
    );
  }
  const order = Uint32Array.from(new RandomState(42).permutation(count));
  const cut = Math.floor(count * trainingShare);
  return { train: order.slice(0, cut), test: order.slice(cut) };
}

/** Options of {@link courseBatches} and {@link freshCourseBatches}. */
export interface CourseBatchesOptions {
  /** Seed of the pictures and of their order; 42 by default. */
  readonly seed?: number;
  /** Pictures in a batch; 100 by default. */
  readonly batchSize?: number;
  /** Side of the pictures in pixels; 150 by default. */
  readonly size?: number;
  /** What to draw the pictures' parameters from; the course's look by default. */
  readonly ranges?: ClockParameterRanges;
}

/** Options of {@link courseBatches}. */
export interface FixedCourseBatchesOptions extends CourseBatchesOptions {
  /** Pictures before the split; 18,000 by default, which take 324 MB at 150 x 150 for training. */
  readonly count?: number;
  /** Which part of the split: `train`, in a new order each epoch (the default), or `test`, in order. */
  readonly part?: keyof CourseSplit;
}

const courseBatchesChecks: OptionChecks<CourseBatchesOptions> = {
  seed: wholeNumber(0),
  batchSize: wholeNumber(1),
  size: renderClockChecks.size,
  ranges: anything, // clockParameterSampler says in what
};

const fixedCourseBatchesChecks: OptionChecks<FixedCourseBatchesOptions> = {
  ...courseBatchesChecks,
  count: wholeNumber(2),
  part: oneOf('train', 'test'),
};

/**
 * Batches of the course's kind from a fixed set of pictures: inputs `[batch, size, size, 1]` in 0 to
 * 1, targets the hour, int32 `[batch]`, and the minute as a fraction of the hour, `[batch, 1]`.
 *
 * Each picture is drawn when it is first asked for and kept as bytes.
 *
 * @throws InvalidArgumentError for sizes, counts or ranges that cannot be.
 */
export function courseBatches(options: FixedCourseBatchesOptions = {}): BatchSource {
  checkOptions(options, fixedCourseBatchesChecks);
  const { seed = 42, batchSize = 100, size = coursePictureSize, part = 'train' } = options;
  const { count = coursePictureCount } = options;
  const random = createRandom(seed);
  const sequence = new ClockSequence(random.fork('course'), { size, ranges: options.ranges });
  const numbers = courseSplit(count)[part];
  const pixels = size * size;
  // Made with the first batch: a source that another thread stands in for takes no memory.
  let images: Uint8Array | undefined;
  const drawn = new Uint8Array(numbers.length);

  let order: { readonly epoch: number; readonly positions: Uint32Array } | undefined;
  const positionsOf = (epoch: number): Uint32Array => {
    if (order?.epoch !== epoch) {
      const positions =
        part === 'train'
          ? random.fork('order').fork(epoch).permutation(numbers.length)
          : Uint32Array.from(numbers.keys());
      order = { epoch, positions };
    }
    return order.positions;
  };

  const batchesPerEpoch = Math.ceil(numbers.length / batchSize);
  return {
    batchSize,
    batchesPerEpoch,
    async batch(epoch, index) {
      requireBatch(epoch, index, batchesPerEpoch);
      const positions = positionsOf(epoch).subarray(index * batchSize, (index + 1) * batchSize);
      const batch = new BatchUnderWay(positions.length, size);
      images ??= new Uint8Array(numbers.length * pixels);
      const kept = images;
      const add = (i: number) => {
        const position = positions[i]!;
        const n = numbers[position]!;
        if (!drawn[position]) {
          sequence.draw(n, kept, position * pixels);
          drawn[position] = 1;
        }
        const picture = kept.subarray(position * pixels, (position + 1) * pixels);
        batch.set(i, picture, sequence.minuteOfDial(n));
      };
      await new Work().inParts(positions.length, (begin, end) => {
        for (let i = begin; i < end; i++) add(i);
      });
      return batch.finish();
    },
  };
}

/** Options of {@link courseTestPictures}. */
export interface CourseTestPicturesOptions extends WorkOptions {
  /** Seed of the pictures; 42 by default. */
  readonly seed?: number;
  /** Side of the pictures in pixels; 150 by default. */
  readonly size?: number;
  /** What to draw the pictures' parameters from; the course's look by default. */
  readonly ranges?: ClockParameterRanges;
  /** Pictures before the split; 18,000 by default. */
  readonly count?: number;
}

const courseTestPicturesChecks: OptionChecks<CourseTestPicturesOptions> = {
  ...workChecks,
  seed: courseBatchesChecks.seed,
  size: courseBatchesChecks.size,
  ranges: courseBatchesChecks.ranges,
  count: fixedCourseBatchesChecks.count,
};

/**
 * The first `wanted` pictures of the course's test part, with their times: none of them is in the
 * batches of {@link courseBatches} of the same seed and count.
 *
 * @throws InvalidArgumentError when there are not so many, or an option cannot be.
 */
export async function courseTestPictures(
  wanted: number,
  options: CourseTestPicturesOptions = {},
): Promise<TimedPictures> {
  checkOptions(options, courseTestPicturesChecks);
  const { seed = 42, size = coursePictureSize, count = coursePictureCount } = options;
  const { test } = courseSplit(count);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > test.length) {
    throw new InvalidArgumentError(
      `Expected 0 to ${test.length} test pictures, which is a fifth of ${count}, got ${wanted}.`,
    );
  }
  const sequence = new ClockSequence(createRandom(seed).fork('course'), {
    size,
    ranges: options.ranges,
  });
  const drawn: { readonly minute: number; readonly data: Uint8Array }[] = [];
  await new Work(options).stage('rendering', wanted, (begin, end) => {
    for (const n of test.subarray(begin, end)) {
      const data = new Uint8Array(size * size);
      drawn.push({ minute: sequence.draw(n, data, 0), data });
    }
  });
  return {
    pictures: drawn.map(({ data }) => ({ width: size, height: size, channels: 1, data })),
    times: drawn.map(({ minute }) => timeOfMinute(minute)),
  };
}

/** Options of {@link freshCourseBatches}. */
export interface FreshCourseBatchesOptions extends CourseBatchesOptions {
  /** Batches in an epoch. */
  readonly batchesPerEpoch: number;
}

const freshCourseBatchesChecks: OptionChecks<FreshCourseBatchesOptions> = {
  ...courseBatchesChecks,
  batchesPerEpoch: required(wholeNumber(1)),
};

/**
 * {@link courseBatches} without end: no picture comes twice.
 *
 * @throws InvalidArgumentError for sizes, counts or ranges that cannot be.
 */
export function freshCourseBatches(options: FreshCourseBatchesOptions): BatchSource {
  checkOptions(options, freshCourseBatchesChecks);
  const { seed = 42, batchSize = 100, size = coursePictureSize, batchesPerEpoch } = options;
  const sequence = new ClockSequence(createRandom(seed).fork('fresh'), {
    size,
    ranges: options.ranges,
  });
  const picture = new Uint8Array(size * size);
  return {
    batchSize,
    batchesPerEpoch,
    async batch(epoch, index) {
      requireBatch(epoch, index, batchesPerEpoch);
      const first = (epoch * batchesPerEpoch + index) * batchSize;
      const batch = new BatchUnderWay(batchSize, size);
      await new Work().inParts(batchSize, (begin, end) => {
        for (let i = begin; i < end; i++) {
          batch.set(i, picture, sequence.draw(first + i, picture, 0));
        }
      });
      return batch.finish();
    },
  };
}

class BatchUnderWay {
  readonly #size: number;
  readonly #pixels: Float32Array;
  readonly #hours: Int32Array;
  readonly #minutes: Float32Array;

  constructor(count: number, size: number) {
    this.#size = size;
    this.#pixels = new Float32Array(count * size * size);
    this.#hours = new Int32Array(count);
    this.#minutes = new Float32Array(count);
  }

  set(i: number, picture: Uint8Array, minuteOfDial: number): void {
    const start = i * picture.length;
    for (let pixel = 0; pixel < picture.length; pixel++) {
      this.#pixels[start + pixel] = picture[pixel]! / 255;
    }
    this.#hours[i] = Math.floor(minuteOfDial / 60);
    this.#minutes[i] = (minuteOfDial % 60) / 60;
  }

  finish() {
    const count = this.#hours.length;
    return {
      inputs: tf.tensor4d(this.#pixels, [count, this.#size, this.#size, 1]),
      targets: [
        tf.tensor1d(this.#hours, 'int32') as tf.Tensor,
        tf.tensor2d(this.#minutes, [count, 1]) as tf.Tensor,
      ],
    };
  }
}

function requireBatch(epoch: number, index: number, batchesPerEpoch: number): void {
  if (!Number.isSafeInteger(epoch) || epoch < 0) {
    throw new InvalidArgumentError(
      `Expected an epoch that is a whole number from 0, got ${epoch}.`,
    );
  }
  if (!Number.isSafeInteger(index) || index < 0 || index >= batchesPerEpoch) {
    throw new InvalidArgumentError(
      `Expected a batch from 0 to ${batchesPerEpoch - 1}, got ${index}.`,
    );
  }
}
