import type { Dataset } from '@nn-lab/core/datasets';
import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';

/** A table of numbers `[rows, columns]`, row by row: a row is one sample, a column one feature. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` values. */
  readonly values: Float32Array | Float64Array;
}

/**
 * A matrix of equally long rows.
 *
 * @throws ShapeError when rows differ in length.
 * @throws InvalidArgumentError when there are none, or a value is not a finite number.
 */
export function matrixOf(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * columns);
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns) {
      throw new ShapeError(
        `Expected equally long rows, but row 0 has ${columns} values and row ${index} has ${row.length}.`,
      );
    }
    values.set(row, index * columns);
  }
  const matrix = { rows: rows.length, columns, values };
  checkMatrix(matrix);
  return matrix;
}

/** The images of a dataset as rows, on the dataset's own scale. Floats are shared, bytes copied. */
export function matrixOfDataset(dataset: Dataset): Matrix {
  const [height, width, channels] = dataset.shape;
  const { images } = dataset;
  const values = images instanceof Float32Array ? images : Float32Array.from(images);
  return { rows: dataset.count, columns: height * width * channels, values };
}

/** Throws unless the matrix is what it says, with at least one value, all finite. */
export function checkMatrix(matrix: Matrix, columns?: number): void {
  const { rows, columns: width, values } = matrix;
  if (!(values instanceof Float32Array || values instanceof Float64Array)) {
    throw new InvalidArgumentError(
      'Expected a matrix { rows, columns, values } with values in a Float32Array or Float64Array. Make one with matrixOf.',
    );
  }
  if (values.length === 0) {
    throw new InvalidArgumentError('Expected at least one row of at least one value, got none.');
  }
  if (!isCount(rows) || !isCount(width) || values.length !== rows * width) {
    throw new ShapeError(
      `Expected rows x columns values, got ${values.length} values for ${rows} rows of ${width} columns.`,
    );
  }
  if (columns !== undefined && width !== columns) {
    throw new ShapeError(
      `Expected ${columns} columns, as in training, got ${width}: give the same features in the same order.`,
    );
  }
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) {
      throw new InvalidArgumentError(
        `Expected finite numbers, got ${values[index]} in row ${Math.floor(index / width)}, column ${index % width}. Fill in or leave out what is missing first.`,
      );
    }
  }
}

/**
 * Throws unless there is a class for each row, from 0 on; returns how many classes there are.
 *
 * @param classCount - As many as there are, where some may have no row here.
 */
export function checkLabels(
  labels: ArrayLike<number>,
  rows: number,
  classCount: number | undefined,
): number {
  if (labels.length !== rows) {
    throw new ShapeError(`Expected a label for each of ${rows} rows, got ${labels.length}.`);
  }
  if (classCount !== undefined && !(isCount(classCount) && classCount >= 2)) {
    throw new InvalidArgumentError(
      `Expected classCount to be a whole number of at least 2, got ${classCount}.`,
    );
  }
  const limit = classCount ?? 65_536;
  let highest = 0;
  for (let index = 0; index < rows; index++) {
    const label = labels[index]!;
    if (!(Number.isInteger(label) && label >= 0 && label < limit)) {
      throw new InvalidArgumentError(
        `Expected labels that are whole numbers from 0 to ${limit - 1}, got ${label} for row ${index}.`,
      );
    }
    if (label > highest) highest = label;
  }
  const present = new Uint8Array(highest + 1);
  for (let index = 0; index < rows; index++) present[labels[index]!] = 1;
  const absent = present.indexOf(0);
  if (classCount === undefined && absent >= 0) {
    throw new InvalidArgumentError(
      `Expected labels 0 to ${highest}, each at least once, but no row has label ${absent}. Number the classes without gaps, or say how many there are with classCount.`,
    );
  }
  if (present.indexOf(1) === present.lastIndexOf(1)) {
    throw new InvalidArgumentError(
      `Expected rows of at least 2 classes, but all ${rows} have label ${highest}: there is nothing to tell apart.`,
    );
  }
  return classCount ?? highest + 1;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
