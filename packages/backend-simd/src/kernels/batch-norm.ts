import * as tf from '@tensorflow/tfjs';
import { elementBytes } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { movedElement, runSliced } from '../sliced.js';
import { withScratch } from './matmul-fused.js';

/** Channels fewer than this are joined, several pixels at a time, into longer rows. */
const shortRow = 64;

interface BatchNormInputs {
  readonly x: tf.TensorInfo;
  readonly mean: tf.TensorInfo;
  readonly variance: tf.TensorInfo;
  readonly scale?: tf.TensorInfo;
  readonly offset?: tf.TensorInfo;
}

/** Batch normalisation with given statistics, one of each a channel. */
export const batchNormKernels: readonly SimdKernel[] = [
  defineKernel<BatchNormInputs, tf.FusedBatchNormAttrs>(tf.FusedBatchNorm, (call) => {
    const { inputs, attrs, backend } = call;
    const { x, mean, variance, scale, offset } = inputs;
    const channels = x.shape.at(-1) ?? 1;
    const perChannel = [mean, variance, scale, offset].every(
      (tensor) =>
        !tensor || (tensor.dtype === 'float32' && tf.util.sizeFromShape(tensor.shape) === channels),
    );
    const ranks = new Set(
      [mean, variance, scale, offset].filter((tensor) => tensor).map((t) => t!.shape.length),
    );
    const native = perChannel && ranks.size === 1 && x.dtype === 'float32' && channels > 0;
    if (!native) return runInFallback(tf.FusedBatchNorm, call);
    const out = backend.makeOutput(x.shape, 'float32');
    const rows = tf.util.sizeFromShape(x.shape) / channels;
    const joined = channels < shortRow ? Math.min(Math.ceil(shortRow / channels) * 4, rows) : 1;

    // Means, factors and offsets, each written out once for every pixel of a joined row.
    const width = channels * Math.max(1, joined);
    withScratch(backend, 3 * width * elementBytes, (table) => {
      const means = table;
      const factors = table + width * elementBytes;
      const offsets = table + 2 * width * elementBytes;
      const { heap, kernels } = backend;
      kernels.batchNormFactors!(
        backend.pointer(variance),
        scale ? backend.pointer(scale) : 0,
        factors,
        channels,
        attrs.varianceEpsilon ?? 0.001,
      );
      const bytes = channels * elementBytes;
      heap.uint8.copyWithin(means, backend.pointer(mean), backend.pointer(mean) + bytes);
      if (offset) {
        heap.uint8.copyWithin(offsets, backend.pointer(offset), backend.pointer(offset) + bytes);
      }
      for (let copy = 1; copy < joined; copy++) {
        for (const list of [means, factors, offsets]) {
          heap.uint8.copyWithin(list + copy * bytes, list, list + bytes);
        }
      }
      const from = backend.pointer(x);
      const to = backend.pointer(out);
      const shift = offset ? offsets : 0;
      const groups = joined > 0 ? Math.floor(rows / joined) : 0;
      runSliced(backend, 'batchNorm', groups, { cost: width * movedElement }, (begin, end) => {
        const first = begin * width * elementBytes;
        return [from + first, means, factors, shift, to + first, end - begin, width];
      });
      const done = groups * width * elementBytes;
      const rest = rows - groups * joined;
      kernels.batchNorm!(from + done, means, factors, shift, to + done, rest, channels);
    });
    return out;
  }),
];
