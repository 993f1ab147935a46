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
  /** Query i is row i of the data and no neighbour of itself. */
  readonly excludeSelf?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The k nearest rows of each query, exactly: float32 products sort out what can be among the k
 * nearest, double precision decides among these.
 */
export async function nearestRows(
  data: Matrix,
  queries: Matrix,
  k: number,
  options: NearestOptions = {},
): Promise<Nearest> {
  const { excludeSelf = false, onProgress } = options;
  const blocks = new DistanceBlocks(data, queries);
  const indices = new Int32Array(queries.rows * k);
  const squared = new Float64Array(queries.rows * k);
  for (let start = 0; start < queries.rows; start += queriesPerPass) {
    const end = Math.min(queries.rows, start + queriesPerPass);
    const candidates = Array.from(
      { length: end - start },
      (_, i) => new Candidates(blocks, start + i, k),
    );
    for await (const block of blocks.of(start, end)) {
      const { queryStart, queryCount, dataStart, dataCount, products } = block;
      const norms = blocks.dataNorms.subarray(dataStart, dataStart + dataCount);
      for (let i = 0; i < queryCount; i++) {
        const query = queryStart + i;
        const row = products.subarray(i * dataCount, (i + 1) * dataCount);
        candidates[query - start]!.consider(row, norms, dataStart, excludeSelf ? query : -1);
      }
    }
    candidates.forEach((held, i) => {
      held.writeTo(indices, squared, (start + i) * k);
    });
    onProgress?.(end, queries.rows);
  }
  return { indices, squared };
}

/** What can be among the k nearest rows of one query, of the rows seen so far. */
class Candidates {
  readonly #blocks: DistanceBlocks;
  readonly #query: number;
  readonly #k: number;
  readonly #slack: number;
  readonly #ownNorm: number;
  /** The rows held; of the first {@link #settled} the distance is exact, nearest first. */
  readonly #rows: Int32Array;
  readonly #distances: Float64Array;
  #settled = 0;
  #held = 0;
  /** A row with a larger computed distance is none of the k nearest. */
  #limit = Number.POSITIVE_INFINITY;

  constructor(blocks: DistanceBlocks, query: number, k: number) {
    this.#blocks = blocks;
    this.#query = query;
    this.#k = k;
    this.#slack = blocks.slackOf(query);
    this.#ownNorm = blocks.queryNorms[query]!;
    const capacity = 3 * k + 48;
    this.#rows = new Int32Array(capacity);
    this.#distances = new Float64Array(capacity);
  }

  /** Takes in a row of products; `self` is a row to pass over. */
  consider(products: Float32Array, norms: Float32Array, dataStart: number, self: number): void {
    const ownNorm = this.#ownNorm;
    const rows = this.#rows;
    const distances = this.#distances;
    let limit = this.#limit - ownNorm;
    for (let j = 0; j < products.length; j++) {
      const partial = products[j]! + norms[j]!;
      if (partial > limit || dataStart + j === self) continue;
      if (this.#held === rows.length) {
        this.#settle();
        limit = this.#limit - ownNorm;
        if (partial > limit) continue;
      }
      rows[this.#held] = dataStart + j;
      distances[this.#held++] = partial + ownNorm;
    }
  }

  /** Writes the k nearest. */
  writeTo(indices: Int32Array, squared: Float64Array, offset: number): void {
    this.#settle();
    indices.set(this.#rows.subarray(0, this.#k), offset);
    squared.set(this.#distances.subarray(0, this.#k), offset);
  }

  /** Leaves the k nearest of the rows held, by their exact distances. */
  #settle(): void {
    const k = this.#k;
    const rows = this.#rows;
    const distances = this.#distances;
    const enough = this.#held > k ? this.#kthDistance() + 2 * this.#slack : Infinity;
    for (let at = this.#settled; at < this.#held; at++) {
      if (distances[at]! > enough) continue;
      const row = rows[at]!;
      const distance = this.#blocks.exact(this.#query, row, distances[at]!);
      // Rows come in ascending order, so that an equally near one stays behind.
      let place = this.#settled;
      while (place > 0 && distances[place - 1]! > distance) place--;
      if (place === k) continue;
      const last = Math.min(this.#settled, k - 1);
      rows.copyWithin(place + 1, place, last);
      distances.copyWithin(place + 1, place, last);
      rows[place] = row;
      distances[place] = distance;
      this.#settled = last + 1;
    }
    this.#held = this.#settled;
    if (this.#settled === k) this.#limit = distances[k - 1]! + this.#slack;
  }

  /** The k-th smallest of the distances held, exact or not. */
  #kthDistance(): number {
    return this.#distances.slice(0, this.#held).sort()[this.#k - 1]!;
  }
}
