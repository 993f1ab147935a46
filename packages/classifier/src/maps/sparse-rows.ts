import type { Work } from '@nn-lab/core/work';
import type { Neighbors } from '../neighbors/index.js';

/**
 * A sparse matrix by rows: row i has the entries `starts[i]` to `starts[i + 1]`. Rows are filled up
 * to multiples of four with entries of value 0.
 */
export interface SparseRows {
  readonly rows: number;
  /** `[rows + 1]` */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/**
 * A symmetric matrix from values that rows give to their neighbors.
 *
 * @param values - `[rows, k]`
 * @param combine - The value of a pair, of what each gives the other; 0 where it gives none.
 */
export async function symmetricRows(
  values: Float32Array,
  { indices }: Pick<Neighbors, 'indices'>,
  rows: number,
  combine: (one: number, other: number) => number,
  work: Work,
): Promise<SparseRows> {
  const k = indices.length / rows;
  const back = await transpose(values, indices, rows, work);
  const starts = new Int32Array(rows + 1);
  const columns = new Int32Array(2 * indices.length + 4 * rows);
  const combined = new Float32Array(columns.length);
  /** Where the current row has its entry for a column; stale where it lies before the row. */
  const entryOf = new Int32Array(rows).fill(-1);
  let end = 0;
  await work.inParts(rows, (first, last) => {
    for (let row = first; row < last; row++) fillRow(row);
  });
  starts[rows] = end;
  return { rows, starts, columns: columns.slice(0, end), values: combined.slice(0, end) };

  function fillRow(row: number): void {
    const start = end;
    starts[row] = start;
    for (let at = row * k; at < (row + 1) * k; at++, end++) {
      entryOf[indices[at]!] = end;
      columns[end] = indices[at]!;
      combined[end] = combine(values[at]!, 0);
    }
    for (let at = back.starts[row]!; at < back.starts[row + 1]!; at++) {
      const column = back.columns[at]!;
      const entry = entryOf[column]!;
      if (entry >= start) {
        combined[entry] = combine(values[row * k + entry - start]!, back.values[at]!);
      } else {
        columns[end] = column;
        combined[end++] = combine(0, back.values[at]!);
      }
    }
    while (end % 4 !== 0) columns[end++] = row;
  }
}

async function transpose(values: Float32Array, indices: Int32Array, rows: number, work: Work) {
  const k = indices.length / rows;
  const starts = new Int32Array(rows + 1);
  for (const index of indices) starts[index + 1]!++;
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
  const ends = starts.slice(0, rows);
  const columns = new Int32Array(indices.length);
  const transposed = new Float32Array(indices.length);
  await work.inParts(rows, (first, last) => {
    for (let row = first, at = first * k; row < last; row++) {
      for (let j = 0; j < k; j++, at++) {
        const to = ends[indices[at]!]!++;
        columns[to] = row;
        transposed[to] = values[at]!;
      }
    }
  });
  return { starts, columns, values: transposed };
}

/** Rows of k probabilities each as a sparse matrix, for points that look at others. */
export function rowsOf(
  probabilities: Float32Array,
  { indices }: Pick<Neighbors, 'indices'>,
  rows: number,
): SparseRows {
  const k = indices.length / rows;
  const width = Math.ceil(k / 4) * 4;
  const columns = new Int32Array(rows * width);
  const values = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    columns.set(indices.subarray(row * k, (row + 1) * k), row * width);
    values.set(probabilities.subarray(row * k, (row + 1) * k), row * width);
  }
  return {
    rows,
    starts: Int32Array.from({ length: rows + 1 }, (_, row) => row * width),
    columns,
    values,
  };
}

/**
 * The means of the places of each row's neighbors on a map, weighed by shares that sum to 1.
 *
 * @param map - `[points, 2]`
 * @param shares - `[rows, k]`
 * @returns `[rows, 2]`
 */
export function weightedMeans(
  map: Float32Array,
  shares: Float32Array,
  indices: Int32Array,
  k: number,
): Float32Array {
  const means = new Float32Array((2 * indices.length) / k);
  for (let at = 0; at < indices.length; at++) {
    const row = Math.floor(at / k);
    const neighbor = indices[at]!;
    means[2 * row]! += shares[at]! * map[2 * neighbor]!;
    means[2 * row + 1]! += shares[at]! * map[2 * neighbor + 1]!;
  }
  return means;
}
