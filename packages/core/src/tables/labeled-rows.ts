import type { Dataset } from '../datasets/dataset.js';
import type { ClassLabels, NumberTable } from '../datasets/formats/csv.js';
import type { Matrix } from './matrix.js';
import { matrixOf, withoutRounding } from './matrix-of.js';

/** Rows with the class of each. */
export interface LabeledRows {
  readonly x: Matrix;
  /** A class a row: positions in `classNames`. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

/** Rows that are pictures: one row a picture, its pixels in their order. */
export interface LabeledPictures extends LabeledRows {
  readonly shape: Dataset['shape'];
  /** The lowest and highest value that a pixel can have. */
  readonly range: Dataset['range'];
}

/**
 * The pictures of a data set as rows, on its own scale; or the rows of a table, with its own classes
 * or those of another file.
 *
 * @throws InvalidArgumentError when there are no rows.
 */
export function labeledRowsOf(dataset: Dataset): LabeledPictures;
export function labeledRowsOf(table: NumberTable & { readonly labels: ClassLabels }): LabeledRows;
export function labeledRowsOf(
  source: Dataset | (NumberTable & { readonly labels: ClassLabels }),
): LabeledRows | LabeledPictures {
  if ('images' in source) {
    const { classNames, shape, range } = source;
    return {
      x: matrixOf(source),
      labels: Int32Array.from(source.labels),
      classNames,
      shape,
      range,
    };
  }
  const { classes: labels, classNames } = source.labels;
  return { x: matrixOf(withoutRounding(source.values), source.columns), labels, classNames };
}

/** The first rows; all by default, or where there are no more. */
export function firstRows<
  Rows extends { readonly x: Matrix; readonly labels?: Int32Array | undefined },
>(rows: Rows, count = Number.POSITIVE_INFINITY): Rows {
  const { x, labels } = rows;
  if (count >= x.rows) return rows;
  const values = x.values.subarray(0, count * x.columns);
  return {
    ...rows,
    x: { rows: count, columns: x.columns, values },
    ...(labels && { labels: labels.slice(0, count) }),
  };
}

/** The rows of one, then those of the other, with the names and whatever else the first has. */
export function joinRows<Rows extends LabeledRows>(a: Rows, b: LabeledRows): Rows {
  const ArrayType =
    a.x.values instanceof Float32Array && b.x.values instanceof Float32Array
      ? Float32Array
      : Float64Array;
  const values = new ArrayType(a.x.values.length + b.x.values.length);
  values.set(a.x.values);
  values.set(b.x.values, a.x.values.length);
  const labels = new Int32Array(a.labels.length + b.labels.length);
  labels.set(a.labels);
  labels.set(b.labels, a.labels.length);
  return { ...a, x: { rows: a.x.rows + b.x.rows, columns: a.x.columns, values }, labels };
}
