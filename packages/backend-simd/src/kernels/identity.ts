import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import { defineFusingKernel, defineKernel, type SimdKernel } from '../kernel.js';
import { runElementwise } from '../sliced.js';

function reshaped(backend: SimdBackend, x: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const size = tf.util.sizeFromShape(x.shape);
  const inferred = tf.util.inferFromImplicitShape(shape, size);
  tf.util.assert(
    size === tf.util.sizeFromShape(inferred),
    () =>
      `A tensor of shape [${x.shape}] has ${size} elements and cannot be reshaped to [${inferred}].`,
  );
  return backend.alias(x, inferred);
}

/** Where dimension `dim` of the result lies, counted from the front. */
function insertionPlace(rank: number, dim: number): number {
  tf.util.assert(
    -(rank + 1) <= dim && dim <= rank,
    () => `Axis must be in the interval [${-(rank + 1)}, ${rank}]`,
  );
  return dim < 0 ? rank + dim + 1 : dim;
}

/** A copy of a tensor of numbers, which outlives the tensor. */
export function copied(backend: SimdBackend, x: tf.TensorInfo): tf.TensorInfo {
  const out = backend.makeOutput(x.shape, x.dtype);
  const count = tf.util.sizeFromShape(x.shape);
  const from = backend.pointer(x);
  runElementwise(backend, 'copyAll', { from, to: backend.pointer(out), count });
  return out;
}

/** Kernels that look at the same data in another way, and those that pair or part complex numbers. */
export const identityKernels: readonly SimdKernel[] = [
  defineFusingKernel<tf.IdentityInputs>(tf.Identity, ({ inputs: { x }, backend }) =>
    backend.alias(x, x.shape),
  ),
  defineFusingKernel<tf.ReshapeInputs, tf.ReshapeAttrs>(
    tf.Reshape,
    ({ inputs: { x }, attrs: { shape }, backend }) => reshaped(backend, x, shape),
  ),
  defineFusingKernel<tf.ExpandDimsInputs, tf.ExpandDimsAttrs>(
    tf.ExpandDims,
    ({ inputs: { input }, attrs: { dim }, backend }) => {
      const shape = input.shape.slice();
      shape.splice(insertionPlace(shape.length, dim), 0, 1);
      return reshaped(backend, input, shape);
    },
  ),
  defineKernel<tf.ComplexInputs>(tf.Complex, ({ inputs: { real, imag }, backend }) =>
    backend.makeComplex(copied(backend, real), copied(backend, imag)),
  ),
  defineKernel<tf.RealInputs>(tf.Real, ({ inputs: { input }, backend }) =>
    copied(backend, { ...backend.complexParts(input).real, shape: input.shape }),
  ),
  defineKernel<tf.ImagInputs>(tf.Imag, ({ inputs: { input }, backend }) =>
    copied(backend, { ...backend.complexParts(input).imag, shape: input.shape }),
  ),
];
