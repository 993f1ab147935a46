import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import { DistanceBlocks, queriesPerPass } from './distance-blocks.js';
import { type Metric, measures, rowsIn } from './metrics.js';

/**
 * How many other rows are nearer to row `queries[i]` than each of its `k` targets, so that the
 * nearest other row has rank 0. Of equally near rows the first in the data is the nearer.
 *
 * @param targets - `[queries, k]`: positions of other rows.
 * @returns `[queries, k]`.
 */
export async function ranksOf(
  data: Matrix,
  queries: Int32Array,
  targets: Int32Array,
  queryRows: Matrix,
  metric: Metric,
  work: Work,
): Promise<Int32Array> {
  const rows = await rowsIn(metric, data, work);
  const isSame = queryRows === data;
  return metric === 'manhattan'
    ? byComparing(data, queries, targets, metric, work)
    : byProducts(
        rows,
        queries,
        targets,
        isSame ? rows : await rowsIn(metric, queryRows, work),
        work,
      );
}

/** By comparing each query with all rows. */
async function byComparing(
  data: Matrix,
  queries: Int32Array,
  targets: Int32Array,
  metric: Metric,
  work: Work,
): Promise<Int32Array> {
  const { rows, columns, values } = data;
  const { compare } = measures[metric];
  const k = targets.length / queries.length;
  const ranks = new Int32Array(targets.length);
  const compared = new Float64Array(rows);
  await work.stage('ranks', queries.length, (begin, end) => {
    for (let query = begin; query < end; query++) countFor(query, queries[query]!);
  });
  return ranks;

  function countFor(query: number, self: number): void {
    for (let row = 0; row < rows; row++) {
      compared[row] = compare(values, self * columns, values, row * columns, columns, Infinity);
    }
    for (let at = query * k; at < (query + 1) * k; at++) {
      const target = targets[at]!;
      const limit = compared[target]!;
      for (let row = 0; row < rows; row++) {
        const isNearer = compared[row]! < limit || (compared[row] === limit && row < target);
        if (isNearer && row !== self) ranks[at]!++;
      }
    }
  }
}

async function byProducts(
  data: Matrix,
  queries: Int32Array,
  targets: Int32Array,
  queryRows: Matrix,
  work: Work,
): Promise<Int32Array> {
  const k = targets.length / queries.length;
  const blocks = await DistanceBlocks.over(data, queryRows, work);
  const ranks = new Int32Array(targets.length);
  work.begin('ranks', queries.length);
  for (let start = 0; start < queries.length; start += queriesPerPass) {
    const end = Math.min(queries.length, start + queriesPerPass);
    const counters: RankCounter[] = [];
    for (let query = start; query < end; query++) {
      const own = targets.subarray(query * k, (query + 1) * k);
      counters.push(new RankCounter(blocks, query, queries[query]!, own));
      if (work.isDue) await work.turn();
    }
    await blocks.forEach(start, end, (block) => {
      const { queryStart, queryCount, dataStart, dataCount, products } = block;
      const norms = blocks.dataNorms.subarray(dataStart, dataStart + dataCount);
      for (let i = 0; i < queryCount; i++) {
        const row = products.subarray(i * dataCount, (i + 1) * dataCount);
        counters[queryStart + i - start]!.count(row, norms, dataStart);
      }
    });
    counters.forEach((counter, i) => {
      counter.writeTo(ranks, (start + i) * k);
    });
    await work.reach(end);
  }
  return ranks;
}

/** Counts, for one query, the rows that are nearer than each of its targets. */
class RankCounter {
  readonly #blocks: DistanceBlocks;
  readonly #query: number;
  readonly #self: number;
  readonly #slack: number;
  readonly #ownNorm: number;
  /** The order of the targets, nearest first. */
  readonly #order: Uint32Array;
  readonly #targets: Int32Array;
  /** Exact squared distances of the ordered targets. */
  readonly #distances: Float64Array;
  /** At place p: rows that lie behind target p - 1 and before target p. */
  readonly #between: Int32Array;

  constructor(blocks: DistanceBlocks, query: number, self: number, targets: Int32Array) {
    this.#blocks = blocks;
    this.#query = query;
    this.#self = self;
    this.#slack = blocks.slackOf(query);
    this.#ownNorm = blocks.queryNorms[query]!;
    const exact = Float64Array.from(targets, (row) => blocks.exact(query, row));
    this.#order = Uint32Array.from(targets.keys()).sort(
      (a, b) => exact[a]! - exact[b]! || targets[a]! - targets[b]!,
    );
    this.#targets = Int32Array.from(this.#order, (at) => targets[at]!);
    this.#distances = Float64Array.from(this.#order, (at) => exact[at]!);
    this.#between = new Int32Array(targets.length + 1);
  }

  count(products: Float32Array, norms: Float32Array, dataStart: number): void {
    const distances = this.#distances;
    const slack = this.#slack;
    const limit = distances.at(-1)! + slack - this.#ownNorm;
    for (let j = 0; j < products.length; j++) {
      const partial = products[j]! + norms[j]!;
      const row = dataStart + j;
      if (partial > limit || row === this.#self) continue;
      const computed = partial + this.#ownNorm;
      let place = this.#placeOf(computed, row);
      const near =
        (place > 0 && computed - distances[place - 1]! <= slack) ||
        (place < distances.length && distances[place]! - computed <= slack);
      if (near) place = this.#placeOf(this.#blocks.exact(this.#query, row, computed), row);
      this.#between[place]!++;
    }
  }

  /** How many targets are nearer than a row; a target is nearer than itself. */
  #placeOf(distance: number, row: number): number {
    const distances = this.#distances;
    let [low, high] = [0, distances.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const target = distances[middle]!;
      if (target < distance || (target === distance && this.#targets[middle]! <= row)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  writeTo(ranks: Int32Array, offset: number): void {
    let nearer = 0;
    for (let place = 0; place < this.#order.length; place++) {
      nearer += this.#between[place]!;
      ranks[offset + this.#order[place]!] = nearer;
    }
  }
}
