import {
  anything,
  arrayOf,
  checkOptions,
  finiteNumber,
  type OptionChecks,
  pairOf,
  positiveNumber,
  required,
  someObject,
} from '../checks/index.js';
import { InvalidArgumentError, ShapeError } from '../errors.js';
import type { Random } from '../random/index.js';

/**
 * Images, held as one block until a batch is cut from it: what needs no labels takes these.
 *
 * A dataset is never changed in place: `splitDataset`, `takeDataset` and `shuffleDataset` return new
 * ones. A split at a position shares the block of its source; the others copy.
 */
export interface UnlabeledDataset {
  /** What the data are, for messages and reports. */
  readonly name: string;
  /** Number of images. */
  readonly count: number;
  /** Shape of one image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** `count * height * width * channels` values, row by row, channels interleaved (NHWC). */
  readonly images: Uint8Array | Float32Array;
  /** The lowest and highest value that a pixel can have: `[0, 255]` for bytes. */
  readonly range: readonly [low: number, high: number];
}

/** Images with a class each. */
export interface Dataset extends UnlabeledDataset {
  /** One class index an image, from 0 to `classNames.length - 1`. */
  readonly labels: Uint8Array | Int32Array;
  /** The name of each class. */
  readonly classNames: readonly string[];
}

/** What `createDataset` makes a dataset without labels from. */
export interface UnlabeledDatasetContents {
  /** What the data are, for messages and reports. Default `'dataset'`. */
  readonly name?: string;
  /** Shape of one image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** All pixels, NHWC. Bytes are taken as 0 to 255. */
  readonly images: Uint8Array | Float32Array;
  /**
   * The lowest and highest value that a pixel can have. Bytes always have `[0, 255]`; for floats the
   * default is `[0, 1]`.
   */
  readonly range?: readonly [low: number, high: number];
}

/** What `createDataset` makes a dataset from. */
export interface DatasetContents extends UnlabeledDatasetContents {
  /** One class index an image. */
  readonly labels: Uint8Array | Int32Array;
  /** The name of each class; the indices as text by default, as many as the labels use. */
  readonly classNames?: readonly string[];
}

/**
 * Checks that the parts belong together and makes a dataset of them, without labels where none are
 * given. The arrays are kept, not copied.
 *
 * @throws ShapeError when the numbers of pixels and labels do not fit the shape.
 * @throws InvalidArgumentError when a label has no class, or a pixel is not a number in the range.
 */
export function createDataset(contents: DatasetContents): Dataset;
export function createDataset(
  contents: UnlabeledDatasetContents & { readonly labels?: undefined },
): UnlabeledDataset;
export function createDataset(
  contents: UnlabeledDatasetContents &
    Partial<Pick<DatasetContents, 'classNames'>> & {
      readonly labels?: DatasetContents['labels'] | undefined;
    },
): UnlabeledDataset | Dataset {
  const { name = 'dataset', images, labels } = contents;
  const size = imageSize(contents.shape);
  const [height, width, channels] = contents.shape;
  const shape = [height, width, channels] as const;
  if (!labels) {
    if (contents.classNames) {
      throw new InvalidArgumentError(
        `${name}: Expected \`labels\` beside \`classNames\`, got none. Give one class index an image, or leave out \`classNames\` for a dataset without labels.`,
      );
    }
    const count = images.length / size;
    if (!Number.isInteger(count)) {
      throw new ShapeError(
        `Expected the pixels of ${name} to be whole images of ${shape.join('x')} = ${size} pixels, got ${images.length} pixels.`,
      );
    }
    const range = checkRange(name, images, contents.range);
    checkPixels(name, images, size, range);
    return { name, count, shape, images, range };
  }
  const count = labels.length;
  if (images.length !== count * size) {
    throw new ShapeError(
      `${name}: ${count} labels need ${count} images of ${shape.join('x')} = ${count * size} pixels, but ${images.length} came; give one label an image.`,
    );
  }
  const classNames = contents.classNames ?? numberedClasses(labels);
  checkLabels(name, labels, classNames.length);
  const range = checkRange(name, images, contents.range);
  checkPixels(name, images, size, range);
  return { name, count, shape, images, labels, classNames, range };
}

/** Number of values in one image of the shape. */
function imageSize(shape: readonly number[]): number {
  if (shape.length !== 3 || shape.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw new ShapeError(
      `An image's shape is [height, width, channels], each at least 1, but [${shape.join(', ')}] came.`,
    );
  }
  return shape[0]! * shape[1]! * shape[2]!;
}

