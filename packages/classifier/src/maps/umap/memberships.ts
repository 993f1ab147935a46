import type { Work } from '@nn-lab/core/work';
import type { Neighbors } from '../../neighbors/index.js';
import { type SparseRows, symmetricRows } from '../sparse-rows.js';

const tolerance = 1e-5;
/** No row's scale is below this share of its mean distance. */
const leastScale = 1e-3;

/**
 * How much each neighbor belongs to a row, in [0, 1]: `exp(-(d - rho) / sigma)`, where rho is the
 * distance of the nearest neighbor that is not at distance 0, and sigma such that the row's shares
 * sum to the binary logarithm of the number of neighbors, itself included (McInnes, Healy and
 * Melville 2018, algorithm 3, with the details of umap-learn).
 *
 * @param distances - `[rows, k]`, nearest first, the row itself left out.
 * @param localConnectivity - How many neighbors belong fully: 1 for the rows of a map; 0, for new
 *   rows, sets rho to 0.
 * @returns `[rows, k]`
 */
export async function memberships(
  distances: Float32Array,
  k: number,
  localConnectivity: 0 | 1,
  work: Work,
): Promise<Float32Array> {
  const target = Math.log2(k + localConnectivity);
  const shares = new Float32Array(distances.length);
  const addRow = (start: number) => {
    const row = distances.subarray(start, start + k);
    const rho = localConnectivity === 1 ? (row.find((distance) => distance > 0) ?? 0) : 0;
    let mean = 0;
    for (const distance of row) mean += distance / (k + localConnectivity);
    const sigma = scaleFor(row, rho, target, leastScale * mean);
    for (let j = 0; j < k; j++) {
      const beyond = row[j]! - rho;
      shares[start + j] = beyond <= 0 || sigma === 0 ? 1 : Math.exp(-beyond / sigma);
    }
  };
  await work.inParts(distances.length / k, (begin, end) => {
    for (let row = begin; row < end; row++) addRow(row * k);
  });
  return shares;
}

/** The sigma for which the shares of a row sum to the target; the least one if that is larger. */
function scaleFor(row: Float32Array, rho: number, target: number, least: number): number {
  let low = 0;
  let high = Infinity;
  let sigma = 1;
  for (;;) {
    let sum = 0;
    for (const distance of row) {
      const beyond = distance - rho;
      sum += beyond > 0 ? Math.exp(-beyond / sigma) : 1;
    }
    if (Math.abs(sum - target) < tolerance) break;
    if (sum > target) {
      if (sigma <= least) break;
      high = sigma;
    } else {
      low = sigma;
    }
    const next = high === Infinity ? sigma * 2 : (low + high) / 2;
    if (next === sigma || next === Infinity) break;
    sigma = next;
  }
  return Math.max(least, sigma);
}

/**
 * The weighted graph of a map: each pair of neighbors belongs together if one of them says so,
 * `m + m' - m m'`.
 */
export function neighborGraph(
  shares: Float32Array,
  neighbors: Pick<Neighbors, 'indices'>,
  rows: number,
  work: Work,
): Promise<SparseRows> {
  const combine = (one: number, other: number) => one + other - one * other;
  return symmetricRows(shares, neighbors, rows, combine, work);
}
