import { ensureBackend } from '@nn-lab/core/backend';
import { type Matrix, takeRows } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { squaredDistance } from '../../neighbors/distances.js';

/** A kernel with its parameter settled. */
export type SvmKernel =
  | { readonly kind: 'linear' }
  | {
      readonly kind: 'rbf';
      /** `exp(-gamma |a - b|²)`. */
      readonly gamma: number;
    };

/** Up to so many rows, all their products are computed at once, by the backend. */
const mostRowsAtOnce = 4096;
/** Of a block of products: more would take too long without a turn for others. */
const multiplicationsPerBlock = 2 ** 28;
/** Bytes of kernel rows that are kept for one two-class problem. */
const cacheBytes = 2 ** 27;

/** Writes the scalar products of one of some samples with all of them; `at` is its place among them. */
type WriteProducts = (at: number, target: Float32Array) => void;

/**
 * Rows less an origin, times a power of two, in single precision: their products then lose no digits
 * to what the rows have in common, and do not overflow.
 */
export interface CenteredRows extends Matrix<Float32Array> {
  /** The rows themselves. */
  readonly of: Matrix;
  readonly scale: number;
  /** `|x|²` of each row. */
  readonly norms: Float64Array;
}

export async function centeredRows(
  x: Matrix,
  origin: Float64Array,
  scale: number,
  work: Work,
): Promise<CenteredRows> {
  const { rows, columns } = x;
  const values = new Float32Array(rows * columns);
  const norms = new Float64Array(rows);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin, at = begin * columns; row < end; row++) {
      for (let column = 0; column < columns; column++, at++) {
        values[at] = (x.values[at]! - origin[column]!) * scale;
      }
      norms[row] = productOf(values, row, row, columns);
    }
  });
  return { rows, columns, values, of: x, scale, norms };
}

/** Where the scalar products of training rows come from. */
export interface Products {
  readonly rows: CenteredRows;
  /** For the products of some rows with each other. */
  among(samples: Int32Array): Promise<WriteProducts>;
}

/**
 * The products of rows with each other: when these are few, of all at once; else of the rows of each
 * two-class problem; and where these are many, one by one when they are needed.
 */
export async function productsOf(x: CenteredRows, work: Work): Promise<Products> {
  const { rows, columns, values } = x;
  if (rows <= mostRowsAtOnce) {
    const products = await gramOf(x, work);
    return {
      rows: x,
      among: async (samples) => (at, target) => {
        const start = samples[at]! * rows;
        for (let i = 0; i < samples.length; i++) target[i] = products[start + samples[i]!]!;
      },
    };
  }
  return {
    rows: x,
    among: async (samples) => {
      const count = samples.length;
      if (count > mostRowsAtOnce) {
        return (at, target) => {
          for (let i = 0; i < count; i++) {
            target[i] = productOf(values, samples[at]!, samples[i]!, columns);
          }
        };
      }
      const products = await gramOf(takeRows(x, samples), work);
      return (at, target) => target.set(products.subarray(at * count, (at + 1) * count));
    },
  };
}

async function gramOf(
  { rows, columns, values }: Matrix<Float32Array>,
  work: Work,
): Promise<Float32Array> {
  const products = new Float32Array(rows * rows);
  const rowsPerBlock = Math.ceil(multiplicationsPerBlock / (rows * columns) / 64) * 64;
  await ensureBackend();
  const all = tf.tensor2d(values, [rows, columns]);
  try {
    for (let start = 0; start < rows; start += rowsPerBlock) {
      const count = Math.min(rows - start, rowsPerBlock);
      const block = tf.tidy(() =>
        tf.matMul(tf.slice2d(all, [start, 0], [count, columns]), all, false, true),
      );
      try {
        products.set((await block.data()) as Float32Array, start * rows);
      } finally {
        block.dispose();
      }
      if (work.isDue) await work.turn();
    }
  } finally {
    all.dispose();
  }
  return products;
}

function productOf(values: Float32Array, a: number, b: number, columns: number): number {
  let [s0, s1] = [0, 0];
  let [i, j] = [a * columns, b * columns];
  const end = i + columns - 1;
  for (; i < end; i += 2, j += 2) {
    s0 += values[i]! * values[j]!;
    s1 += values[i + 1]! * values[j + 1]!;
  }
  return i === end ? s0 + s1 + values[i]! * values[j]! : s0 + s1;
}

