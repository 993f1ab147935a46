import { InvalidArgumentError } from '@nn-lab/core/errors';
import { type Matrix, validateMatrix } from '../matrix.js';
import { Pca } from '../pca/index.js';
import { type ThreadOptions, validateThreads } from '../workspace.js';
import { candidateRows } from './candidate-rows.js';
import { type Neighbours, validateNeighbourCount } from './neighbours.js';

/** Options of {@link approximateNeighbours}. */
export interface ApproximateNeighboursOptions extends ThreadOptions {
  /** Principal components to choose candidates by. Default 50. */
  readonly components?: number;
  /** Candidates for each neighbour wanted, from 1. Default 2. */
  readonly candidates?: number;
}

/**
 * Nearly the k nearest other rows of each row, for maps of many wide rows: candidates are the nearest
 * on the leading principal components, and the best of them by true distance are taken. The
 * distances given are the true ones. Of 784 columns it spares nine tenths of the work.
 *
 * Where there are no more columns than components, the neighbours are the exact ones, but for rows
 * whose distances differ by no more than the rounding of single precision.
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
  const { components = 50, candidates = 2 } = options;
  validateMatrix(x, { minimumRows: 2 });
  validateNeighbourCount(k, x.rows - 1);
  for (const [name, value] of Object.entries({ components, candidates })) {
    if (
      Number.isFinite(value) &&
      value >= 1 &&
      (name === 'candidates' || Number.isInteger(value))
    ) {
      continue;
    }
    throw new InvalidArgumentError(`Expected ${name} from 1, got ${value}.`);
  }
  validateThreads(options);
  if (components >= Math.min(x.columns, x.rows - 1)) return nearlyExact(x, k, options);
  const reduced = await (await new Pca({ components }).fit(x)).transform(x);
  const count = Math.min(x.rows - 1, Math.ceil(k * candidates));
  return nearestOf(x, await candidateRows(reduced, count, options), count, k);
}

/** Exact, unless more than these rows are as far as the last one wanted, by single precision. */
const spareCandidates = 8;

async function nearlyExact(x: Matrix, k: number, options: ThreadOptions): Promise<Neighbours> {
  const count = Math.min(x.rows - 1, k + spareCandidates);
  return nearestOf(x, await candidateRows(x, count, options), count, k);
}

/** More rows than this have so many pairs that comparing all columns of wide ones takes minutes. */
const allColumnsUpTo = 20_000;

/** The neighbours that a map is made of if none are given. */
export function neighboursForMap(
  x: Matrix,
  k: number,
  { threads, threadHost }: ThreadOptions,
): Promise<Neighbours> {
  const options = { threads, threadHost };
  return x.rows <= allColumnsUpTo
    ? nearlyExact(x, k, options)
    : approximateNeighbours(x, k, options);
}

/** The k nearest of each row's candidates. */
function nearestOf(x: Matrix, candidates: Int32Array, count: number, k: number): Neighbours {
  const { rows, columns, values } = x;
  const indices = new Int32Array(rows * k);
  const distances = new Float32Array(rows * k);
  const squared = new Float64Array(count);
  for (let row = 0; row < rows; row++) {
    const others = candidates.subarray(row * count, (row + 1) * count);
    for (let at = 0; at < count; at++) {
      squared[at] = squaredDistance(values, row * columns, others[at]! * columns, columns);
    }
    const order = Array.from(others, (_, at) => at).sort(
      (a, b) => squared[a]! - squared[b]! || others[a]! - others[b]!,
    );
    for (let place = 0; place < k; place++) {
      indices[row * k + place] = others[order[place]!]!;
      distances[row * k + place] = Math.sqrt(squared[order[place]!]!);
    }
  }
  return { indices, distances };
}

/** Of two rows; as four sums, so that no addition waits for the one before. */
function squaredDistance(values: Float32Array, a: number, b: number, columns: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let column = 0;
  for (; column + 4 <= columns; column += 4) {
    const at = a + column;
    const to = b + column;
    const one = values[at]! - values[to]!;
    const two = values[at + 1]! - values[to + 1]!;
    const three = values[at + 2]! - values[to + 2]!;
    const four = values[at + 3]! - values[to + 3]!;
    first += one * one;
    second += two * two;
    third += three * three;
    fourth += four * four;
  }
  for (; column < columns; column++) first += (values[a + column]! - values[b + column]!) ** 2;
  return first + second + (third + fourth);
}
