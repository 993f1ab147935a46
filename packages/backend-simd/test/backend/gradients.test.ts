import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { numberStream, startSimd } from '../support.js';

beforeAll(async () => {
  await startSimd();
  // tfjs's own check for leaks takes what softmaxCrossEntropy keeps for its gradient for a leak.
  tf.env().set('IS_TEST', false);
});

interface Case {
  readonly name: string;
  readonly shape: number[];
  readonly run: (x: tf.Tensor) => tf.Tensor;
  /** Values of x; default between -2 and 2. */
  readonly range?: readonly [low: number, high: number];
  /** Step of the central difference; a linear function bears any. */
  readonly step?: number;
  readonly tolerance?: number;
}

const constant = (shape: number[], seed = 5): tf.Tensor => {
  const next = numberStream(seed);
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Array.from({ length: size }, () => 2 * next() - 1),
    shape,
  );
};
const positive: readonly [number, number] = [0.3, 2];
const image = (x: tf.Tensor) => x as tf.Tensor4D;

const smooth: Case[] = [
  { name: 'exp', shape: [9], run: tf.exp },
  { name: 'expm1', shape: [9], run: tf.expm1 },
  { name: 'log', shape: [9], run: tf.log, range: positive },
  { name: 'log1p', shape: [9], run: tf.log1p, range: positive },
  { name: 'sqrt', shape: [9], run: tf.sqrt, range: positive },
  { name: 'rsqrt', shape: [9], run: tf.rsqrt, range: positive },
  { name: 'square', shape: [9], run: tf.square },
  { name: 'reciprocal', shape: [9], run: tf.reciprocal, range: positive },
  { name: 'tanh', shape: [9], run: tf.tanh },
  { name: 'sigmoid', shape: [9], run: tf.sigmoid },
  { name: 'softplus', shape: [9], run: tf.softplus },
  { name: 'sin', shape: [9], run: tf.sin },
  { name: 'cos', shape: [9], run: tf.cos },
  { name: 'erf', shape: [9], run: tf.erf },
  { name: 'relu', shape: [9], run: tf.relu, range: positive },
  { name: 'relu6', shape: [9], run: tf.relu6, range: positive },
  { name: 'elu', shape: [9], run: tf.elu, range: [-2, -0.1] },
  { name: 'selu', shape: [9], run: tf.selu, range: [-2, -0.1] },
  { name: 'leakyRelu', shape: [9], run: (x) => tf.leakyRelu(x, 0.3), range: [-2, -0.1] },
  { name: 'abs', shape: [9], run: tf.abs, range: [-2, -0.1] },
  { name: 'neg', shape: [9], run: tf.neg },
  { name: 'clipByValue', shape: [9], run: (x) => tf.clipByValue(x, -5, 5) },
  { name: 'add a row', shape: [5], run: (x) => tf.add(constant([4, 5]), x) },
  { name: 'sub a column', shape: [4, 1], run: (x) => tf.sub(constant([4, 5]), x) },
  { name: 'mul by a scalar', shape: [], run: (x) => tf.mul(constant([4, 5]), x) },
  { name: 'mul by a channel', shape: [6], run: (x) => tf.mul(constant([2, 3, 6]), x) },
  { name: 'mul by itself', shape: [7], run: (x) => tf.mul(x, x) },
  { name: 'div by', shape: [5], run: (x) => tf.div(constant([4, 5]), x), range: positive },
  { name: 'div of', shape: [4, 5], run: (x) => tf.div(x, tf.add(constant([5]), 3)) },
  { name: 'pow, base', shape: [5], run: (x) => tf.pow(x, 3), range: positive },
  { name: 'pow, exponent', shape: [5], run: (x) => tf.pow(tf.abs(constant([5])), x) },
  { name: 'squaredDifference', shape: [5], run: (x) => tf.squaredDifference(x, constant([5])) },
  { name: 'maximum', shape: [5], run: (x) => tf.maximum(x, constant([5])) },
  { name: 'minimum', shape: [5], run: (x) => tf.minimum(x, constant([5])) },
  { name: 'prelu, x', shape: [4, 5], run: (x) => tf.prelu(x, constant([5])), range: [-2, -0.1] },
  {
    name: 'prelu, slope',
    shape: [5],
    run: (x) => tf.prelu(tf.neg(tf.abs(constant([4, 5]))), x),
  },
  { name: 'addN', shape: [4], run: (x) => tf.addN([x, constant([4]), x]) },
  {
    name: 'where',
    shape: [2, 3],
    run: (x) => tf.where(tf.greater(constant([2, 3]), 0), x, tf.neg(x)),
  },
  { name: 'sum of inner axis', shape: [3, 5], run: (x) => tf.sum(x, 1) },
  { name: 'sum of outer axis', shape: [3, 5], run: (x) => tf.sum(x, 0) },
  { name: 'mean of middle axes', shape: [2, 3, 4, 5], run: (x) => tf.mean(x, [1, 2]) },
  { name: 'max', shape: [3, 5], run: (x) => tf.max(x, 1), step: 1e-3 },
  { name: 'min', shape: [3, 5], run: (x) => tf.min(x, 0), step: 1e-3 },
  { name: 'prod', shape: [3, 4], run: (x) => tf.prod(x, 1), range: positive },
  { name: 'cumsum', shape: [3, 5], run: (x) => tf.cumsum(x, 1, true, true) },
  { name: 'logSumExp', shape: [3, 5], run: (x) => tf.logSumExp(x, 1) },
  { name: 'softmax', shape: [3, 5], run: (x) => tf.softmax(x) },
  { name: 'logSoftmax', shape: [3, 5], run: (x) => tf.logSoftmax(x) },
  {
    name: 'softmax cross-entropy',
    shape: [3, 5],
    run: (x) => tf.losses.softmaxCrossEntropy(tf.oneHot([1, 4, 0], 5), x),
  },
  {
    name: 'sigmoid cross-entropy',
    shape: [7],
    run: (x) => tf.losses.sigmoidCrossEntropy([1, 0, 1, 1, 0, 0, 1], x),
  },
  { name: 'moments', shape: [4, 3], run: (x) => tf.moments(x, 0).variance },
  {
    name: 'batchNorm, x',
    shape: [2, 3, 3, 4],
    run: (x) =>
      tf.batchNorm(
        image(x),
        constant([4]) as tf.Tensor1D,
        tf.fill([4], 0.7),
        constant([4], 6) as tf.Tensor1D,
        constant([4], 7) as tf.Tensor1D,
      ),
  },
  {
    name: 'batchNorm, scale',
    shape: [4],
    run: (x) =>
      tf.batchNorm(
        image(constant([2, 3, 3, 4])),
        constant([4]) as tf.Tensor1D,
        tf.fill([4], 0.7),
        constant([4], 6) as tf.Tensor1D,
        x as tf.Tensor1D,
      ),
  },
  { name: 'transpose', shape: [2, 3, 4], run: (x) => tf.transpose(x, [2, 0, 1]) },
  { name: 'reshape', shape: [2, 6], run: (x) => tf.reshape(x, [3, 4]) },
  { name: 'slice', shape: [4, 5], run: (x) => tf.slice(x, [1, 2], [2, 3]) },
  {
    name: 'stridedSlice',
    shape: [5],
    run: (x) => tf.mul(x, tf.stridedSlice(constant([9]), [0], [9], [2])),
  },
  { name: 'concat', shape: [2, 3], run: (x) => tf.concat([x, constant([2, 2]), x], 1) },
  { name: 'split', shape: [2, 6], run: (x) => tf.split(x, 3, 1)[1]! },
  { name: 'stack', shape: [2, 3], run: (x) => tf.stack([x, x], 1) },
  { name: 'unstack', shape: [2, 3], run: (x) => tf.unstack(x, 1)[2]! },
  {
    name: 'pad',
    shape: [2, 3],
    run: (x) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
  },
  { name: 'tile', shape: [2, 3], run: (x) => tf.tile(x, [2, 3]) },
  { name: 'reverse', shape: [2, 3], run: (x) => tf.reverse(x, 1) },
  { name: 'gather', shape: [4, 3], run: (x) => tf.gather(x, [2, 0, 2]) },
  { name: 'gather, axis 1', shape: [2, 4, 3], run: (x) => tf.gather(x, [3, 0, 3], 1) },
  {
    name: 'unsortedSegmentSum',
    shape: [4, 3],
    run: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 1, 2], 'int32'), 3),
  },
  {
    name: 'resizeNearestNeighbor',
    shape: [2, 3, 4, 2],
    run: (x) => tf.image.resizeNearestNeighbor(image(x), [7, 8]),
  },
  {
    name: 'resizeNearestNeighbor, smaller',
    shape: [1, 6, 4, 3],
    run: (x) => tf.image.resizeNearestNeighbor(image(x), [3, 3], true),
  },
  {
    name: 'resizeNearestNeighbor, half pixels',
    shape: [1, 3, 5, 1],
    run: (x) => tf.image.resizeNearestNeighbor(image(x), [7, 4], false, true),
  },
  {
    name: 'resizeBilinear',
    shape: [2, 3, 4, 2],
    run: (x) => tf.image.resizeBilinear(image(x), [7, 8]),
  },
  {
    name: 'resizeBilinear, corners',
    shape: [1, 3, 5, 4],
    run: (x) => tf.image.resizeBilinear(image(x), [6, 7], true),
  },
  {
    name: 'resizeBilinear, half pixels',
    shape: [1, 3, 5, 2],
    run: (x) => tf.image.resizeBilinear(image(x), [7, 4], false, true),
  },
];

