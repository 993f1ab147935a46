import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { type Epilogue, noEpilogue, runFused, withScratch } from './matmul-fused.js';

/** Bytes of a float32. */
const bytes = 4;

/** Where the matrices of two batches that broadcast against each other lie. */
interface ProductShape {
  readonly outShape: number[];
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** For each matrix of the result, the index of its left and of its right operand. */
  readonly pairs: readonly (readonly [left: number, right: number])[];
}

function productShape(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): ProductShape {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, depth] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [columns, bDepth] = transposeB ? [bRows, bColumns] : [bColumns, bRows];
  tf.util.assert(
    depth === bDepth,
    () =>
      `Error in matMul: inner shapes (${depth}) and (${bDepth}) of Tensors with shapes ${a.shape} ` +
      `and ${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const aBatch = a.shape.slice(0, -2);
  const bBatch = b.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  return {
    outShape: [...batch, rows, columns],
    rows,
    columns,
    depth,
    pairs: broadcastPairs(batch, aBatch, bBatch),
  };
}

/** The flat indices into two batches for each index of the batch they broadcast to. */
function broadcastPairs(batch: number[], a: number[], b: number[]): [number, number][] {
  let pairs: [number, number][] = [[0, 0]];
  batch.forEach((size, axis) => {
    const aSize = a[axis - batch.length + a.length] ?? 1;
    const bSize = b[axis - batch.length + b.length] ?? 1;
    pairs = pairs.flatMap(([left, right]) =>
      Array.from({ length: size }, (_, index): [number, number] => [
        left * aSize + (aSize === 1 ? 0 : index),
        right * bSize + (bSize === 1 ? 0 : index),
      ]),
    );
  });
  return pairs;
}

function multiply(
  backend: SimdBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  shape: ProductShape,
  epilogue: Epilogue,
): tf.TensorInfo {
  const { outShape, rows, columns, depth, pairs } = shape;
  const out = backend.makeOutput(outShape, 'float32');
  const { matmul, matmulScratch } = backend.kernels;
  const { bias, flags, low, high } = epilogue;
  const lda = transposeA ? rows : depth;
  const ldb = transposeB ? depth : columns;
  withScratch(backend, matmulScratch!(rows, columns, depth), (work) => {
    const left = backend.pointer(a);
    const right = backend.pointer(b);
    let target = backend.pointer(out);
    for (const [leftIndex, rightIndex] of pairs) {
      const from = left + leftIndex * rows * depth * bytes;
      const by = right + rightIndex * depth * columns * bytes;
      // biome-ignore format: one line a matrix
      matmul!(
        from, lda, Number(transposeA),
        by, ldb, Number(transposeB),
        target, columns,
        rows, columns, depth, bias, flags, low, high, work,
      );
      target += rows * columns * bytes;
    }
  });
  return out;
}

const batchMatMul = defineKernel<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(
  tf.BatchMatMul,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b } = inputs;
    const { transposeA, transposeB } = attrs;
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return runInFallback(tf.BatchMatMul, call);
    const shape = productShape(a, b, transposeA, transposeB);
    return multiply(backend, a, b, transposeA, transposeB, shape, noEpilogue);
  },
);

const fusedMatMul = defineKernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(
  tf._FusedMatMul,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b, bias, preluActivationWeights } = inputs;
    const { transposeA, transposeB, activation, leakyreluAlpha } = attrs;
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return runInFallback(tf._FusedMatMul, call);
    const shape = productShape(a, b, transposeA, transposeB);
    const extras = { bias, preluActivationWeights, activation, leakyreluAlpha };
    return runFused(backend, shape.columns, extras, (epilogue) =>
      multiply(backend, a, b, transposeA, transposeB, shape, epilogue),
    );
  },
);

/** Matrix products of float32. */
export const matmulKernels: readonly SimdKernel[] = [batchMatMul, fusedMatMul];
