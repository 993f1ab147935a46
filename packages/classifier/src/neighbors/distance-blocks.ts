import { ensureBackend } from '@nn-lab/core/backend';
import { NnLabError } from '@nn-lab/core/errors';
import type { Matrix } from '@nn-lab/core/tables';
import { Parts, type Work } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { varyingColumns } from '../rows.js';
import { compareAll } from './compare-all.js';
import { meanOf, reachOf, scaleFor, squaredDistance } from './distances.js';

/** Squared distances of some queries to some rows, less the part that is the query's own. */
export interface DistanceBlock {
  readonly queryStart: number;
  readonly queryCount: number;
  readonly dataStart: number;
  readonly dataCount: number;
  /** `[queryCount, dataCount]`: `-2 q.x`, to which {@link DistanceBlocks.dataNorms} is yet to be added. */
  readonly products: Float32Array;
}

/** What a product of numbers below the smallest one may be off, with room to spare. */
const underflow = 2 ** -100;
const mostQueriesPerBlock = 256;
const mostRowsPerBlock = 8192;
/** Of a block of rows. More would take too long to center without a turn for others. */
const valuesPerBlock = 2 ** 21;

/** Rows of queries whose state a caller may hold at a time, while all data pass by. */
export const queriesPerPass = 2048;

/**
 * Squared Euclidean distances by `|q|² - 2 q.x + |x|²`, the middle part by the backend's matrix
 * product, block by block: never more than 8 MiB of distances and two blocks of rows are held,
 * whatever the size of the data.
 *
 * Both sides are centered on the mean of the data, which takes most of the cancellation out of the
 * formula, and scaled by a power of two, so that no square overflows: distances are those of the scaled
 * rows. What is left of the rounding is bounded by {@link slackOf}, so that a caller can tell which
 * distances are sure, and get the others from {@link exact}.
 */
export class DistanceBlocks {
  /** The factor of the rows: squared distances are divided by its square. */
  readonly scale: number;
  /** `|x|²` of each row of the data, centered and scaled. */
  readonly dataNorms: Float32Array;
  /** `|q|²` of each query, centered and scaled. */
  readonly queryNorms: Float64Array;
  readonly #data: Matrix;
  readonly #queries: Matrix;
  readonly #mean: Float64Array;
  /** A column that is constant in the data is 0 when centered, and adds nothing to a product. */
  readonly #columns: Int32Array;
  readonly #longest: number;
  readonly #unitRoundoff: number;
  readonly #work: Work;
  /** Queries of a block: as many as the backend multiplies in some milliseconds. */
  readonly #queriesPerBlock = new Parts(4, mostQueriesPerBlock);

  static async over(data: Matrix, queries: Matrix, work: Work): Promise<DistanceBlocks> {
    await ensureBackend();
    const mean = await meanOf(data, work);
    const reach = await reachOf(data, mean, work);
    const isSame = queries === data;
    const scale = scaleFor(isSame ? reach : Math.max(reach, await reachOf(queries, mean, work)));
    const norms = await squaredNorms(data, mean, scale, work);
    const queryNorms = isSame ? norms : await squaredNorms(queries, mean, scale, work);
    return new DistanceBlocks(data, queries, { mean, scale, norms, queryNorms }, work);
  }

  private constructor(
    data: Matrix,
    queries: Matrix,
    { mean, scale, norms, queryNorms }: Centring,
    work: Work,
  ) {
    this.#data = data;
    this.#queries = queries;
    this.#mean = mean;
    this.#work = work;
    const varying = varyingColumns(data);
    this.#columns = varying.length > 0 ? varying : Int32Array.of(0);
    this.scale = scale;
    this.dataNorms = Float32Array.from(norms);
    this.queryNorms = queryNorms;
    this.#longest = Math.sqrt(norms.reduce((longest, norm) => Math.max(longest, norm), 0));
    this.#unitRoundoff = tf.backend().floatPrecision() === 16 ? 2 ** -11 : 2 ** -24;
  }

  /**
   * How far a squared distance of this query can be from the true one.
   *
   * The product of n terms, summed in any order, errs by at most n u |q||x| (Higham, "Accuracy and
   * Stability of Numerical Algorithms", 2002, 3.1); centring and the norms add a few u more, and
   * numbers below the smallest one next to nothing.
   */
  slackOf(query: number): number {
    const reach = Math.sqrt(this.queryNorms[query]!) + this.#longest;
    const { columns } = this.#data;
    return this.#unitRoundoff * (columns / 2 + 16) * reach * reach + columns * underflow;
  }

