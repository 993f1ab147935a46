import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { type Matrix, validateMatrix } from '../matrix.js';
import { nearestRows } from './nearest.js';

/** Options of {@link exactNeighbours}. */
export interface ExactNeighboursOptions {
  /**
   * Query i is row i of the data, and not counted as a neighbour of itself. Default false: a query
   * that is among the data finds itself at distance 0.
   */
  readonly excludeSelf?: boolean;
  /** Told after each 2,048 queries how many are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The nearest rows of each query, nearest first. */
export interface Neighbours {
  /** `[queries, k]`: positions in the data. */
  readonly indices: Int32Array;
  /** `[queries, k]`: Euclidean distances. */
  readonly distances: Float32Array;
}

/**
 * The k nearest rows of each query by Euclidean distance: the true ones, by brute force on the
 * backend's matrix product, in bounded memory. Of equally near rows, the one that comes first in
 * the data is the nearer.
 *
 * @example
 * ```ts
 * const { indices } = await exactNeighbours(train, test, 3);
 * ```
 *
 * @param data - The rows to choose from.
 * @param queries - The rows to find neighbours for; may be `data` itself.
 * @param k - How many, from 1 to the rows of `data` (one less with `excludeSelf`).
 * @throws InvalidArgumentError when there is nothing, a value is not finite, or k is out of range.
 * @throws ShapeError when the widths differ.
 */
export async function exactNeighbours(
  data: Matrix,
  queries: Matrix,
  k: number,
  options: ExactNeighboursOptions = {},
): Promise<Neighbours> {
  validateMatrix(data);
  if (queries !== data) {
    validateMatrix(queries, {
      name: 'the queries',
      columns: { count: data.columns, of: 'the data' },
    });
  }
  const { excludeSelf = false } = options;
  if (excludeSelf && queries.rows !== data.rows) {
    throw new ShapeError(
      `Expected as many queries as rows of data with excludeSelf, got ${queries.rows} and ${data.rows}.`,
    );
  }
  validateNeighbourCount(k, excludeSelf ? data.rows - 1 : data.rows);
  const { indices, squared } = await nearestRows(data, queries, k, options);
  return { indices, distances: Float32Array.from(squared, Math.sqrt) };
}

/** @throws InvalidArgumentError unless k is a whole number from 1 to what there is. */
export function validateNeighbourCount(k: number, available: number): void {
  if (!Number.isInteger(k) || k < 1 || k > available) {
    throw new InvalidArgumentError(
      `Expected k to be a whole number from 1 to ${available}, the rows there are to choose from, got ${k}.`,
    );
  }
}
