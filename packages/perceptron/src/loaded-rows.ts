import { type Dataset, imagesToFloat32 } from '@nn-lab/core/datasets';
import { type LabeledPictures, labeledRowsOf } from '@nn-lab/core/tables';

/** A dataset as the commands use it. */
export interface LoadedRows {
  readonly train: LabeledPictures;
  readonly test: LabeledPictures;
  /** SHA-256 of what was read, by file. */
  readonly datasets: Readonly<Record<string, string>>;
  /** For people: where it is from. */
  readonly origin: string;
}

/** Pictures of a data set as rows of values from -1 to 1. */
export function scaledRowsOf(dataset: Dataset): LabeledPictures {
  const range = [-1, 1] as const;
  const images =
    dataset.range[0] === -1 ? dataset.images : imagesToFloat32(dataset, undefined, { range });
  const rows = labeledRowsOf({ ...dataset, images, range });
  return { ...rows, x: { ...rows.x, values: Float64Array.from(rows.x.values, decimalOf) } };
}

/**
 * The decimal that a single-precision value was made from: the course's files have three decimals,
 * and its arithmetic is that of doubles, in which -0.631 is not the -0.631 of a single.
 */
function decimalOf(single: number): number {
  const decimal = Math.round(single * 1000) / 1000;
  return Math.fround(decimal) === single ? decimal : single;
}
