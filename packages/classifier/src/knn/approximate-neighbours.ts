import { checkOptions, numberFrom, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { squaredDistance } from '../distances.js';
import { type Matrix, validateMatrix } from '../matrix.js';
import { Pca } from '../pca/index.js';
import { type ThreadOptions, threadChecks } from '../workspace.js';
import { candidateRows } from './candidate-rows.js';
import { compareAll } from './compare-all.js';
import { type Neighbours, validateNeighbourCount } from './neighbours.js';

/** Options of {@link approximateNeighbours}. */
export interface ApproximateNeighboursOptions extends ThreadOptions, WorkOptions {
  /** Principal components to choose candidates by. Default 50. */
  readonly components?: number;
  /** Candidates for each neighbour wanted, from 1. Default 2. */
  readonly candidates?: number;
}

const approximateNeighboursChecks: OptionChecks<ApproximateNeighboursOptions> = {
  ...threadChecks,
  ...workChecks,
  components: wholeNumber(1),
  candidates: numberFrom(1),
};

/**
 * Nearly the k nearest other rows of each row, for maps of many wide rows: candidates are the nearest
 * on the leading principal components, and the best of them by true distance are taken. The
 * distances given are the true ones. Of 784 columns it spares nine tenths of the work.
 *
 * Where there are no more columns than components, the neighbours are the exact ones.
 *
 * @example
 * ```ts
 * const neighbours = await approximateNeighbours(x, 14);
 * await new Umap({ neighbours: 15 }).fit(x, { neighbours });
 * ```
 *
 * @param k - How many, from 1 to the rows less one.
 * @throws InvalidArgumentError when there is nothing, a value is not finite, or k or an option is out
 * of range.
 */
export async function approximateNeighbours(
  x: Matrix,
  k: number,
  options: ApproximateNeighboursOptions = {},
): Promise<Neighbours> {
  checkOptions(options, approximateNeighboursChecks);
  const work = new Work(options);
  validateMatrix(x, { minimumRows: 2 });
  validateNeighbourCount(k, x.rows - 1);
  return approximately(x, k, options, work);
}

async function approximately(
  x: Matrix,
  k: number,
  options: ApproximateNeighboursOptions,
  work: Work,
): Promise<Neighbours> {
  const { components = 50, candidates = 2 } = options;
  if (components >= Math.min(x.columns, x.rows - 1)) return exactOthers(x, k, options, work);
  const reduced = await Pca.reduce(components, x, work);
  const count = Math.min(x.rows - 1, Math.ceil(k * candidates));
  const { indices } = await candidateRows(reduced, count, options, work);
  return (await nearestOf(x, indices, count, k, work)).neighbours;
}

/** So many more candidates than neighbours leave room for the rounding of single precision. */
const spareCandidates = 8;

/** The exact ones: where single precision leaves a doubt, all rows are compared in double precision. */
async function exactOthers(
  x: Matrix,
  k: number,
  options: ThreadOptions,
  work: Work,
): Promise<Neighbours> {
  const count = Math.min(x.rows - 1, k + spareCandidates);
  const { indices, surelyWithin } = await candidateRows(x, count, options, work);
  const found = await nearestOf(x, indices, count, k, work);
  const { neighbours, farthest, farthestTaken } = found;
  if (count === x.rows - 1) return neighbours;
  const squared = new Float64Array(k);
  work.begin('close neighbors', x.rows);
  for (let row = 0; row < x.rows; row++) {
    // Not even equally far: such a row may come first in the data.
    if (farthestTaken[row]! < surelyWithin(farthest[row]!)) continue;
    const [from, to] = [row * k, (row + 1) * k];
    compareAll(x, x, row, row, squaredDistance, neighbours.indices.subarray(from, to), squared);
    neighbours.distances.set(squared.map(Math.sqrt), from);
    if (work.isDue) await work.reach(row);
  }
  return neighbours;
}

/** More rows than this have so many pairs that comparing all columns of wide ones takes minutes. */
const allColumnsUpTo = 20_000;

/** The neighbours that a map is made of if none are given. */
export function neighboursForMap(
  x: Matrix,
  k: number,
  { threads, threadHost }: ThreadOptions,
  work: Work,
): Promise<Neighbours> {
  const options = { threads, threadHost };
  return x.rows <= allColumnsUpTo
    ? exactOthers(x, k, options, work)
    : approximately(x, k, options, work);
}

/** The k nearest of each row's candidates, and the distances of the farthest: taken, and of all. */
async function nearestOf(x: Matrix, candidates: Int32Array, count: number, k: number, work: Work) {
  const { rows, columns, values } = x;
  const indices = new Int32Array(rows * k);
  const distances = new Float32Array(rows * k);
  const farthest = new Float64Array(rows);
  const farthestTaken = new Float64Array(rows);
  const squared = new Float64Array(count);
  await work.stage('choosing neighbors', rows, (begin, end) => {
    for (let row = begin; row < end; row++) nearestOfRow(row);
  });
  return { neighbours: { indices, distances }, farthest, farthestTaken };

  function nearestOfRow(row: number): void {
    const others = candidates.subarray(row * count, (row + 1) * count);
    for (let at = 0; at < count; at++) {
      const to = others[at]! * columns;
      squared[at] = squaredDistance(values, row * columns, values, to, columns);
    }
    const order = Array.from(others, (_, at) => at).sort(
      (a, b) => squared[a]! - squared[b]! || others[a]! - others[b]!,
    );
    for (let place = 0; place < k; place++) {
      indices[row * k + place] = others[order[place]!]!;
      distances[row * k + place] = Math.sqrt(squared[order[place]!]!);
    }
    farthest[row] = Math.sqrt(squared[order.at(-1)!]!);
    farthestTaken[row] = Math.sqrt(squared[order[k - 1]!]!);
  }
}