/** Squared lengths times gamma from which the rounding of their difference shows in the kernel. */
const longest = 32;
/** Squared distances times gamma from which the kernel is next to nothing. */
const farthest = 32;

/**
 * Whether rows that lie as near each other as these do all have kernels near 1, which would lose in
 * rounding what tells them apart: a kernel less 1 then stands for it. The multipliers of a machine
 * sum to 0, with their signs, so that neither training nor a decision minds what is taken from all.
 */
function isNearOne(kernel: SvmKernel, { scale }: CenteredRows): boolean {
  // Scaled rows have lengths of at most 1, and distances of at most 2.
  return kernel.kind === 'rbf' && 4 * (kernel.gamma / scale ** 2) < 0.5;
}

/**
 * Turns the scalar products of a row with others into kernel values, or into kernels less 1 where
 * those of the others {@link isNearOne are near 1}, in place. Where the squared distance
 * `|a|² + |b|² - 2 a.b` of rows that are not far apart is small beside its terms, it is summed in
 * double precision.
 *
 * @param others - The place of each other row.
 */
export function applyKernel(
  kernel: SvmKernel,
  products: Float32Array,
  one: CenteredRows,
  row: number,
  other: CenteredRows,
  others?: Int32Array,
): void {
  if (kernel.kind === 'linear') return;
  const { columns, scale } = other;
  const gamma = kernel.gamma / scale ** 2;
  const kernelOf = isNearOne(kernel, other) ? Math.expm1 : Math.exp;
  const rounding = 2 ** -24 * (columns + 32);
  const norm = one.norms[row]!;
  for (let i = 0; i < products.length; i++) {
    const place = others ? others[i]! : i;
    const terms = norm + other.norms[place]!;
    let squared = terms - 2 * products[i]!;
    if (gamma * terms > longest && !(gamma * (squared - rounding * terms) > farthest)) {
      const [from, to] = [row * columns, place * columns];
      squared = squaredDistance(one.of.values, from, other.of.values, to, columns) * scale ** 2;
    }
    products[i] = kernelOf(-gamma * Math.max(0, squared));
  }
}

/** Kernel rows of some samples, computed when first asked for; of many, the last used are kept. */
export class KernelRows {
  readonly diagonal: Float64Array;
  readonly #kernel: SvmKernel;
  readonly #write: WriteProducts;
  readonly #training: CenteredRows;
  readonly #samples: Int32Array;
  /** In the order of use: a Map iterates in the order of insertion. */
  readonly #rows = new Map<number, Float32Array>();
  readonly #mostRows: number;

  private constructor(
    kernel: SvmKernel,
    training: CenteredRows,
    samples: Int32Array,
    write: WriteProducts,
  ) {
    this.#kernel = kernel;
    this.#write = write;
    this.#training = training;
    this.#samples = samples;
    const itself = isNearOne(kernel, training) ? 0 : 1;
    this.diagonal = Float64Array.from(samples, (sample) =>
      kernel.kind === 'rbf' ? itself : training.norms[sample]!,
    );
    this.#mostRows = Math.max(2, Math.floor(cacheBytes / (4 * samples.length)));
  }

  /** The rows of these samples, which are known by their places among them from now on. */
  static async of(kernel: SvmKernel, products: Products, samples: Int32Array): Promise<KernelRows> {
    return new KernelRows(kernel, products.rows, samples, await products.among(samples));
  }

  row(at: number): Float32Array {
    const known = this.#rows.get(at);
    if (known && this.#rows.size < this.#mostRows) return known;
    const row = known ?? this.#compute(at);
    this.#rows.delete(at);
    this.#rows.set(at, row);
    return row;
  }

  #compute(at: number): Float32Array {
    let row: Float32Array;
    if (this.#rows.size >= this.#mostRows) {
      const [oldest, recycled] = this.#rows.entries().next().value!;
      this.#rows.delete(oldest);
      row = recycled;
    } else {
      row = new Float32Array(this.#samples.length);
    }
    this.#write(at, row);
    const training = this.#training;
    applyKernel(this.#kernel, row, training, this.#samples[at]!, training, this.#samples);
    return row;
  }
}
