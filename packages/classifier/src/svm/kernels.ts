import * as tf from '@tensorflow/tfjs';
import type { Matrix } from '../matrix.js';

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

/** Where the scalar products of training rows come from. */
export interface Products {
  readonly norms: Float64Array;
  /** Writes the products of row `sample` with some rows. */
  write(sample: number, others: Int32Array, target: Float32Array): void;
}

/** The products of all rows with each other: all at once when they are few, else one by one. */
export async function productsOf(x: Matrix): Promise<Products> {
  const { rows, columns, values } = x;
  const norms = Float64Array.from({ length: rows }, (_, row) =>
    productOf(values, row, row, columns),
  );
  if (rows > mostRowsAtOnce) {
    return {
      norms,
      write: (sample, others, target) => {
        for (let i = 0; i < others.length; i++) {
          target[i] = productOf(values, sample, others[i]!, columns);
        }
      },
    };
  }
  const gram = tf.tidy(() => {
    const tensor = tf.tensor2d(values, [rows, columns]);
    return tf.matMul(tensor, tensor, false, true);
  });
  const products = (await gram.data()) as Float32Array;
  gram.dispose();
  return {
    norms,
    write: (sample, others, target) => {
      const start = sample * rows;
      for (let i = 0; i < others.length; i++) target[i] = products[start + others[i]!]!;
    },
  };
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
  readonly #products: Products;
  readonly #samples: Int32Array;
  readonly #norms: Float64Array;
  /** In the order of use: a Map iterates in the order of insertion. */
  readonly #rows = new Map<number, Float32Array>();
  readonly #mostRows: number;

  constructor(kernel: SvmKernel, products: Products, samples: Int32Array) {
    this.#kernel = kernel;
    this.#products = products;
    this.#samples = samples;
    this.#norms = Float64Array.from(samples, (sample) => products.norms[sample]!);
    this.diagonal = kernel.kind === 'rbf' ? this.#norms.map(() => 1) : this.#norms;
    this.#mostRows = Math.max(2, Math.floor(cacheBytes / (4 * samples.length)));
  }

  row(sample: number): Float32Array {
    const known = this.#rows.get(sample);
    if (known && this.#rows.size < this.#mostRows) return known;
    const row = known ?? this.#compute(sample);
    this.#rows.delete(sample);
    this.#rows.set(sample, row);
    return row;
  }

  #compute(sample: number): Float32Array {
    let row: Float32Array;
    if (this.#rows.size >= this.#mostRows) {
      const [oldest, recycled] = this.#rows.entries().next().value!;
      this.#rows.delete(oldest);
      row = recycled;
    } else {
      row = new Float32Array(this.#samples.length);
    }
    this.#products.write(this.#samples[sample]!, this.#samples, row);
    applyKernel(this.#kernel, row, this.#norms[sample]!, this.#norms);
    return row;
  }
}
