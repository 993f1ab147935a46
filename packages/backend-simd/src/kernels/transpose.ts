import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { blockElements, movedElement } from '../sliced.js';
import { sliceFor } from '../slices.js';
import { type CopyDimension, copyStrided, denseStrides, withLayouts } from '../strided.js';

/** A copy with dimension `perm[i]` of `x` as dimension `i`; the caller owns it. */
export function transposed(
  backend: SimdBackend,
  x: tf.TensorInfo,
  perm: readonly number[],
): tf.TensorInfo {
  const shape = perm.map((dimension) => x.shape[dimension]!);
  const out = backend.makeOutput(shape, x.dtype);
  if (tf.util.sizeFromShape(shape) === 0) return out;
  const fromStrides = denseStrides(x.shape);
  const toStrides = denseStrides(shape);
  const dimensions = mergeAll(
    shape.map((size, index) => ({
      size,
      from: fromStrides[perm[index]!]!,
      to: toStrides[index]!,
    })),
  );
  const from = backend.pointer(x);
  const to = backend.pointer(out);
  const innerTo = dimensions.find((dimension) => dimension.to === 1);
  const innerFrom = dimensions.find((dimension) => dimension.from === 1);
  if (!innerTo || !innerFrom || innerTo === innerFrom) {
    copyStrided(backend, from, to, dimensions);
    return out;
  }
  const outer = dimensions.filter((dimension) => dimension !== innerTo && dimension !== innerFrom);
  const fromStride = innerTo.from * elementBytes;
  const toStride = innerFrom.to * elementBytes;
  const columns = innerFrom.size;
  const slices = sliceFor(backend.threads, innerTo.size, {
    cost: (tf.util.sizeFromShape(shape) / innerTo.size) * 2 * movedElement,
    multiple: blockElements,
  });
  const layouts = slices.map(() => outer);
  withLayouts(backend, layouts, (addresses) => {
    const calls = slices.map(({ begin, end }, index) => {
      const source = from + begin * fromStride;
      const target = to + begin * elementBytes;
      const layout = addresses[index]!;
      return [source, target, end - begin, columns, fromStride, toStride, outer.length, layout];
    });
    backend.run('transposeMatrices', calls);
  });
  return out;
}

/** Without dimensions of one, and with neighbours that stay neighbours as one. */
function mergeAll(dimensions: readonly CopyDimension[]): CopyDimension[] {
  const merged: CopyDimension[] = [];
  for (const dimension of dimensions) {
    if (dimension.size === 1) continue;
    const outer = merged.at(-1);
    const together = outer && outer.from === dimension.from * dimension.size;
    if (together) merged[merged.length - 1] = { ...dimension, size: outer.size * dimension.size };
    else merged.push(dimension);
  }
  return merged;
}

/** Transposition in blocks that fit the cache. */
export const transposeKernels: readonly SimdKernel[] = [
  defineKernel<tf.TransposeInputs, tf.TransposeAttrs>(tf.Transpose, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    if (x.dtype === 'string' || x.dtype === 'complex64') return runInFallback(tf.Transpose, call);
    return transposed(backend, x, attrs.perm);
  }),
];