  /**
   * The squared distance of a query to a row, in double precision.
   *
   * @param computed - The distance from the blocks, to be checked against it.
   * @throws NnLabError when that is farther off than {@link slackOf} allows: the backend's products
   * are not of float32 precision, so that no distance of its can be relied on.
   */
  exact(query: number, row: number, computed?: number): number {
    const { columns, values } = this.#data;
    const queries = this.#queries.values;
    const sum =
      squaredDistance(queries, query * columns, values, row * columns, columns) * this.scale ** 2;
    if (computed !== undefined && Math.abs(sum - computed) > this.slackOf(query)) {
      throw new NnLabError(
        `The backend '${tf.getBackend()}' multiplies matrices less precisely than float32, so that neighbors cannot be exact. Choose another, such as useBackend({ backend: 'simd' }).`,
      );
    }
    return sum;
  }

  /** The rows nearest to a query, by comparing all in double precision: see {@link compareAll}. */
  compareAll(query: number, self: number, indices: Int32Array, squared: Float64Array): void {
    compareAll(this.#data, this.#queries, query, self, squaredDistance, indices, squared);
    const square = this.scale ** 2;
    for (let place = 0; place < squared.length; place++) squared[place]! *= square;
  }

  /** Visits the blocks of some queries, all data for each; the rows of the data ascend. */
  async forEach(
    queryStart: number,
    queryEnd: number,
    visit: (block: DistanceBlock) => void,
  ): Promise<void> {
    const data = this.#data;
    const work = this.#work;
    const width = this.#columns.length;
    const rowsPerBlock = Math.min(mostRowsPerBlock, Math.ceil(valuesPerBlock / width), data.rows);
    const rowsBuffer = new Float32Array(rowsPerBlock * width);
    const queriesBuffer = new Float32Array(
      Math.min(mostQueriesPerBlock, queryEnd - queryStart) * width,
    );
    for (let dataStart = 0; dataStart < data.rows; dataStart += rowsPerBlock) {
      const dataEnd = Math.min(data.rows, dataStart + rowsPerBlock);
      const rows = this.#centered(data, dataStart, dataEnd, 1, rowsBuffer);
      try {
        await work.inParts(
          queryEnd - queryStart,
          async (begin, end) => {
            const start = queryStart + begin;
            const queries = this.#centered(
              this.#queries,
              start,
              queryStart + end,
              -2,
              queriesBuffer,
            );
            const product = tf.matMul(queries, rows, false, true);
            queries.dispose();
            let products: Float32Array;
            try {
              products = (await product.data()) as Float32Array;
            } finally {
              product.dispose();
            }
            visit({
              queryStart: start,
              queryCount: end - begin,
              dataStart,
              dataCount: dataEnd - dataStart,
              products,
            });
          },
          this.#queriesPerBlock,
        );
      } finally {
        rows.dispose();
      }
    }
  }

  /** Centers into a buffer that is used again once the tensor is gone. */
  #centered(
    { columns, values }: Matrix,
    start: number,
    end: number,
    factor: number,
    centered: Float32Array,
  ): tf.Tensor2D {
    const mean = this.#mean;
    const scale = factor * this.scale;
    const kept = this.#columns;
    const width = kept.length;
    for (let row = start, at = 0; row < end; row++) {
      const from = row * columns;
      for (let i = 0; i < width; i++, at++) {
        const column = kept[i]!;
        centered[at] = scale * (values[from + column]! - mean[column]!);
      }
    }
    return tf.tensor2d(centered.subarray(0, (end - start) * width), [end - start, width]);
  }
}

/** What a {@link DistanceBlocks} is made of. */
interface Centring {
  readonly mean: Float64Array;
  readonly scale: number;
  readonly norms: Float64Array;
  readonly queryNorms: Float64Array;
}

async function squaredNorms(
  { rows, columns, values }: Matrix,
  mean: Float64Array,
  scale: number,
  work: Work,
): Promise<Float64Array> {
  const norms = new Float64Array(rows);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      norms[row] = squaredDistance(values, row * columns, mean, 0, columns) * scale ** 2;
    }
  });
  return norms;
}
