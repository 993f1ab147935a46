import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import { compareAll, type RowDistance } from './compare-all.js';
import { DistanceBlocks, queriesPerPass } from './distance-blocks.js';
import { type Metric, measures, rowsIn } from './metrics.js';

/** The nearest rows of each query, nearest first; equally near ones in the order of the data. */
export interface Nearest {
  /** `[queries, k]`: positions in the data. */
  readonly indices: Int32Array;
  /** `[queries, k]`: in double precision. */
  readonly distances: Float64Array;
}

/** Options of {@link nearestRows}. */
export interface NearestOptions {
  readonly work: Work;
  /** Query i is row i of the data and no neighbor of itself. */
  readonly excludeSelf?: boolean;
  /** Default `'euclidean'`. */
  readonly metric?: Metric;
}

/** The k nearest rows of each query, exactly. */
export async function nearestRows(
  data: Matrix,
  queries: Matrix,
  k: number,
  { work, excludeSelf = false, metric = 'euclidean' }: NearestOptions,
): Promise<Nearest> {
  const { compare, distanceOf } = measures[metric];
  const rows = await rowsIn(metric, data, work);
  const queryRows = queries === data ? rows : await rowsIn(metric, queries, work);
  const { indices, compared } =
    metric === 'manhattan'
      ? await byComparing(rows, queryRows, k, excludeSelf, compare, work)
      : await byProducts(rows, queryRows, k, excludeSelf, work);
  return { indices, distances: compared.map(distanceOf) };
}

async function byComparing(
  data: Matrix,
  queries: Matrix,
  k: number,
  excludeSelf: boolean,
  compare: RowDistance,
  work: Work,
): Promise<Compared> {
  const indices = new Int32Array(queries.rows * k);
  const compared = new Float64Array(queries.rows * k);
  await work.stage('neighbors', queries.rows, (begin, end) => {
    for (let query = begin; query < end; query++) {
      const [from, to] = [query * k, (query + 1) * k];
      const self = excludeSelf ? query : -1;
      const [near, sums] = [indices.subarray(from, to), compared.subarray(from, to)];
      compareAll(data, queries, query, self, compare, near, sums);
    }
  });
  return { indices, compared };
}

/** Neighbors with what their distances come from. */
interface Compared {
  readonly indices: Int32Array;
  readonly compared: Float64Array;
}

/**
 * By squared Euclidean distances: float32 products sort out what can be among the k nearest, double
 * precision decides among these.
 */
async function byProducts(
  data: Matrix,
  queries: Matrix,
  k: number,
  excludeSelf: boolean,
  work: Work,
): Promise<Compared> {
  const blocks = await DistanceBlocks.over(data, queries, work);
  const indices = new Int32Array(queries.rows * k);
  const squared = new Float64Array(queries.rows * k);
  const queriesAtOnce = Math.min(queriesPerPass, Math.ceil(mostHeld / capacityFor(k, data.rows)));
  work.begin('neighbors', queries.rows);
  for (let start = 0; start < queries.rows; start += queriesAtOnce) {
    const end = Math.min(queries.rows, start + queriesAtOnce);
    const candidates = Array.from(
      { length: end - start },
      (_, i) => new Candidates(blocks, start + i, k, excludeSelf ? start + i : -1),
    );
    await blocks.forEach(start, end, (block) => {
      const { queryStart, queryCount, dataStart, dataCount, products } = block;
      const norms = blocks.dataNorms.subarray(dataStart, dataStart + dataCount);
      for (let i = 0; i < queryCount; i++) {
        const query = queryStart + i;
        const row = products.subarray(i * dataCount, (i + 1) * dataCount);
        candidates[query - start]!.consider(row, norms, dataStart);
      }
    });
    for (const [i, held] of candidates.entries()) {
      held.writeTo(indices, squared, (start + i) * k);
      if (work.isDue) await work.reach(start + i);
    }
    await work.reach(end);
  }
  const unscaled = blocks.scale ** -2;
  return { indices, compared: squared.map((square) => square * unscaled) };
}

/** Candidates of all queries of a pass, of 12 bytes each. */
const mostHeld = 2 ** 22;

/** How many candidates a query holds before those are sorted out that are none of the k nearest. */
function capacityFor(k: number, rows: number): number {
  return Math.min(3 * k + 48, rows);
}

