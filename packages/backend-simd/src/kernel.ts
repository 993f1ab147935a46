import type * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from './backend.js';

/** A kernel of the `simd` backend, as `tf.registerKernel` wants it but for the backend's name. */
export interface SimdKernel {
  readonly kernelName: string;
  readonly kernelFunc: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];
}

/** What tfjs passes to a kernel. `Inputs` are borrowed: the kernel neither keeps nor disposes them. */
export interface KernelCall<Inputs = Record<string, tf.TensorInfo>, Attributes = object> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
  readonly backend: SimdBackend;
}

/** Declares a kernel with the types of its own inputs and attributes. */
export function defineKernel<Inputs, Attributes = object>(
  kernelName: string,
  kernelFunc: (call: KernelCall<Inputs, Attributes>) => tf.TensorInfo | tf.TensorInfo[],
): SimdKernel {
  return { kernelName, kernelFunc: kernelFunc as unknown as SimdKernel['kernelFunc'] };
}
