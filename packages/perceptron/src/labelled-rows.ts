import { type Dataset, imagesToFloat32 } from '@nn-lab/core/datasets';
import type { Matrix } from './matrix.js';

/** Pictures as rows with their classes. */
export interface LabelledRows {
  readonly x: Matrix;
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Height and width, where the pictures are grey. */
  readonly shape: Dataset['shape'];
}

/** A dataset as the commands use it. */
export interface LoadedRows {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
  /** SHA-256 of what was read, by file. */
  readonly datasets: Readonly<Record<string, string>>;
  /** For people: where it is from. */
  readonly origin: string;
}

/** Pictures of a data set as rows of values from -1 to 1. */
export function labelledRowsOf(dataset: Dataset): LabelledRows {
  const [height, width, channels] = dataset.shape;
  const scaled =
    dataset.range[0] === -1
      ? dataset.images
      : imagesToFloat32(dataset, undefined, { range: [-1, 1] });
  return {
    x: {
      rows: dataset.count,
      columns: height * width * channels,
      values: Float64Array.from(scaled, decimalOf),
    },
    labels: Int32Array.from(dataset.labels),
    classNames: dataset.classNames,
    shape: dataset.shape,
  };
}

/**
 * The decimal that a single-precision value was made from: the course's files have three decimals,
 * and its arithmetic is that of doubles, in which -0.631 is not the -0.631 of a single.
 */
function decimalOf(single: number): number {
  const decimal = Math.round(single * 1000) / 1000;
  return Math.fround(decimal) === single ? decimal : single;
}
