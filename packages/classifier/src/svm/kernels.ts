import * as tf from '@tensorflow/tfjs';
import { type Matrix, takeRows } from '../matrix.js';

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
/** Bytes of kernel rows that are kept for one two-class problem. */
const cacheBytes = 2 ** 27;

/** Writes the scalar products of one of some samples with all of them; `at` is its place among them. */
type WriteProducts = (at: number, target: Float32Array) => void;

/** Where the scalar products of training rows come from. */
export interface Products {
  /** `|x|²` of each row. */
  readonly norms: Float64Array;
  /** For the products of some rows with each other. */
  among(samples: Int32Array): Promise<WriteProducts>;
}

/**
 * The products of rows with each other: when these are few, of all at once; else of the rows of each
 * two-class problem; and where these are many, one by one when they are needed.
 */
export async function productsOf(x: Matrix): Promise<Products> {
  const { rows, columns, values } = x;
  const norms = Float64Array.from({ length: rows }, (_, row) =>
    productOf(values, row, row, columns),
  );
  if (rows <= mostRowsAtOnce) {
    const products = await gramOf(x);
    return {
      norms,
      among: async (samples) => (at, target) => {
        const start = samples[at]! * rows;
        for (let i = 0; i < samples.length; i++) target[i] = products[start + samples[i]!]!;
      },
    };
  }
  return {
    norms,
    among: async (samples) => {
      const count = samples.length;
      if (count > mostRowsAtOnce) {
        return (at, target) => {
          for (let i = 0; i < count; i++) {
            target[i] = productOf(values, samples[at]!, samples[i]!, columns);
          }
        };
      }
      const products = await gramOf(takeRows(x, samples));
      return (at, target) => target.set(products.subarray(at * count, (at + 1) * count));
    },
  };
}

async function gramOf({ rows, columns, values }: Matrix): Promise<Float32Array> {
  const gram = tf.tidy(() => {
    const tensor = tf.tensor2d(values, [rows, columns]);
    return tf.matMul(tensor, tensor, false, true);
  });
  const products = (await gram.data()) as Float32Array;
  gram.dispose();
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

/** Turns scalar products into kernel values, in place. */
export function applyKernel(
  kernel: SvmKernel,
  products: Float32Array,
  norm: number,
  otherNorms: ArrayLike<number>,
): void {
  if (kernel.kind === 'linear') return;
  const { gamma } = kernel;
  for (let i = 0; i < products.length; i++) {
    products[i] = Math.exp(-gamma * Math.max(0, norm + otherNorms[i]! - 2 * products[i]!));
  }
}

/** Kernel rows of some samples, computed when first asked for; of many, the last used are kept. */
export class KernelRows {
  readonly diagonal: Float64Array;
  readonly #kernel: SvmKernel;
  readonly #write: WriteProducts;
  readonly #norms: Float64Array;
  /** In the order of use: a Map iterates in the order of insertion. */
  readonly #rows = new Map<number, Float32Array>();
  readonly #mostRows: number;

  private constructor(kernel: SvmKernel, norms: Float64Array, write: WriteProducts) {
    this.#kernel = kernel;
    this.#write = write;
    this.#norms = norms;
    this.diagonal = kernel.kind === 'rbf' ? norms.map(() => 1) : norms;
    this.#mostRows = Math.max(2, Math.floor(cacheBytes / (4 * norms.length)));
  }

  /** The rows of these samples, which are known by their places among them from now on. */
  static async of(kernel: SvmKernel, products: Products, samples: Int32Array): Promise<KernelRows> {
    const norms = Float64Array.from(samples, (sample) => products.norms[sample]!);
    return new KernelRows(kernel, norms, await products.among(samples));
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
      row = new Float32Array(this.#norms.length);
    }
    this.#write(at, row);
    applyKernel(this.#kernel, row, this.#norms[at]!, this.#norms);
    return row;
  }
}