function numberedClasses(labels: ArrayLike<number>): string[] {
  let highest = -1;
  for (let i = 0; i < labels.length; i++) highest = Math.max(highest, labels[i]!);
  if (highest >= 1_000_000) {
    throw new InvalidArgumentError(
      `A label is ${highest}; labels are class indices from 0. Give classNames to have more than a million classes.`,
    );
  }
  return Array.from({ length: highest + 1 }, (_, index) => String(index));
}

function checkLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label < 0 || label >= classes) {
      throw new InvalidArgumentError(
        `${name}: label ${i} is ${label}, but there are ${classes} classes, so it must be from 0 to ${classes - 1}.`,
      );
    }
  }
}

function checkRange(
  name: string,
  images: Uint8Array | Float32Array,
  range: readonly [number, number] | undefined,
): readonly [number, number] {
  if (images instanceof Uint8Array) {
    if (range && (range[0] !== 0 || range[1] !== 255)) {
      throw new InvalidArgumentError(
        `${name}: byte images have the range [0, 255], but [${range.join(', ')}] was given; leave it out, or give the pixels as Float32Array.`,
      );
    }
    return [0, 255];
  }
  const [low, high] = range ?? [0, 1];
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new InvalidArgumentError(
      `${name}: a range is two numbers, the lower first, but [${low}, ${high}] came.`,
    );
  }
  return [low, high];
}

function checkPixels(
  name: string,
  images: Uint8Array | Float32Array,
  size: number,
  [low, high]: readonly [number, number],
): void {
  if (images instanceof Uint8Array) return;
  const slack = 1e-6 * (high - low);
  for (let i = 0; i < images.length; i++) {
    const value = images[i]!;
    if (!(value >= low - slack && value <= high + slack)) {
      throw new InvalidArgumentError(
        `${name}: value ${i % size} of image ${Math.floor(i / size)} is ${value}, outside of the range [${low}, ${high}]; give the range that the pixels have.`,
      );
    }
  }
}

/**
 * The dataset of the images at these positions, in their order; a position may come more than once.
 *
 * @throws InvalidArgumentError when a position is outside of the dataset.
 */
export function takeDataset<D extends UnlabeledDataset>(dataset: D, indices: ArrayLike<number>): D {
  checkIndices(dataset, indices);
  const size = imageSize(dataset.shape);
  const length = indices.length * size;
  const taken =
    dataset.images instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * size;
    taken.set(dataset.images.subarray(from, from + size), i * size);
  }
  const part = { ...dataset, count: indices.length, images: taken };
  if (!isLabeled(dataset)) return part;
  const { labels: all } = dataset;
  const labels =
    all instanceof Uint8Array ? new Uint8Array(indices.length) : new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) labels[i] = all[indices[i]!]!;
  return { ...part, labels };
}

/**
 * The dataset in a random order.
 *
 * @param random - Decides the order; the same stream gives the same order.
 */
export function shuffleDataset<D extends UnlabeledDataset>(dataset: D, random: Random): D {
  return takeDataset(dataset, random.permutation(dataset.count));
}

/** How `splitDataset` divides: at positions, or into shares. */
export type SplitDatasetOptions =
  | {
      /** The positions at which a new part begins: `5000` gives the first 5,000 images and the rest. */
      readonly at: number | readonly number[];
    }
  | {
      /** The share of each part, of sum at most 1: `[0.8, 0.2]`. */
      readonly fractions: readonly number[];
      /** Draws the images of the parts at random; without it they are taken in order. */
      readonly random?: Random;
    };

/** What they must be depends on the dataset. */
const splitAtChecks: OptionChecks<Extract<SplitDatasetOptions, { at: unknown }>> = {
  at: anything,
};
const splitFractionsChecks: OptionChecks<Extract<SplitDatasetOptions, { fractions: unknown }>> = {
  fractions: required(arrayOf(positiveNumber)),
  random: someObject,
};

/**
 * Divides a dataset into parts that have no image in common.
 *
 * @example
 * ```ts
 * const [validation, training] = splitDataset(train, { at: 5000 });
 * const [fit, held] = splitDataset(train, { fractions: [0.8, 0.2], random: createRandom(42) });
 * ```
 * @throws InvalidArgumentError when the positions do not ascend inside the dataset, the shares are
 * not positive or exceed 1 together, or an option is unknown.
 */
