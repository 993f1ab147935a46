import {
  checkOptions,
  type OptionChecks,
  someObject,
  text,
  wholeNumber,
} from '@nn-lab/core/checks';
import type { Dataset } from '@nn-lab/core/datasets';
import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import type { Work } from '@nn-lab/core/work';

/** A table of numbers `[rows, columns]`, row by row: a row is one sample, a column one feature. */
export interface Matrix<Values extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` values. */
  readonly values: Values;
}

/**
 * A matrix of rows, or of values that lie row by row already. A `Float32Array` or a `Float64Array` is
 * kept, not copied.
 *
 * Other numbers are copied as they are: to single precision if it holds all of them exactly, as it does
 * whole numbers up to 16,777,216, and to double precision if not. So times in seconds since 1970 keep
 * their seconds.
 *
 * @example
 * ```ts
 * matrixOf([[0, 1], [2, 3], [4, 5]]);
 * matrixOf(new Float32Array(6), 2);
 * ```
 *
 * @param source - Equally long rows, or all values in one array.
 * @param columns - Features a row; needed for values in one array.
 * @throws ShapeError when rows differ in length or values do not divide into rows.
 * @throws InvalidArgumentError when there is nothing, or a value is not a finite number.
 */
export function matrixOf(
  source: readonly ArrayLike<number>[] | ArrayLike<number>,
  columns?: number,
): Matrix {
  const matrix = columns === undefined ? ofRows(source) : ofValues(source, columns);
  // How small its numbers may be depends on what they are for.
  validateMatrix(matrix, { columns: { count: matrix.columns, of: 'itself' } });
  return matrix;
}

function ofRows(source: readonly ArrayLike<number>[] | ArrayLike<number>): Matrix {
  const rows = Array.from(source as readonly ArrayLike<number>[]);
  const columns = rows[0]?.length ?? 0;
  const ragged = rows.findIndex((row) => row?.length !== columns);
  if (ragged >= 0 || (rows.length > 0 && rows[0]?.length === undefined)) {
    throw new ShapeError(
      `Expected equally long rows of numbers, but row 0 has ${rows[0]?.length ?? 'no'} values and row ${Math.max(ragged, 0)} ${rows[ragged]?.length ?? 'none'}. Give values that lie in one array with the number of columns.`,
    );
  }
  const values = new Float64Array(rows.length * columns);
  rows.forEach((row, index) => {
    values.set(row, index * columns);
  });
  return { rows: rows.length, columns, values: withoutRounding(values) };
}

function ofValues(source: readonly ArrayLike<number>[] | ArrayLike<number>, columns: number) {
  const given =
    source instanceof Float32Array || source instanceof Float64Array
      ? source
      : Float64Array.from(source as ArrayLike<number>);
  if (!isCount(columns) || columns < 1 || given.length % columns !== 0) {
    throw new ShapeError(
      `Expected values that divide into rows of ${columns} columns, got ${given.length} values.`,
    );
  }
  const values = given === source ? given : withoutRounding(given as Float64Array);
  return { rows: values.length / columns, columns, values };
}

/** Single precision takes half the room and half the time, where it holds the very same numbers. */
export function withoutRounding(values: Float64Array): Float32Array | Float64Array {
  const rounded = Float32Array.from(values);
  for (let at = 0; at < values.length; at++) {
    if (rounded[at] !== values[at] && !Number.isNaN(values[at])) return values;
  }
  return rounded;
}

/** The images of a dataset as rows, on the dataset's own scale. Floats are shared, bytes copied. */
export function matrixOfDataset(dataset: Dataset): Matrix {
  const [height, width, channels] = dataset.shape;
  const { images } = dataset;
  const values = images instanceof Float32Array ? images : Float32Array.from(images);
  return { rows: dataset.count, columns: height * width * channels, values };
}

/** Options of {@link validateMatrix}. */
export interface ValidateMatrixOptions {
  /** What the matrix is called in errors. Default `'the data'`. */
  readonly name?: string;
  /** Columns that it must have, and whose they are. */
  readonly columns?: { readonly count: number; readonly of: string };
  /** Fewest rows that will do. Default 1. */
  readonly minimumRows?: number;
}

const validateMatrixChecks: OptionChecks<ValidateMatrixOptions> = {
  name: text,
  columns: someObject,
  minimumRows: wholeNumber(0),
};

/**
 * Checks that a matrix is what it says: as many values as rows times columns, at least one, all
 * finite and of a size from 1e-36 to 1e36.
 *
 * @throws ShapeError when sizes do not fit.
 * @throws InvalidArgumentError when there are too few rows, or a value is not a finite number or far
 * too large, or all of them are far too small (not of rows that go with others, by `columns`: these
 * may lie near 0).
 */
export function validateMatrix(matrix: Matrix, options: ValidateMatrixOptions = {}): void {
  checkOptions(options, validateMatrixChecks);
  const scan = scanOf(matrix, options);
  scan.look(0, matrix.values.length);
  scan.judge();
}

/** The same as a part of other work. */
export async function checkMatrix(
  matrix: Matrix,
  options: ValidateMatrixOptions,
  work: Work,
): Promise<void> {
  const scan = scanOf(matrix, options);
  await work.inParts(matrix.values.length, (begin, end) => scan.look(begin, end));
  scan.judge();
}

/** A look at all values of a matrix. */
interface Scan {
  /** @throws InvalidArgumentError when a value is not finite. */
  look(begin: number, end: number): void;
  /** @throws InvalidArgumentError when what was looked at is far too large or too small. */
  judge(): void;
}

/** @throws ShapeError or InvalidArgumentError for wrong sizes. */
function scanOf(matrix: Matrix, options: ValidateMatrixOptions): Scan {
  const { name = 'the data', columns, minimumRows = 1 } = options;
  const { values } = matrix ?? {};
  if (!(values instanceof Float32Array || values instanceof Float64Array)) {
    throw new InvalidArgumentError(
      `Expected ${name} as a matrix { rows, columns, values: Float32Array or Float64Array }, got ${describe(matrix)}. Make one with matrixOf.`,
    );
  }
  const { rows, columns: width } = matrix;
  if (!isCount(rows) || !isCount(width) || values.length !== rows * width) {
    throw new ShapeError(
      `Expected ${name} to hold rows x columns values, got ${rows} rows, ${width} columns and ${values.length} values.`,
    );
  }
  if (rows < minimumRows || width === 0) {
    throw new InvalidArgumentError(
      `Expected ${name} to have at least ${minimumRows} ${minimumRows === 1 ? 'row' : 'rows'} and 1 column, got ${rows} and ${width}.`,
    );
  }
  if (columns && width !== columns.count) {
    throw new ShapeError(
      `Expected ${name} to have ${columns.count} columns like ${columns.of}, got ${width}.`,
    );
  }
  const place = (at: number) => `row ${Math.floor(at / width)}, column ${at % width}`;
  let largestAt = 0;
  let largest = 0;
  return {
    look(begin, end) {
      for (let at = begin; at < end; at++) {
        const size = Math.abs(values[at]!);
        if (size <= largest) continue;
        if (!Number.isFinite(size)) {
          throw new InvalidArgumentError(
            `Expected ${name} to hold finite numbers, got ${values[at]} in ${place(at)}. Fill in or leave out what is missing first.`,
          );
        }
        largest = size;
        largestAt = at;
      }
    },
    judge() {
      if (largest <= largestSize && (largest === 0 || largest >= smallestSize || columns)) return;
      const single = Math.fround(largest);
      const held = Number.isFinite(single) ? '' : `, which single precision holds as ${single}`;
      throw new InvalidArgumentError(
        `Expected ${name} to be of a scale from ${smallestSize} to ${largestSize}, got ${values[largestAt]}${held} in ${place(largestAt)}. Multiply all of them by the same factor first.`,
      );
    },
  };
}

/** Distances of numbers of these sizes are neither too large nor too small for single precision. */
const largestSize = 1e36;
const smallestSize = 1e-36;

/**
 * Checks class labels: one a row, each a whole number from 0.
 *
 * @returns how many classes there are: the highest label and one.
 * @throws ShapeError when there is not one label a row.
 * @throws InvalidArgumentError when a label is not a whole number from 0 to 9999.
 */
export function validateLabels(labels: ArrayLike<number>, rows: number): number {
  if (labels?.length !== rows) {
    throw new ShapeError(`Expected one label a row, ${rows}, got ${labels?.length ?? 'none'}.`);
  }
  let highest = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label > 9999) {
      throw new InvalidArgumentError(
        `Expected labels that are class numbers 0, 1, 2, ... (at most 9999), got ${describe(label)} for row ${row}. Number your classes, say with classNames.indexOf(name).`,
      );
    }
    if (label > highest) highest = label;
  }
  return highest + 1;
}

/** The rows at these positions, in their order, copied. */
export function takeRows<Values extends Float32Array | Float64Array>(
  matrix: Matrix<Values>,
  indices: ArrayLike<number>,
): Matrix<Values> {
  const { columns } = matrix;
  const ArrayType = matrix.values.constructor as new (length: number) => Values;
  const values = new ArrayType(indices.length * columns);
  for (let row = 0; row < indices.length; row++) {
    const from = indices[row]! * columns;
    values.set(matrix.values.subarray(from, from + columns), row * columns);
  }
  return { rows: indices.length, columns, values };
}

/** The columns that are not the same in all rows, ascending. */
export function varyingColumns({ rows, columns, values }: Matrix): Int32Array {
  const varying: number[] = [];
  for (let column = 0; column < columns; column++) {
    const first = values[column];
    for (let row = 1; row < rows; row++) {
      if (values[row * columns + column] !== first) {
        varying.push(column);
        break;
      }
    }
  }
  return Int32Array.from(varying);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return Array.isArray(value) ? `an array of ${value.length}` : `${value}`;
}
