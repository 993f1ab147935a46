import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { Neighbours } from '../knn/index.js';

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

/** How close the entropy of a row must come to log(perplexity). */
const entropyTolerance = 1e-5;
const mostSteps = 100;

/**
 * For each row the probabilities `p(j | i)` with which point i would pick each of its neighbours
 * under a Gaussian around it, as wide as gives the distribution the perplexity asked for: an
 * effective number of neighbours (van der Maaten and Hinton 2008, equation 1).
 *
 * The width is found by Newton's method on the entropy, held inside a shrinking bracket. Where no
 * width can do, because more neighbours than the perplexity are equally near, all of those have equal
 * shares.
 *
 * @param distances - `[rows, k]`: Euclidean distances.
 * @returns `[rows, k]`: each row sums to 1.
 * @throws InvalidArgumentError unless 1 <= perplexity <= k.
 */
export function conditionalProbabilities(
  distances: Float32Array,
  k: number,
  perplexity: number,
): Float32Array {
  if (!(perplexity >= 1 && perplexity <= k)) {
    throw new InvalidArgumentError(
      `Expected a perplexity from 1 to the number of neighbours, ${k}, got ${perplexity}. Lower it, or give more rows.`,
    );
  }
  const target = Math.log(perplexity);
  const probabilities = new Float32Array(distances.length);
  const squared = new Float64Array(k);
  for (let start = 0; start < distances.length; start += k) {
    let nearest = Infinity;
    for (let j = 0; j < k; j++) {
      const distance = distances[start + j]!;
      squared[j] = distance * distance;
      if (squared[j]! < nearest) nearest = squared[j]!;
    }
    for (let j = 0; j < k; j++) squared[j]! -= nearest; // no change to the shares, and no underflow
    fillRow(probabilities.subarray(start, start + k), squared, precisionFor(squared, target));
  }
  return probabilities;
}

/** The factor b for which the shares exp(-b d) / sum have the target entropy. */
function precisionFor(squared: Float64Array, target: number): number {
  let mean = 0;
  for (const distance of squared) mean += distance / squared.length;
  if (mean === 0) return 1;
  let precision = 1 / mean;
  let low = 0;
  let high = Infinity;
  for (let step = 0; step < mostSteps; step++) {
    let sum = 0;
    let first = 0;
    let second = 0;
    for (const distance of squared) {
      const share = Math.exp(-precision * distance);
      sum += share;
      first += distance * share;
      second += distance * distance * share;
    }
    const average = first / sum;
    const excess = Math.log(sum) + precision * average - target;
    if (Math.abs(excess) <= entropyTolerance) break;
    if (excess > 0) low = precision;
    else high = precision;
    // The slope of the entropy by log(precision) is -precision^2 times the variance.
    const slope = precision * precision * (second / sum - average * average);
    let next = precision * Math.exp(Math.max(-2, Math.min(2, excess / slope)));
    if (!(next > low && next < high)) next = high === Infinity ? precision * 2 : (low + high) / 2;
    if (next === precision || !Number.isFinite(next)) break;
    precision = next;
  }
  return precision;
}

function fillRow(row: Float32Array, squared: Float64Array, precision: number): void {
  let sum = 0;
  for (const distance of squared) sum += Math.exp(-precision * distance);
  for (let j = 0; j < row.length; j++) row[j] = Math.exp(-precision * squared[j]!) / sum;
}

/**
 * The symmetric joint probabilities `(p(j | i) + p(i | j)) / 2n` of all pairs of neighbours.
 *
 * @param probabilities - `[n, k]`, of {@link conditionalProbabilities}.
 */
export function jointProbabilities(
  probabilities: Float32Array,
  { indices }: Pick<Neighbours, 'indices'>,
  rows: number,
): SparseRows {
  const k = indices.length / rows;
  const back = transpose(probabilities, indices, rows);
  const starts = new Int32Array(rows + 1);
  const columns = new Int32Array(2 * indices.length + 4 * rows);
  const values = new Float32Array(columns.length);
  /** Where the current row has its entry for a column; stale where it lies before the row. */
  const entryOf = new Int32Array(rows).fill(-1);
  let end = 0;
  for (let row = 0; row < rows; row++) {
    const start = end;
    starts[row] = start;
    for (let at = row * k; at < (row + 1) * k; at++) {
      entryOf[indices[at]!] = end;
      columns[end] = indices[at]!;
      values[end++] = probabilities[at]! / (2 * rows);
    }
    for (let at = back.starts[row]!; at < back.starts[row + 1]!; at++) {
      const column = back.columns[at]!;
      const value = back.values[at]! / (2 * rows);
      if (entryOf[column]! >= start) values[entryOf[column]!]! += value;
      else {
        columns[end] = column;
        values[end++] = value;
      }
    }
    while (end % 4 !== 0) columns[end++] = row;
  }
  starts[rows] = end;
  return { rows, starts, columns: columns.slice(0, end), values: values.slice(0, end) };
}

function transpose(values: Float32Array, indices: Int32Array, rows: number) {
  const k = indices.length / rows;
  const starts = new Int32Array(rows + 1);
  for (const index of indices) starts[index + 1]!++;
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
  const ends = starts.slice(0, rows);
  const columns = new Int32Array(indices.length);
  const transposed = new Float32Array(indices.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = 0; j < k; j++, at++) {
      const to = ends[indices[at]!]!++;
      columns[to] = row;
      transposed[to] = values[at]!;
    }
  }
  return { starts, columns, values: transposed };
}

/** Rows of k probabilities each as a sparse matrix, for points that look at others. */
export function rowsOf(
  probabilities: Float32Array,
  { indices }: Pick<Neighbours, 'indices'>,
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