/** sum(run(x) * weights), which draws on every element of the result, each in its own measure. */
function objective(run: Case['run'], x: tf.Tensor): tf.Scalar {
  const y = run(x);
  return tf.sum(tf.mul(y, constant(y.shape, 11)));
}

describe('gradients agree with central differences', () => {
  for (const { name, shape, run, range = [-2, 2], step = 1e-2, tolerance = 2e-3 } of smooth) {
    it(name, () => {
      const next = numberStream(3);
      const size = tf.util.sizeFromShape(shape);
      const [low, high] = range;
      const point = Float32Array.from({ length: size }, () => low + (high - low) * next());
      const valueAt = (index: number, offset: number): number =>
        tf.tidy(() => {
          const moved = point.slice();
          moved[index]! += offset;
          return objective(run, tf.tensor(moved, shape)).dataSync()[0]!;
        });
      const gradient = tf.tidy(() =>
        tf
          .grad((x) => objective(run, x))(tf.tensor(point, shape))
          .dataSync(),
      );
      for (let index = 0; index < size; index++) {
        // The fourth-order formula: its truncation error is of the order of step ** 4.
        const near = (valueAt(index, step) - valueAt(index, -step)) / (2 * step);
        const far = (valueAt(index, 2 * step) - valueAt(index, -2 * step)) / (4 * step);
        const numeric = (4 * near - far) / 3;
        const error = Math.abs(gradient[index]! - numeric);
        expect(error, `d/dx[${index}]: ${gradient[index]} against ${numeric}`).toBeLessThan(
          tolerance * Math.max(1, Math.abs(numeric)),
        );
      }
    });
  }
});
