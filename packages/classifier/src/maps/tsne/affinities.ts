import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { Work } from '@nn-lab/core/work';
import type { Neighbors } from '../../neighbors/index.js';
import { type SparseRows, symmetricRows } from '../sparse-rows.js';

/** How close the entropy of a row must come to log(perplexity). */
const entropyTolerance = 1e-5;
const mostSteps = 100;

/**
 * For each row the probabilities `p(j | i)` with which point i would pick each of its neighbors
 * under a Gaussian around it, as wide as gives the distribution the perplexity asked for: an
 * effective number of neighbors (van der Maaten and Hinton 2008, equation 1).
 *
 * The width is found by Newton's method on the entropy, held inside a shrinking bracket. Where no
 * width can do, because more neighbors than the perplexity are equally near, all of those have equal
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
      `Expected a perplexity from 1 to the number of neighbors, ${k}, got ${perplexity}. Lower it, or give more rows.`,
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

/** The same, with turns for others between parts of the rows. */
export async function conditionalProbabilitiesInTurns(
  distances: Float32Array,
  k: number,
  perplexity: number,
  work: Work,
): Promise<Float32Array> {
  const probabilities = new Float32Array(distances.length);
  await work.stage('affinities', distances.length / k, (begin, end) => {
    const part = distances.subarray(begin * k, end * k);
    probabilities.set(conditionalProbabilities(part, k, perplexity), begin * k);
  });
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
 * The symmetric joint probabilities `(p(j | i) + p(i | j)) / 2n` of all pairs of neighbors.
 *
 * @param probabilities - `[n, k]`, of {@link conditionalProbabilities}.
 */
export function jointProbabilities(
  probabilities: Float32Array,
  neighbors: Pick<Neighbors, 'indices'>,
  rows: number,
  work: Work,
): Promise<SparseRows> {
  const share = 1 / (2 * rows);
  const combine = (one: number, other: number) => (one + other) * share;
  return symmetricRows(probabilities, neighbors, rows, combine, work);
}
