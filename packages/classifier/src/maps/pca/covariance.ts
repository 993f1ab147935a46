import { ensureBackend } from '@nn-lab/core/backend';
import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { varyingColumns } from '../../rows.js';

const rowsPerBlock = 4096;
const widestStripe = 256;

/**
 * The covariance matrix `[columns, columns]` of the rows times a scale that keeps squares in range,
 * normalized by `rows - 1`, in double precision; products of at most 4,096 rows are float32, by the
 * backend.
 *
 * A column that is constant gets zeros and is left out of the products, and of the symmetric rest
 * only what is on and above the diagonal of stripes is multiplied.
 */
export async function covarianceOf(
  matrix: Matrix,
  mean: Float64Array,
  scale: number,
  work: Work,
): Promise<Float64Array> {
  await ensureBackend();
  const { rows, columns } = matrix;
  const stripes = stripesOf(varyingColumns(matrix));
  const buffers = stripes.map((stripe) => new Float32Array(rowsPerBlock * stripe.length));
  const sums = new Float64Array(columns * columns);
  for (let start = 0; start < rows; start += rowsPerBlock) {
    const end = Math.min(rows, start + rowsPerBlock);
    const parts: tf.Tensor2D[] = [];
    try {
      for (const [i, stripe] of stripes.entries()) {
        parts.push(centeredColumns(matrix, mean, scale, stripe, start, end, buffers[i]!));
        if (work.isDue) await work.turn();
      }
      for (const [i, left] of parts.entries()) {
        for (let j = i; j < parts.length; j++) {
          const product = tf.matMul(left, parts[j]!, true, false);
          try {
            const values = (await product.data()) as Float32Array;
            addProduct(sums, columns, values, stripes[i]!, stripes[j]!);
          } finally {
            product.dispose();
          }
          if (work.isDue) await work.turn();
        }
      }
    } finally {
      for (const part of parts) part.dispose();
    }
  }
  return normalized(sums, columns, rows - 1);
}

/**
 * The same with products in double precision, for variances that are lost beside the largest in single
 * precision. It takes some thirty times as long.
 */
export async function exactCovarianceOf(
  matrix: Matrix,
  mean: Float64Array,
  scale: number,
  work: Work,
): Promise<Float64Array> {
  const { rows, columns, values } = matrix;
  const varying = varyingColumns(matrix);
  const sums = new Float64Array(columns * columns);
  const centered = new Float64Array(varying.length);
  for (let row = 0; row < rows; row++) {
    varying.forEach((column, i) => {
      centered[i] = (values[row * columns + column]! - mean[column]!) * scale;
    });
    for (let i = 0; i < varying.length; i++) {
      const from = varying[i]! * columns;
      const factor = centered[i]!;
      for (let j = i; j < varying.length; j++) sums[from + varying[j]!]! += factor * centered[j]!;
    }
    if (work.isDue) await work.turn();
  }
  return normalized(sums, columns, rows - 1);
}

/** Of sums in the upper triangle. */
function normalized(sums: Float64Array, columns: number, divisor: number): Float64Array {
  for (let row = 0; row < columns; row++) {
    for (let column = row; column < columns; column++) {
      const value = sums[row * columns + column]! / divisor;
      sums[row * columns + column] = value;
      sums[column * columns + row] = value;
    }
  }
  return sums;
}

/** The columns in runs of about the same length. */
function stripesOf(columns: Int32Array): Int32Array[] {
  const count = Math.ceil(columns.length / widestStripe);
  const cut = (stripe: number) => Math.round((stripe * columns.length) / count);
  return Array.from({ length: count }, (_, i) => columns.subarray(cut(i), cut(i + 1)));
}

/** Centers into a buffer that is used again once the tensor is gone. */
function centeredColumns(
  { columns, values }: Matrix,
  mean: Float64Array,
  scale: number,
  stripe: Int32Array,
  start: number,
  end: number,
  centered: Float32Array,
): tf.Tensor2D {
  const width = stripe.length;
  for (let row = start, at = 0; row < end; row++) {
    const from = row * columns;
    for (let i = 0; i < width; i++, at++) {
      const column = stripe[i]!;
      centered[at] = (values[from + column]! - mean[column]!) * scale;
    }
  }
  return tf.tensor2d(centered.subarray(0, (end - start) * width), [end - start, width]);
}

/** Adds a product of two stripes to the upper triangle. */
function addProduct(
  sums: Float64Array,
  columns: number,
  product: Float32Array,
  left: Int32Array,
  right: Int32Array,
): void {
  for (let i = 0, at = 0; i < left.length; i++) {
    const row = left[i]! * columns;
    for (let j = 0; j < right.length; j++, at++) {
      if (right[j]! >= left[i]!) sums[row + right[j]!]! += product[at]!;
    }
  }
}