export function splitDataset<D extends UnlabeledDataset>(
  dataset: D,
  options: SplitDatasetOptions,
): D[] {
  if ('at' in options) {
    checkOptions(options, splitAtChecks);
    const cuts = typeof options.at === 'number' ? [options.at] : [...options.at];
    return cutDataset(dataset, [0, ...cuts, dataset.count]);
  }
  checkOptions(options, splitFractionsChecks);
  const { fractions, random } = options;
  const sum = fractions.reduce((total, share) => total + share, 0);
  if (fractions.length === 0 || sum > 1 + 1e-9) {
    throw new InvalidArgumentError(
      `fractions must be positive and at most 1 together, but [${fractions.join(', ')}] came.`,
    );
  }
  const bounds = [0];
  let share = 0;
  for (const fraction of fractions) {
    share += fraction;
    bounds.push(Math.min(dataset.count, Math.round(share * dataset.count)));
  }
  return cutDataset(random ? shuffleDataset(dataset, random) : dataset, bounds);
}

function cutDataset<D extends UnlabeledDataset>(dataset: D, bounds: readonly number[]): D[] {
  const size = imageSize(dataset.shape);
  const parts: D[] = [];
  for (let i = 1; i < bounds.length; i++) {
    const [from, to] = [bounds[i - 1]!, bounds[i]!];
    if (!Number.isInteger(to) || to < from || to > dataset.count) {
      throw new InvalidArgumentError(
        `A split of ${dataset.name} must be at ascending positions from 0 to ${dataset.count}, but ${bounds.slice(1, -1).join(', ')} came.`,
      );
    }
    const images = dataset.images.subarray(from * size, to * size);
    const part = { ...dataset, count: to - from, images };
    parts.push(isLabeled(dataset) ? { ...part, labels: dataset.labels.subarray(from, to) } : part);
  }
  return parts;
}

/** Whether each image has a class. */
export function isLabeled(dataset: UnlabeledDataset): dataset is Dataset {
  return (dataset as Partial<Dataset>).labels !== undefined;
}

/** How many images each class has. */
export function classCounts(dataset: Dataset): Uint32Array {
  const counts = new Uint32Array(dataset.classNames.length);
  for (let i = 0; i < dataset.count; i++) counts[dataset.labels[i]!]!++;
  return counts;
}

/** Options of `imagesToFloat32`. */
export interface ImagesToFloat32Options {
  /** What the dataset's lowest and highest values become. Default `[0, 1]`. */
  readonly range?: readonly [low: number, high: number];
}

const imagesToFloat32Checks: OptionChecks<ImagesToFloat32Options> = {
  range: pairOf(finiteNumber),
};

/**
 * The images at these positions as floats, scaled linearly from the dataset's range to another.
 *
 * @param indices - Positions in the dataset; all of them in order by default.
 * @returns `indices.length * height * width * channels` values, NHWC.
 * @throws InvalidArgumentError when a position is outside of the dataset, or an option is unknown or
 * cannot be used.
 */
export function imagesToFloat32(
  dataset: UnlabeledDataset,
  indices?: ArrayLike<number>,
  options: ImagesToFloat32Options = {},
): Float32Array {
  checkOptions(options, imagesToFloat32Checks);
  const scale = linearScale(dataset.range, options.range ?? [0, 1]);
  if (!indices) return scale(dataset.images, new Float32Array(dataset.images.length), 0);
  checkIndices(dataset, indices);
  const size = imageSize(dataset.shape);
  const scaled = new Float32Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * size;
    scale(dataset.images.subarray(from, from + size), scaled, i * size);
  }
  return scaled;
}

/** Writes values of one range into `target` from `offset` on, as values of the other. */
export function linearScale(
  from: readonly [number, number],
  to: readonly [number, number],
): (values: Uint8Array | Float32Array, target: Float32Array, offset: number) => Float32Array {
  if (!(Number.isFinite(to[0]) && Number.isFinite(to[1]) && to[0] < to[1])) {
    throw new InvalidArgumentError(
      `A range is two numbers, the lower first, but [${to[0]}, ${to[1]}] came.`,
    );
  }
  const factor = (to[1] - to[0]) / (from[1] - from[0]);
  return (values, target, offset) => {
    for (let i = 0; i < values.length; i++)
      target[offset + i] = (values[i]! - from[0]) * factor + to[0];
    return target;
  };
}

function checkIndices(dataset: UnlabeledDataset, indices: ArrayLike<number>): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= dataset.count) {
      throw new InvalidArgumentError(
        `${dataset.name} has ${dataset.count} images, at 0 to ${dataset.count - 1}, but position ${index} was asked for.`,
      );
    }
  }
}
