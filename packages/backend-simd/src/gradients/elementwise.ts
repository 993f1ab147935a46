import * as tf from '@tensorflow/tfjs';
import { defineGradient, maskOf, reduced } from './gradient.js';

/** The greater or smaller of two: where they are equal, the first one has the gradient. */
function extremeOfTwo(
  kernelName: string,
  isFirst: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): tf.GradConfig {
  return defineGradient(kernelName, { inputs: ['a', 'b'] }, (dy, [a, b]) => {
    const mask = () => isFirst(a!, b!);
    return {
      a: () => reduced(tf.mul(dy, maskOf(mask())), a!),
      b: () => reduced(tf.mul(dy, maskOf(tf.logicalNot(mask()))), b!),
    };
  });
}

/** A function that is constant but for its jumps. */
function constantByParts(kernelName: string, inputs: readonly string[]): tf.GradConfig {
  return defineGradient(kernelName, { inputs }, (_, saved) =>
    Object.fromEntries(
      inputs.map((name, index) => [name, () => tf.zeros(saved[index]!.shape, 'float32')]),
    ),
  );
}

const squaredDifference = defineGradient(
  tf.SquaredDifference,
  { inputs: ['a', 'b'] },
  (dy, [a, b]) => {
    const gradient = () => tf.mul(dy, tf.mul(tf.sub(a!, b!), 2));
    return { a: () => reduced(gradient(), a!), b: () => reduced(tf.neg(gradient()), b!) };
  },
);

const power = defineGradient(
  tf.Pow,
  { inputs: ['a', 'b'], outputs: [true] },
  (dy, [base, exponent, y]) => ({
    a: () => {
      const power = tf.cast(exponent!, 'float32');
      // 0 to the power of 0 - 1 is infinite, though x to the power of 0 is constant.
      const less = tf.where(tf.equal(power, 0), tf.zerosLike(power), tf.sub(power, 1));
      return reduced(tf.mul(dy, tf.mul(power, tf.pow(tf.cast(base!, 'float32'), less))), base!);
    },
    b: () => {
      const x = tf.cast(base!, 'float32');
      const logarithm = tf.where(tf.greater(x, 0), tf.log(x), tf.zerosLike(x));
      return reduced(tf.mul(dy, tf.mul(y!, logarithm)), exponent!);
    },
  }),
);

/** Functions of one or two tensors, element by element. */
export const elementwiseGradients: readonly tf.GradConfig[] = [
  extremeOfTwo(tf.Maximum, tf.greaterEqual),
  extremeOfTwo(tf.Minimum, tf.lessEqual),
  squaredDifference,
  power,
  ...[tf.Equal, tf.NotEqual, tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual].map((name) =>
    constantByParts(name, ['a', 'b']),
  ),
  ...[tf.LogicalAnd, tf.LogicalOr].map((name) => constantByParts(name, ['a', 'b'])),
  ...[tf.LogicalNot, tf.Any, tf.All].map((name) => constantByParts(name, ['x'])),
];
