import * as tf from '@tensorflow/tfjs';
import {
  callback,
  checkOptions,
  finiteNumber,
  flag,
  type OptionChecks,
  pairOf,
  someObject,
  wholeNumber,
} from '../checks/index.js';
import type { Augmentation } from '../datasets/augmentations.js';
import {
  type Dataset,
  imagesToFloat32,
  isLabeled,
  linearScale,
  type UnlabeledDataset,
} from '../datasets/dataset.js';
import { InvalidArgumentError } from '../errors.js';
import type { Random } from '../random/index.js';
import type { Batch, BatchSource, InputBatch } from './batch-source.js';

/** Options of `datasetBatches`. */
export interface DatasetBatchesOptions {
  /** Images in a batch. Default 32. */
  readonly batchSize?: number;
  /**
   * The stream that orders and augments; required for both. Epochs and images draw from forks of it,
   * never from itself.
   */
  readonly random?: Random;
  /** A new order in every epoch. Default: `true` where `random` is given. */
  readonly shuffle?: boolean;
  /** What the dataset's lowest and highest values become in the tensor. Default `[0, 1]`. */
  readonly scale?: readonly [low: number, high: number];
  /**
   * Targets as float rows of 0 and one 1, `[batch, classes]`; otherwise as class indices, int32
   * `[batch]`. Default `true`. Means nothing for a dataset without labels.
   */
  readonly oneHot?: boolean;
  /** Changes each image at random, in the dataset's own range, before it is scaled. */
  readonly augment?: Augmentation;
  /** Leaves out the last batch of an epoch when it is not full. Default `false`. */
  readonly dropRemainder?: boolean;
}

const datasetBatchesChecks: OptionChecks<DatasetBatchesOptions> = {
  batchSize: wholeNumber(1),
  random: someObject,
  shuffle: flag,
  scale: pairOf(finiteNumber),
  oneHot: flag,
  augment: callback,
  dropRemainder: flag,
};

/** A batch of a dataset. Whoever receives it owns its tensors and disposes them. */
export interface DatasetBatch extends Batch {
  /** `[batch, height, width, channels]` */
  readonly inputs: tf.Tensor4D;
  /** `[batch, classes]`, or `[batch]` without `oneHot`. */
  readonly targets: tf.Tensor;
}

/** The batches of a dataset. */
export interface DatasetBatchSource extends BatchSource {
  batch(epoch: number, index: number): DatasetBatch;
}

/** A batch of a dataset without labels. Whoever receives it owns its tensor and disposes it. */
export type UnlabeledBatch = Pick<DatasetBatch, 'inputs'>;

/** The batches of a dataset without labels. */
export interface UnlabeledBatchSource extends BatchSource<InputBatch> {
  batch(epoch: number, index: number): UnlabeledBatch;
}

/**
 * Cuts a dataset into batches for training: inputs `[batch, height, width, channels]`, targets by
 * `oneHot`. The batches of a dataset without labels have no targets; `reconstructionBatches` gives
 * them their inputs as targets.
 *
 * A batch depends only on its epoch, its index and the seed of `random`: training that resumes in the
 * middle sees what it would have seen.
 *
 * @example
 * ```ts
 * const batches = datasetBatches(train, {
 *   batchSize: 128,
 *   random: createRandom(42),
 *   augment: composeAugmentations(randomFlip(), randomShift({ pixels: 4, padding: 'reflect' })),
 * });
 * await trainModel(model, batches, { epochs: 12, loss: 'categoricalCrossentropy' });
 * ```
 * @throws InvalidArgumentError when an option cannot be used, or there would be no batch at all.
 */
export function datasetBatches(
  dataset: Dataset,
  options?: DatasetBatchesOptions,
): DatasetBatchSource;
export function datasetBatches(
  dataset: UnlabeledDataset,
  options?: Omit<DatasetBatchesOptions, 'oneHot'>,
): UnlabeledBatchSource;
export function datasetBatches(
  dataset: UnlabeledDataset,
  options: DatasetBatchesOptions = {},
): UnlabeledBatchSource {
  checkOptions(options, datasetBatchesChecks);
  const { batchSize = 32, random, oneHot = true, augment, dropRemainder = false } = options;
  const { shuffle = random !== undefined, scale = [0, 1] } = options;
  if (!random && (shuffle || augment)) {
    throw new InvalidArgumentError(
      `${shuffle ? 'shuffle' : 'augment'} needs a seeded stream; give random: createRandom(seed).`,
    );
  }
  const batchesPerEpoch = dropRemainder
    ? Math.floor(dataset.count / batchSize)
    : Math.ceil(dataset.count / batchSize);
  if (batchesPerEpoch === 0) {
    throw new InvalidArgumentError(
      `${dataset.name} has ${dataset.count} images, which fill no batch of ${batchSize}; give more images or a smaller batchSize.`,
    );
  }
  const toScale = linearScale(dataset.range, scale);
  const size = dataset.shape[0] * dataset.shape[1] * dataset.shape[2];

  let order: { readonly epoch: number; readonly indices: Uint32Array } | undefined;
  const orderOf = (epoch: number): Uint32Array => {
    if (order?.epoch !== epoch) {
      const indices = shuffle
        ? random!.fork('order').fork(epoch).permutation(dataset.count)
        : Uint32Array.from({ length: dataset.count }, (_, i) => i);
      order = { epoch, indices };
    }
    return order.indices;
  };

  const augmented = (indices: Uint32Array, epoch: number): Float32Array => {
    const stream = random!.fork('augmentation').fork(epoch);
    const pixels = new Float32Array(indices.length * size);
    indices.forEach((index, i) => {
      const image = Float32Array.from(dataset.images.subarray(index * size, (index + 1) * size));
      const context = { shape: dataset.shape, range: dataset.range, random: stream.fork(index) };
      toScale(augment!(image, context), pixels, i * size);
    });
    return pixels;
  };

  return {
    batchSize,
    batchesPerEpoch,
    batch(epoch: number, index: number): UnlabeledBatch | DatasetBatch {
      if (!Number.isInteger(index) || index < 0 || index >= batchesPerEpoch) {
        throw new InvalidArgumentError(
          `An epoch has the batches 0 to ${batchesPerEpoch - 1}, but ${index} was asked for.`,
        );
      }
      const indices = orderOf(epoch).subarray(index * batchSize, (index + 1) * batchSize);
      const pixels = augment
        ? augmented(indices, epoch)
        : imagesToFloat32(dataset, indices, { range: scale });
      const inputs = tf.tensor4d(pixels, [indices.length, ...dataset.shape]);
      if (!isLabeled(dataset)) return { inputs };
      const labels = Int32Array.from(indices, (position) => dataset.labels[position]!);
      const classes = dataset.classNames.length;
      return {
        inputs,
        targets: oneHot ? oneHotRows(labels, classes) : tf.tensor1d(labels, 'int32'),
      };
    },
  };
}

function oneHotRows(labels: Int32Array, classes: number): tf.Tensor2D {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return tf.tensor2d(rows, [labels.length, classes]);
}
