import * as tf from '@tensorflow/tfjs';
import type { FusedGradient } from './fuse.js';
import { reduced } from './gradient.js';

/*
 * The gradients of tfjs without the kernels that change nothing (a cast of float32 to float32) and
 * with one where it takes seven. A small network's step is bound by how many kernels tfjs runs, not by
 * what they compute.
 */

const isFloat = (...tensors: (tf.Tensor | undefined)[]) =>
  tensors.every((tensor) => tensor?.dtype === 'float32');

const multiply: FusedGradient = (dy, [a, b]) => {
  if (!isFloat(dy, a, b)) return undefined;
  return { a: () => reduced(tf.mul(dy, b!), a!), b: () => reduced(tf.mul(dy, a!), b!) };
};

const realDiv: FusedGradient = (dy, [a, b]) => {
  if (!isFloat(dy, a, b)) return undefined;
  return {
    a: () => reduced(tf.div(dy, b!), a!),
    b: () => tf.neg(tf.div(reduced(tf.mul(dy, a!), b!), tf.square(b!))),
  };
};

const log: FusedGradient = (dy, [x]) => (isFloat(dy, x) ? { x: () => tf.div(dy, x!) } : undefined);

const relu: FusedGradient = (dy, [x]) =>
  isFloat(dy, x) ? { x: () => tf.mul(dy, tf.step(x!)) } : undefined;

const square: FusedGradient = (dy, [x]) =>
  isFloat(dy, x)
    ? { x: () => tf.engine().runKernel('SquareGrad', { a: dy, b: x! }) as tf.Tensor }
    : undefined;

const clipByValue: FusedGradient = (dy, [x], attributes) => {
  if (!isFloat(dy, x)) return undefined;
  return {
    x: () => tf.engine().runKernel('ClipByValueGrad', { dy, x: x! }, attributes) as tf.Tensor,
  };
};

const softmax: FusedGradient = (dy, [y]) => {
  if (!isFloat(dy, y)) return undefined;
  return { logits: () => tf.engine().runKernel('SoftmaxGrad', { dy, y: y! }) as tf.Tensor };
};

export const leanGradients: readonly (readonly [kernelName: string, gradient: FusedGradient])[] = [
  [tf.ClipByValue, clipByValue],
  [tf.Log, log],
  [tf.Multiply, multiply],
  [tf.RealDiv, realDiv],
  [tf.Relu, relu],
  [tf.Softmax, softmax],
  [tf.Square, square],
];
