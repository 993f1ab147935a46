import {
  checkOptions,
  numberFrom,
  type OptionChecks,
  pairOf,
  someObject,
  text,
  wholeNumber,
} from '../checks/index.js';
import { InvalidArgumentError, ShapeError } from '../errors.js';
import type { Work } from '../work.js';

/** A table of numbers `[rows, columns]`, row by row: a row is one sample, a column one feature. */
export interface Matrix<Values extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` values. */
  readonly values: Values;
}

/** Options of {@link validateMatrix}. */
export interface ValidateMatrixOptions {
  /** What the matrix is called in errors. Default `'the data'`. */
  readonly name?: string;
  /** Columns that it must have, and whose they are. */
  readonly columns?: { readonly count: number; readonly of: string };
  /** Fewest rows that will do. Default 1. */
  readonly minimumRows?: number;
  /**
   * The smallest and the largest size that the largest of the values may have, where not all are 0:
   * what is computed with them must not overflow or vanish. Default: any.
   */
  readonly scale?: readonly [smallest: number, largest: number];
}

const validateMatrixChecks: OptionChecks<ValidateMatrixOptions> = {
  name: text,
  columns: someObject,
  minimumRows: wholeNumber(0),
  scale: pairOf(numberFrom(0)),
};

/**
 * Checks that a matrix is what it says: as many values as rows times columns, at least one, all
 * finite.
 *
 * @throws ShapeError when sizes do not fit.
 * @throws InvalidArgumentError when there are too few rows, or a value is not a finite number, or the
 * values are not of the scale.
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
  /** @throws InvalidArgumentError when what was looked at is not of the scale. */
  judge(): void;
}

/** @throws ShapeError or InvalidArgumentError for wrong sizes. */
function scanOf(matrix: Matrix, options: ValidateMatrixOptions): Scan {
  const { name = 'the data', columns, minimumRows = 1, scale } = options;
  const { values } = matrix ?? {};
  if (!(values instanceof Float32Array || values instanceof Float64Array)) {
    throw new InvalidArgumentError(
      `Expected ${name} as a matrix { rows, columns, values: Float32Array or Float64Array }, got ${describeArgument(matrix)}. Make one with matrixOf.`,
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
      if (!scale || largest === 0 || (largest >= scale[0] && largest <= scale[1])) return;
      const single = Math.fround(largest);
      const held = Number.isFinite(single) ? '' : `, which single precision holds as ${single}`;
      throw new InvalidArgumentError(
        `Expected ${name} to be of a scale from ${scale[0]} to ${scale[1]}, got ${values[largestAt]}${held} in ${place(largestAt)}. Multiply all of them by the same factor first.`,
      );
    },
  };
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

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function describeArgument(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return Array.isArray(value) ? `an array of ${value.length}` : `${value}`;
}
