import type * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from './backend.js';

/** A kernel of the `simd` backend, as `tf.registerKernel` wants it but for the backend's name. */
export interface SimdKernel {
  readonly kernelName: string;
  readonly kernelFunc: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];
  /** True for a kernel that takes up deferred inputs; those of others are computed before. */
  readonly takesDeferred?: boolean;
  /** True for a kernel that computes in plain JavaScript all but what that would get wrong. */
  readonly isPlain?: boolean;
}

/** What tfjs passes to a kernel. `Inputs` are borrowed: the kernel neither keeps nor disposes them. */
export interface KernelCall<Inputs = Record<string, tf.TensorInfo>, Attributes = object> {
  readonly inputs: Given<Inputs>;
  readonly attrs: Attributes;
  readonly backend: SimdBackend;
}

/** tfjs types every input as possibly missing; what a kernel marks as optional stays so. */
type Given<Inputs> = Inputs extends tf.TensorInfo[]
  ? Inputs
  : { readonly [Name in keyof Inputs]: Defined<Inputs, Name> };

type Defined<Inputs, Name extends keyof Inputs> =
  Partial<Pick<Inputs, Name>> extends Pick<Inputs, Name> ? Inputs[Name] : NonNullable<Inputs[Name]>;

/** Declares a kernel with the types of its own inputs and attributes. */
export function defineKernel<Inputs, Attributes = object>(
  kernelName: string,
  kernelFunc: (call: KernelCall<Inputs, Attributes>) => tf.TensorInfo | tf.TensorInfo[],
): SimdKernel {
  return { kernelName, kernelFunc: kernelFunc as unknown as SimdKernel['kernelFunc'] };
}

/** As `defineKernel`, for a kernel that takes up inputs that are deferred. */
export function defineFusingKernel<Inputs, Attributes = object>(
  kernelName: string,
  kernelFunc: (call: KernelCall<Inputs, Attributes>) => tf.TensorInfo | tf.TensorInfo[],
): SimdKernel {
  return { ...defineKernel(kernelName, kernelFunc), takesDeferred: true };
}

/** As `defineKernel`, for a kernel that computes in plain JavaScript all but what that would get wrong. */
export function definePlainKernel<Inputs, Attributes = object>(
  kernelName: string,
  kernelFunc: (call: KernelCall<Inputs, Attributes>) => tf.TensorInfo | tf.TensorInfo[],
): SimdKernel {
  return { ...defineKernel(kernelName, kernelFunc), isPlain: true };
}
