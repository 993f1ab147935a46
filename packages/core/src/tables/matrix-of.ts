import type { Dataset, UnlabeledDataset } from '../datasets/dataset.js';
import { InvalidArgumentError, ShapeError } from '../errors.js';
import { isCount, type Matrix, validateMatrix } from './matrix.js';

/** Numbers with a shape `[rows, ...]`, as `parseNpy` gives them. */
export interface ShapedNumbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What {@link matrixOf} needs of a `tf.Tensor`, `[rows, ...]`. */
export interface TensorLike {
  readonly shape: readonly number[];
  data(): Promise<ArrayLike<number | string>>;
}

/** What {@link matrixOf} takes and has at hand. */
export type MatrixSource =
  | readonly ArrayLike<number>[]
  | ArrayLike<number>
  | Dataset
  | UnlabeledDataset
  | ShapedNumbers
  | Matrix;

/**
 * A matrix of what you have: rows; values that lie row by row already, with the number of columns; the
 * images of a data set, on its own scale; numbers with a shape `[rows, ...]`; or a tensor `[rows, ...]`,
 * which is borrowed. More than two dimensions are laid out in the row.
 *
 * A `Float32Array` or a `Float64Array` is kept, not copied. Other numbers are copied as they are: to
 * single precision if it holds all of them exactly, as it does whole numbers up to 16,777,216, and to
 * double precision if not. So times in seconds since 1970 keep their seconds.
 *
 * @example
 * ```ts
 * matrixOf([[0, 1], [2, 3], [4, 5]]);
 * matrixOf(new Float32Array(6), 2);
 * await matrixOf(tf.tensor2d([[0, 1], [2, 3]]));
 * ```
 *
 * @param source - The rows.
 * @param columns - Features a row; needed for values in one array, and only there.
 * @throws ShapeError when rows differ in length or values do not divide into rows.
 * @throws InvalidArgumentError when there is nothing, or a value is not a finite number.
 */
export function matrixOf(source: MatrixSource, columns?: number): Matrix;
export function matrixOf(tensor: TensorLike): Promise<Matrix>;
export function matrixOf(
  source: MatrixSource | TensorLike,
  columns?: number,
): Matrix | Promise<Matrix> {
  if (isTensor(source)) return matrixOfTensor(source);
  const matrix = columns === undefined ? ofSource(source) : ofValues(source, columns);
  validateMatrix(matrix);
  return matrix;
}

async function matrixOfTensor(tensor: TensorLike): Promise<Matrix> {
  const { shape } = tensor;
  return matrixOf({ shape, data: (await tensor.data()) as ArrayLike<number> });
}

function isTensor(source: MatrixSource | TensorLike): source is TensorLike {
  return typeof (source as Partial<TensorLike> | undefined)?.data === 'function';
}

function ofSource(source: MatrixSource): Matrix {
  if (typeof source !== 'object' || source === null || 'length' in source) {
    return ofRows(source ?? []);
  }
  if ('images' in source) return ofShaped([source.count, ...source.shape], source.images);
  return 'data' in source ? ofShaped(source.shape, source.data) : source;
}

function ofShaped(shape: readonly number[], data: ArrayLike<number>): Matrix {
  const [rows, ...sizes] = shape;
  const columns = sizes.reduce((product, size) => product * size, 1);
  if (rows === undefined || sizes.length === 0 || data.length !== rows * columns) {
    throw new ShapeError(
      `Expected numbers of a shape [rows, columns], got ${data.length} numbers of the shape [${shape.join(', ')}].`,
    );
  }
  // Without columns, values do not say how many rows they are.
  if (columns === 0) return { rows, columns, values: new Float32Array() };
  return ofValues(data, columns);
}

function ofRows(source: readonly ArrayLike<number>[] | ArrayLike<number>): Matrix {
  const rows = Array.from(source as readonly ArrayLike<number>[]);
  const columns = rows[0]?.length ?? 0;
  const ragged = rows.findIndex((row) => row?.length !== columns);
  if (ragged >= 0 || (rows.length > 0 && rows[0]?.length === undefined)) {
    throw new ShapeError(
      `Expected equally long rows of numbers, but row 0 has ${rows[0]?.length ?? 'no'} values and row ${Math.max(ragged, 0)} has ${rows[ragged]?.length ?? 'none'}. Give values that lie in one array with the number of columns.`,
    );
  }
  const values = new Float64Array(rows.length * columns);
  rows.forEach((row, index) => {
    values.set(row, index * columns);
  });
  return { rows: rows.length, columns, values: withoutRounding(values) };
}

function ofValues(source: MatrixSource, columns: number): Matrix {
  const values = numbersOf(source as ArrayLike<number>);
  if (!isCount(columns) || columns < 1 || values.length % columns !== 0) {
    throw new ShapeError(
      `Expected values that divide into rows of ${columns} columns, got ${values.length} values.`,
    );
  }
  return { rows: values.length / columns, columns, values };
}

function numbersOf(source: ArrayLike<number>): Float32Array | Float64Array {
  if (source instanceof Float32Array || source instanceof Float64Array) return source;
  if (source instanceof Uint8Array) return Float32Array.from(source);
  if (typeof source?.[0] === 'string') {
    throw new InvalidArgumentError(`Expected numbers, got '${source[0]}'.`);
  }
  return withoutRounding(Float64Array.from(source));
}

/**
 * The same numbers in single precision, which takes half the room and half the time, where it holds
 * all of them exactly; else the numbers themselves.
 */
export function withoutRounding(values: Float64Array): Float32Array | Float64Array {
  const rounded = Float32Array.from(values);
  for (let at = 0; at < values.length; at++) {
    if (rounded[at] !== values[at] && !Number.isNaN(values[at])) return values;
  }
  return rounded;
}