/** What can be among the k nearest rows of one query, of the rows seen so far. */
class Candidates {
  readonly #blocks: DistanceBlocks;
  readonly #query: number;
  /** A row to pass over, or -1. */
  readonly #self: number;
  readonly #k: number;
  readonly #slack: number;
  readonly #ownNorm: number;
  /** The rows held, in ascending order, with their computed distances. */
  readonly #rows: Int32Array;
  readonly #distances: Float64Array;
  #held = 0;
  /** Rows whose distances were found exactly before the end. */
  #compared = 0;
  /** A row with a larger computed distance is none of the k nearest. */
  #limit = Number.POSITIVE_INFINITY;

  constructor(blocks: DistanceBlocks, query: number, k: number, self: number) {
    this.#blocks = blocks;
    this.#query = query;
    this.#self = self;
    this.#k = k;
    this.#slack = blocks.slackOf(query);
    this.#ownNorm = blocks.queryNorms[query]!;
    const capacity = capacityFor(k, blocks.dataNorms.length);
    this.#rows = new Int32Array(capacity);
    this.#distances = new Float64Array(capacity);
  }

  /** Takes in a row of products. */
  consider(products: Float32Array, norms: Float32Array, dataStart: number): void {
    if (this.#isDoubtful) return;
    const ownNorm = this.#ownNorm;
    const self = this.#self;
    let limit = this.#limit - ownNorm;
    for (let j = 0; j < products.length; j++) {
      const partial = products[j]! + norms[j]!;
      if (partial > limit || dataStart + j === self) continue;
      if (this.#held === this.#rows.length) {
        this.#thin();
        if (this.#isDoubtful) return;
        limit = this.#limit - ownNorm;
        if (partial > limit) continue;
      }
      this.#rows[this.#held] = dataStart + j;
      this.#distances[this.#held++] = partial + ownNorm;
    }
  }

  /** Writes the k nearest, by their exact distances. */
  writeTo(indices: Int32Array, squared: Float64Array, offset: number): void {
    if (this.#isDoubtful) {
      const [near, found] = [indices, squared].map((all) =>
        all.subarray(offset, offset + this.#k),
      ) as [Int32Array, Float64Array];
      this.#blocks.compareAll(this.#query, this.#self, near, found);
      return;
    }
    this.#thin();
    const exact = this.#exactDistances();
    this.#nearestFirst(exact).forEach((at, place) => {
      indices[offset + place] = this.#rows[at]!;
      squared[offset + place] = exact[at]!;
    });
  }

  /** Lets go of rows that are none of the k nearest, whatever the rounding of their distances. */
  #thin(): void {
    if (this.#held <= this.#k) return;
    const kth = this.#distances.slice(0, this.#held).sort()[this.#k - 1]!;
    this.#limit = kth + 2 * this.#slack;
    this.#keep((at) => this.#distances[at]! <= this.#limit);
    if (this.#held > 2 * this.#k + 32) this.#thinExactly();
  }

  /** Where too many rows are as near as rounding can tell, as on one place: leaves the k nearest. */
  #thinExactly(): void {
    const exact = this.#exactDistances();
    this.#compared += exact.length;
    const nearest = this.#nearestFirst(exact);
    this.#limit = exact[nearest.at(-1)!]! + this.#slack;
    this.#distances.set(exact);
    const kept = new Set(nearest);
    this.#keep((at) => kept.has(at));
  }

  /** Whether to compare all rows in double precision is the shorter way. */
  get #isDoubtful(): boolean {
    return this.#compared > this.#blocks.dataNorms.length / 8;
  }

  #keep(isKept: (at: number) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.#held; at++) {
      if (!isKept(at)) continue;
      this.#rows[kept] = this.#rows[at]!;
      this.#distances[kept++] = this.#distances[at]!;
    }
    this.#held = kept;
  }

  #exactDistances(): Float64Array {
    return Float64Array.from({ length: this.#held }, (_, at) =>
      this.#blocks.exact(this.#query, this.#rows[at]!, this.#distances[at]!),
    );
  }

  /** The k nearest of those held. Sorting is stable: an equally near row that comes later stays behind. */
  #nearestFirst(exact: Float64Array): number[] {
    return Array.from(exact, (_, at) => at)
      .sort((a, b) => exact[a]! - exact[b]!)
      .slice(0, this.#k);
  }
}
