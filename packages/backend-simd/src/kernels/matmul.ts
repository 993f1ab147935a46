import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import { DeferredProduct, type Epilogue, noEpilogue } from '../deferred.js';
import { runInFallback } from '../fallback.js';
import { recordFusedProduct } from '../gradients/fused-operations.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { productsPerNanosecond, sliceFor } from '../slices.js';
import { runFused } from './matmul-fused.js';

/** Bytes of a float32. */
const bytes = 4;

/** Where the matrices of two batches that broadcast against each other lie. */
interface ProductShape {
  readonly outShape: number[];
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** For each matrix of the result, the index of its left and of its right operand. */
  readonly pairs: readonly (readonly [left: number, right: number])[];
}

function productShape(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): ProductShape {
  tf.util.assert(
    a.shape.length >= 2 && b.shape.length >= 2,
    () =>
      `Error in matMul: expected tensors of rank 2 or more, got shapes ${a.shape} and ${b.shape}.`,
  );
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
    transposeA,
    transposeB,
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
  shape: ProductShape,
  [left, right]: readonly number[],
  target: number,
  epilogue: Epilogue,
): void {
  const { rows, columns, depth, pairs, transposeA, transposeB } = shape;
  const { bias, flags, low, high } = epilogue;
  const lda = transposeA ? rows : depth;
  const ldb = transposeB ? depth : columns;
  const rowStep = (transposeA ? 1 : depth) * bytes;
  const columnStep = (transposeB ? depth : 1) * bytes;
  const blocks = divide(backend.threads, pairs.length, rows, columns, depth);
  const calls: number[][] = [];
  let to = target;
  for (const [leftIndex, rightIndex] of pairs) {
    const from = left! + leftIndex * rows * depth * bytes;
    const by = right! + rightIndex * depth * columns * bytes;
    for (const block of blocks) {
      // biome-ignore format: one line a matrix
      calls.push([
        from + block.row * rowStep, lda, Number(transposeA),
        by + block.column * columnStep, ldb, Number(transposeB),
        to + (block.row * columns + block.column) * bytes, columns,
        block.rows, block.columns, depth,
        bias && bias + block.column * bytes, flags, low, high,
      ]);
    }
    to += rows * columns * bytes;
  }
  const { rows: mostRows, columns: mostColumns } = blocks[0] ?? { rows, columns };
  backend.run('matmul', calls, backend.kernels.matmulScratch!(mostRows, mostColumns, depth));
}

/** A new tensor with the product of two. */
function productOf(
  backend: SimdBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  shape: ProductShape,
  epilogue: Epilogue,
): tf.TensorInfo {
  const out = backend.makeOutput(shape.outShape, 'float32');
  const operands = [backend.pointer(a), backend.pointer(b)];
  multiply(backend, shape, operands, backend.pointer(out), epilogue);
  return out;
}

/** A part of a product's result. */
interface Block {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

/** The columns that `assembly/matmul.ts` packs at a time. */
const columnsAtOnce = 256;
/** Fewer rows or columns in a part would take another way through `assembly/matmul.ts`. */
const leastLines = 2;

/** Divides one product among threads, along the longer side; the first part is the largest. */
function divide(
  threads: number,
  products: number,
  rows: number,
  columns: number,
  depth: number,
): Block[] {
  const whole = { row: 0, column: 0, rows, columns };
  if (threads === 1 || products >= 2 * threads) return [whole];
  const byRows = rows > columns;
  const [lines, others] = byRows ? [rows, columns] : [columns, rows];
  const slices = sliceFor(threads, lines, {
    cost: (others * depth) / productsPerNanosecond,
    multiple: byRows ? 16 : 8,
    perThread: Math.max(1, Math.min(4, Math.floor(lines / columnsAtOnce / threads))),
  });
  const last = slices.at(-1);
  if (!last || slices.length === 1) return [whole];
  if (last.end - last.begin < leastLines) {
    slices.splice(-2, 2, { begin: slices.at(-2)!.begin, end: last.end });
  }
  const blocks = slices.map(({ begin, end }) =>
    byRows
      ? { row: begin, column: 0, rows: end - begin, columns }
      : { row: 0, column: begin, rows, columns: end - begin },
  );
  return blocks.sort((one, other) => other.rows * other.columns - one.rows * one.columns);
}

const batchMatMul = defineKernel<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(
  tf.BatchMatMul,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b } = inputs;
    const { transposeA, transposeB } = attrs;
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return runInFallback(tf.BatchMatMul, call);
    const shape = productShape(a, b, transposeA, transposeB);
    const { outShape, columns } = shape;
    if (transposeA || transposeB) return productOf(backend, a, b, shape, noEpilogue);
    // Neither is turned: a layer's forward pass, which a bias and an activation may follow.
    const operands = [backend.hold(a), backend.hold(b)];
    const product = new DeferredProduct(operands, columns, (addresses, target, epilogue) =>
      multiply(backend, shape, addresses, target, epilogue),
    );
    return backend.defer(outShape, 'float32', product);
  },
);

const fusedMatMul = defineKernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(
  tf._FusedMatMul,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b, bias, preluActivationWeights } = inputs;
    const { transposeA, transposeB, activation, leakyreluAlpha } = attrs;
    recordFusedProduct([a.shape[0], b.shape[0]], attrs);
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return runInFallback(tf._FusedMatMul, call);
    const shape = productShape(a, b, transposeA, transposeB);
    const extras = { bias, preluActivationWeights, activation, leakyreluAlpha };
    return runFused(backend, shape.columns, extras, (epilogue) =>
      productOf(backend, a, b, shape, epilogue),
    );
  },
);

/** Matrix products of float32. */
export const matmulKernels: readonly SimdKernel[] = [batchMatMul, fusedMatMul];
