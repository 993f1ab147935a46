import { checkOptions, numberFrom, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import type { Matrix } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { Pca } from '../maps/pca/index.js';
import { checkRows } from '../rows.js';
import { type ThreadOptions, threadChecks } from '../workspace.js';
import { candidateRows } from './candidate-rows.js';
import { compareAll } from './compare-all.js';
import { squaredDistance } from './distances.js';
import { type Metric, measures, metricCheck, rowsIn } from './metrics.js';
import { nearestRows } from './nearest.js';
import { type Neighbors, validateNeighborCount } from './neighbors.js';

/** Options of {@link approximateNeighbors}. */
export interface ApproximateNeighborsOptions extends ThreadOptions, WorkOptions {
  /** Principal components to choose candidates by. Default 50. */
  readonly components?: number;
  /** Candidates for each neighbor wanted, from 1. Default 2. */
  readonly candidates?: number;
  /** Of the candidates. Default `'euclidean'`. */
  readonly metric?: Metric;
}

const approximateNeighborsChecks: OptionChecks<ApproximateNeighborsOptions> = {
  ...threadChecks,
  ...workChecks,
  components: wholeNumber(1),
  candidates: numberFrom(1),
  metric: metricCheck,
};

/**
 * Nearly the k nearest other rows of each row, for maps of many wide rows: candidates are the nearest
 * on the leading principal components, and the best of them by true distance are taken. The
 * distances given are the true ones. Of 784 columns it spares nine tenths of the work.
 *
 * Where there are no more columns than components, the neighbors are the exact ones.
 *
 * @example
 * ```ts
 * const neighbors = await approximateNeighbors(x, 14);
 * await new Umap({ neighbors: 15 }).fit(x, { neighbors });
 * ```
 *
 * @param k - How many, from 1 to the rows less one.
 * @throws InvalidArgumentError when there is nothing, a value is not finite, or k or an option is out
 * of range.
 */
export async function approximateNeighbors(
  x: Matrix,
  k: number,
  options: ApproximateNeighborsOptions = {},
): Promise<Neighbors> {
  checkOptions(options, approximateNeighborsChecks);
  const work = new Work(options);
  await checkRows(x, { minimumRows: 2 }, work);
  validateNeighborCount(k, x.rows - 1);
  const { metric = 'euclidean' } = options;
  return approximately(await rowsIn(metric, x, work), k, metric, options, work);
}

/** @param x - As {@link rowsIn} gives them. */
async function approximately(
  x: Matrix,
  k: number,
  metric: Metric,
  options: Omit<ApproximateNeighborsOptions, 'metric'>,
  work: Work,
): Promise<Neighbors> {
  const { components = 50, candidates = 2 } = options;
  if (components >= Math.min(x.columns, x.rows - 1)) {
    return exactOthers(x, k, metric, options, work);
  }
  const reduced = await Pca.reduce(components, x, work);
  const count = Math.min(x.rows - 1, Math.ceil(k * candidates));
  const { indices } = await candidateRows(reduced, count, options, work);
  const { neighbors, farthestTaken } = await nearestOf(x, indices, count, k, metric, work);
  const width = reduced.columns;
  const origin = new Float64Array(width);
  await compareDoubtful(x, k, metric, neighbors, work, (row) => {
    const squared = squaredDistance(reduced.values, row * width, origin, 0, width);
    return farthestTaken[row]! ** 2 < squared * leastShare ** 2;
  });
  return neighbors;
}

/** Single precision does not place a row far from the mean so well that nearer ones can be told apart. */
const leastShare = 2 ** -18;

/** So many more candidates than neighbors leave room for the rounding of single precision. */
const spareCandidates = 8;

/**
 * The exact ones: where single precision leaves a doubt, all rows are compared in double precision.
 *
 * @param x - As {@link rowsIn} gives them.
 */
async function exactOthers(
  x: Matrix,
  k: number,
  metric: Metric,
  options: ThreadOptions,
  work: Work,
): Promise<Neighbors> {
  if (metric === 'manhattan') {
    const found = await nearestRows(x, x, k, { work, excludeSelf: true, metric });
    return { indices: found.indices, distances: Float32Array.from(found.distances) };
  }
  const count = Math.min(x.rows - 1, k + spareCandidates);
  const { indices, surelyWithin } = await candidateRows(x, count, options, work);
  const found = await nearestOf(x, indices, count, k, metric, work);
  const { neighbors, farthest, farthestTaken } = found;
  if (count === x.rows - 1) return neighbors;
  // Not even equally far: such a row may come first in the data.
  await compareDoubtful(
    x,
    k,
    metric,
    neighbors,
    work,
    (row) => !(farthestTaken[row]! < surelyWithin(farthest[row]!)),
  );
  return neighbors;
}

/** Finds the neighbors of some rows anew, by comparing all rows in double precision. */
async function compareDoubtful(
  x: Matrix,
  k: number,
  metric: Metric,
  { indices, distances }: Neighbors,
  work: Work,
  isDoubtful: (row: number) => boolean,
): Promise<void> {
  const { compare, distanceOf } = measures[metric];
  const compared = new Float64Array(k);
  await work.stage('close neighbors', x.rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      if (!isDoubtful(row)) continue;
      const [from, to] = [row * k, (row + 1) * k];
      compareAll(x, x, row, row, compare, indices.subarray(from, to), compared);
      distances.set(compared.map(distanceOf), from);
    }
  });
}

/** More rows than this have so many pairs that comparing all columns of wide ones takes minutes. */
const allColumnsUpTo = 20_000;

/** The neighbors that a map is made of if none are given. */
export async function neighborsForMap(
  x: Matrix,
  k: number,
  { metric, threads, threadHost }: ThreadOptions & { readonly metric: Metric },
  work: Work,
): Promise<Neighbors> {
  const find = x.rows <= allColumnsUpTo ? exactOthers : approximately;
  return find(await rowsIn(metric, x, work), k, metric, { threads, threadHost }, work);
}

/** The k nearest of each row's candidates, and how far the farthest are: taken, and of all. */
async function nearestOf(
  x: Matrix,
  candidates: Int32Array,
  count: number,
  k: number,
  metric: Metric,
  work: Work,
) {
  const { rows, columns, values } = x;
  const indices = new Int32Array(rows * k);
  const distances = new Float32Array(rows * k);
  const farthest = new Float64Array(rows);
  const farthestTaken = new Float64Array(rows);
  const { compare, distanceOf } = measures[metric];
  // As rows are compared by candidates: by Euclidean distances, which are no longer than the others.
  const lengthOf = metric === 'manhattan' ? distanceOf : Math.sqrt;
  const compared = new Float64Array(count);
  await work.stage('choosing neighbors', rows, (begin, end) => {
    for (let row = begin; row < end; row++) nearestOfRow(row);
  });
  return { neighbors: { indices, distances }, farthest, farthestTaken };

  function nearestOfRow(row: number): void {
    const others = candidates.subarray(row * count, (row + 1) * count);
    for (let at = 0; at < count; at++) {
      const to = others[at]! * columns;
      compared[at] = compare(values, row * columns, values, to, columns, Infinity);
    }
    const order = Array.from(others, (_, at) => at).sort(
      (a, b) => compared[a]! - compared[b]! || others[a]! - others[b]!,
    );
    for (let place = 0; place < k; place++) {
      indices[row * k + place] = others[order[place]!]!;
      distances[row * k + place] = distanceOf(compared[order[place]!]!);
    }
    farthest[row] = lengthOf(compared[order.at(-1)!]!);
    farthestTaken[row] = lengthOf(compared[order[k - 1]!]!);
  }
}
