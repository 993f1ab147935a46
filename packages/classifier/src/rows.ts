import {
  checkMatrix,
  type Matrix,
  type ValidateMatrixOptions,
  validateMatrix,
} from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';

/** Distances of numbers of these sizes are neither too large nor too small for single precision. */
const scale = [1e-36, 1e36] as const;

/** Rows that go with others, by `columns`, may lie near 0. */
function scaled(options: ValidateMatrixOptions): ValidateMatrixOptions {
  return { ...options, scale: options.columns ? [0, scale[1]] : scale };
}

/**
 * Checks rows whose distances are to be computed: that they are what they say, all finite, and of a
 * size from 1e-36 to 1e36.
 *
 * @throws as `validateMatrix`.
 */
export function validateRows(x: Matrix, options: ValidateMatrixOptions = {}): void {
  validateMatrix(x, scaled(options));
}

/** The same as a part of other work. */
export function checkRows(x: Matrix, options: ValidateMatrixOptions, work: Work): Promise<void> {
  return checkMatrix(x, scaled(options), work);
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
