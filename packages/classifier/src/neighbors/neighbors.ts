import {
  checkOptions,
  checkValue,
  flag,
  type OptionChecks,
  wholeNumber,
} from '@nn-lab/core/checks';
import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import type { Matrix } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { checkRows } from '../rows.js';
import { type Metric, metricCheck } from './metrics.js';
import { nearestRows } from './nearest.js';

/** Options of {@link exactNeighbors}. */
export interface ExactNeighborsOptions extends WorkOptions {
  /**
   * Query i is row i of the data, and not counted as a neighbor of itself. Default false: a query
   * that is among the data finds itself at distance 0.
   */
  readonly excludeSelf?: boolean;
  /** Default `'euclidean'`. `manhattan` is by far the slowest: it is no matrix product. */
  readonly metric?: Metric;
}

const exactNeighborsChecks: OptionChecks<ExactNeighborsOptions> = {
  ...workChecks,
  excludeSelf: flag,
  metric: metricCheck,
};

/** The nearest rows of each query, nearest first. */
export interface Neighbors {
  /** `[queries, k]`: positions in the data. */
  readonly indices: Int32Array;
  /** `[queries, k]`: distances, by whatever metric was asked for. */
  readonly distances: Float32Array;
}

/**
 * The k nearest rows of each query: the true ones, by brute force on the backend's matrix product, in
 * bounded memory. Of equally near rows, the one that comes first in
 * the data is the nearer.
 *
 * @example
 * ```ts
 * const { indices } = await exactNeighbors(train, test, 3);
 * ```
 *
 * @param data - The rows to choose from.
 * @param queries - The rows to find neighbors for; may be `data` itself.
 * @param k - How many, from 1 to the rows of `data` (one less with `excludeSelf`).
 * @throws InvalidArgumentError when there is nothing, a value is not finite, or k is out of range.
 * @throws ShapeError when the widths differ.
 */
export async function exactNeighbors(
  data: Matrix,
  queries: Matrix,
  k: number,
  options: ExactNeighborsOptions = {},
): Promise<Neighbors> {
  checkOptions(options, exactNeighborsChecks);
  const work = new Work(options);
  await checkRows(data, {}, work);
  if (queries !== data) {
    const columns = { count: data.columns, of: 'the data' };
    await checkRows(queries, { name: 'the queries', columns }, work);
  }
  const { excludeSelf = false, metric = 'euclidean' } = options;
  if (excludeSelf && queries.rows !== data.rows) {
    throw new ShapeError(
      `Expected as many queries as rows of data with excludeSelf, got ${queries.rows} and ${data.rows}.`,
    );
  }
  validateNeighborCount(k, excludeSelf ? data.rows - 1 : data.rows);
  const found = await nearestRows(data, queries, k, { work, excludeSelf, metric });
  return { indices: found.indices, distances: Float32Array.from(found.distances) };
}

/** @throws InvalidArgumentError unless k is a whole number from 1 to what there is. */
export function validateNeighborCount(k: number, available: number): void {
  const { expected, accepts } = wholeNumber(1, available);
  checkValue('k', k, { accepts, expected: `${expected}, the rows there are to choose from` });
}

/**
 * Checks neighbors that a caller gives.
 *
 * @returns how many each row has.
 * @throws ShapeError when there is not the same number for each row.
 * @throws InvalidArgumentError when a neighbor is no other row, or a distance is none.
 */
export function validateNeighbors({ indices, distances }: Neighbors, rows: number): number {
  const k = indices?.length / rows;
  if (!Number.isInteger(k) || k < 1 || distances?.length !== indices.length) {
    throw new ShapeError(
      `Expected neighbors with [${rows}, k] indices and as many distances, got ${indices?.length} and ${distances?.length}.`,
    );
  }
  for (let at = 0; at < indices.length; at++) {
    const row = Math.floor(at / k);
    const index = indices[at]!;
    if (!(index >= 0 && index < rows) || index === row) {
      throw new InvalidArgumentError(
        `Expected neighbors that are other rows, from 0 to ${rows - 1}, got ${index} for row ${row}. Leave the row itself out.`,
      );
    }
    if (!(distances[at]! >= 0 && distances[at]! < Infinity)) {
      throw new InvalidArgumentError(
        `Expected distances of 0 or more, got ${distances[at]} for row ${row}.`,
      );
    }
  }
  return k;
}
