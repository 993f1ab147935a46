import type { Work } from '@nn-lab/core/work';
import type { Matrix } from '../matrix.js';
import { DistanceBlocks, queriesPerPass } from './distance-blocks.js';

/** The nearest rows of each query, nearest first; equally near ones in the order of the data. */
export interface Nearest {
  /** `[queries, k]`: positions in the data. */
  readonly indices: Int32Array;
  /** `[queries, k]`: squared distances in double precision. */
  readonly squared: Float64Array;
}

/** Options of {@link nearestRows}. */
export interface NearestOptions {
  readonly work: Work;
  /** Query i is row i of the data and no neighbour of itself. */
  readonly excludeSelf?: boolean;
}

/**
 * The k nearest rows of each query, exactly: float32 products sort out what can be among the k
 * nearest, double precision decides among these.
 */
export async function nearestRows(
  data: Matrix,
  queries: Matrix,
  k: number,
  { work, excludeSelf = false }: NearestOptions,
): Promise<Nearest> {
  const blocks = await DistanceBlocks.over(data, queries, work);
  const indices = new Int32Array(queries.rows * k);
  const squared = new Float64Array(queries.rows * k);
  work.begin('neighbors', queries.rows);
  for (let start = 0; start < queries.rows; start += queriesPerPass) {
    const end = Math.min(queries.rows, start + queriesPerPass);
    const candidates = Array.from(
      { length: end - start },
      (_, i) => new Candidates(blocks, start + i, k),
    );
    await blocks.forEach(start, end, (block) => {
      const { queryStart, queryCount, dataStart, dataCount, products } = block;
      const norms = blocks.dataNorms.subarray(dataStart, dataStart + dataCount);
      for (let i = 0; i < queryCount; i++) {
        const query = queryStart + i;
        const row = products.subarray(i * dataCount, (i + 1) * dataCount);
        candidates[query - start]!.consider(row, norms, dataStart, excludeSelf ? query : -1);
      }
    });
    for (const [i, held] of candidates.entries()) {
      held.writeTo(indices, squared, (start + i) * k);
      if (work.isDue) await work.reach(start + i);
    }
    await work.reach(end);
  }
  const unscaled = blocks.scale ** -2;
  return { indices, squared: squared.map((square) => square * unscaled) };
}

/** What can be among the k nearest rows of one query, of the rows seen so far. */
class Candidates {
  readonly #blocks: DistanceBlocks;
  readonly #query: number;
  readonly #k: number;
  readonly #slack: number;
  readonly #ownNorm: number;
  /** The rows held, in ascending order, with their computed distances. */
  readonly #rows: Int32Array;
  readonly #distances: Float64Array;
  #held = 0;
  /** A row with a larger computed distance is none of the k nearest. */
  #limit = Number.POSITIVE_INFINITY;

  constructor(blocks: DistanceBlocks, query: number, k: number) {
    this.#blocks = blocks;
    this.#query = query;
    this.#k = k;
    this.#slack = blocks.slackOf(query);
    this.#ownNorm = blocks.queryNorms[query]!;
    const capacity = Math.min(3 * k + 48, blocks.dataNorms.length);
    this.#rows = new Int32Array(capacity);
    this.#distances = new Float64Array(capacity);
  }

  /** Takes in a row of products; `self` is a row to pass over. */
  consider(products: Float32Array, norms: Float32Array, dataStart: number, self: number): void {
    const ownNorm = this.#ownNorm;
    let limit = this.#limit - ownNorm;
    for (let j = 0; j < products.length; j++) {
      const partial = products[j]! + norms[j]!;
      if (partial > limit || dataStart + j === self) continue;
      if (this.#held === this.#rows.length) {
        this.#thin();
        limit = this.#limit - ownNorm;
        if (partial > limit) continue;
      }
      this.#rows[this.#held] = dataStart + j;
      this.#distances[this.#held++] = partial + ownNorm;
    }
  }

  /** Writes the k nearest, by their exact distances. */
  writeTo(indices: Int32Array, squared: Float64Array, offset: number): void {
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
    const nearest = this.#nearestFirst(exact);
    this.#limit = exact[nearest.at(-1)!]! + this.#slack;
    this.#distances.set(exact);
    const kept = new Set(nearest);
    this.#keep((at) => kept.has(at));
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
