import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimdBackend } from '../../src/index.js';
import { expectNumbers, expectSameAsPlain, numberStream, startSimd } from '../support.js';

let backend: SimdBackend;

async function start(relaxed: boolean): Promise<void> {
  backend = await startSimd({ relaxed });
  tf.engine().startScope();
}

beforeEach(() => start(true));

afterEach(() => {
  tf.engine().endScope();
  expect(backend.heap.bytesInUse).toBe(0);
});

/** Repeatable numbers about `center`. */
function numbers(count: number, seed: number, center = 0): Float32Array {
  const next = numberStream(seed);
  return Float32Array.from({ length: count }, () => center + 4 * next() - 2);
}

const epsilon = 1e-3;

/** A batch normalization in training, as tf.layers composes it. */
function normalize(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const { mean, variance } = tf.moments(x, axes);
  const rows = [mean, variance, offset, scale] as tf.Tensor1D[];
  return tf.batchNorm(x as tf.Tensor4D, rows[0]!, rows[1]!, rows[2]!, rows[3]!, epsilon);
}

/** The same and its gradients in double precision (Ioffe and Szegedy, 2015). */
function exactly(x: Float32Array, scale: Float32Array, offset: Float32Array, dy: Float32Array) {
  const channels = scale.length;
  const rows = x.length / channels;
  const [y, dx] = [new Float64Array(x.length), new Float64Array(x.length)];
  const [dScale, dOffset] = [new Float64Array(channels), new Float64Array(channels)];
  for (let channel = 0; channel < channels; channel++) {
    const at = Array.from({ length: rows }, (_, row) => row * channels + channel);
    const sum = (term: (index: number) => number) => at.reduce((all, i) => all + term(i), 0);
    const mean = sum((i) => x[i]!) / rows;
    const variance = sum((i) => (x[i]! - mean) ** 2) / rows;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    const normal = (i: number) => (x[i]! - mean) * inverse;
    dOffset[channel] = sum((i) => dy[i]!);
    dScale[channel] = sum((i) => dy[i]! * normal(i));
    for (const i of at) {
      y[i] = normal(i) * scale[channel]! + offset[channel]!;
      const rest = dy[i]! - dOffset[channel]! / rows - (normal(i) * dScale[channel]!) / rows;
      dx[i] = scale[channel]! * inverse * rest;
    }
  }
  return { y, dx, dScale, dOffset };
}

describe.each([true, false])('a batch normalization in training, relaxed: %s', (relaxed) => {
  beforeEach(async () => {
    tf.engine().endScope();
    await start(relaxed);
  });

  it.each<[shape: number[], center: number]>([
    [[8, 16, 16, 24], 0],
    [[5, 13, 11, 3], 1],
    [[2, 40, 30, 8], -30],
    [[3, 9, 7, 33], 100],
    [[700, 10], 2],
    [[2, 5000, 1], 0],
    [[2, 3, 1000], 3],
    [[4, 2, 2, 4], 0],
  ])('of shape %j about %i is that of double precision', (shape, center) => {
    const channels = shape.at(-1)!;
    const size = tf.util.sizeFromShape(shape);
    const [x, dy] = [numbers(size, 1, center), numbers(size, 2)];
    const [scale, offset] = [numbers(channels, 3), numbers(channels, 4)];
    const exact = exactly(x, scale, offset, dy);
    const inputs = [tf.tensor(x, shape), tf.tensor(scale), tf.tensor(offset)];
    const result = normalize(inputs[0]!, inputs[1]!, inputs[2]!);
    // The mean itself rounds: that is the error of every difference from it.
    const tolerance = 3e-6 * Math.max(1, Math.abs(center));
    expectNumbers(result.dataSync(), exact.y, tolerance);
    const [dx, dScale, dOffset] = tf.grads(normalize)(inputs, tf.tensor(dy, shape));
    expectNumbers(dx!.dataSync(), exact.dx, tolerance);
    expectNumbers(dScale!.dataSync(), exact.dScale, 10 * tolerance);
    expectNumbers(dOffset!.dataSync(), exact.dOffset, tolerance);
  });
});

describe('what is put off', () => {
  const shape = [20, 30, 16];
  const row = [1, 1, 16];

  it('is the same to whoever reads it, from the plain backend too', () =>
    expectSameAsPlain(
      [{ shape }, { shape: row }, { shape }],
      (x, center, other) => {
        const centered = tf.sub(x!, center!);
        const square = tf.square(centered);
        const axes = [0, 1];
        return [
          ...[tf.mean(square, axes), tf.sum(square, axes, true), square, centered],
          ...[tf.mean(square, [0, 2]), tf.sum(tf.square(tf.sub(x!, center!))), tf.sum(square, 2)],
          ...[tf.mul(tf.sub(x!, center!), other!), tf.square(tf.reshape(centered, [600, 16]))],
          tf.mean(tf.square(tf.reshape(tf.sub(x!, center!), [30, 20, 16])), axes),
          tf.mean(tf.square(tf.reshape(tf.sub(x!, center!), [16, 20, 30])), axes),
        ];
      },
      2e-6,
    ));

  it('has the gradients of the plain backend, also about another center than the mean', () =>
    expectSameAsPlain(
      [{ shape }, { shape: row }, { shape: [16] }, { shape }],
      (x, center, weights, other) => {
        const spread = (a: tf.Tensor, c: tf.Tensor) =>
          tf.sum(tf.mul(tf.mean(tf.square(tf.sub(a, c)), [0, 1]), weights!));
        const uneven = (a: tf.Tensor, c: tf.Tensor) =>
          tf.sum(tf.mul(tf.square(tf.sub(a, c)), other!));
        const twice = (a: tf.Tensor, c: tf.Tensor) =>
          tf.add(spread(a, c), tf.sum(tf.mul(tf.sub(a, c), other!)));
        const residual = (a: tf.Tensor, c: tf.Tensor) => {
          const y = normalize(tf.mul(a, other!), weights!, tf.reshape(c, [16]));
          return tf.sum(tf.square(tf.add(tf.relu(y), a)));
        };
        return [spread, uneven, twice, residual].flatMap((run) => tf.grads(run)([x!, center!]));
      },
      1e-4,
    ));

  it('takes no memory for the variance but its own', () => {
    const [x, center] = [tf.tensor(numbers(9600, 1), shape), tf.tensor(numbers(16, 2), row)];
    const before = backend.heap.bytesInUse;
    const variance = tf.tidy(() => tf.mean(tf.square(tf.sub(x, center)), [0, 1]));
    expect(backend.heap.bytesInUse).toBe(before + 64);
    variance.dispose();
  });

  it('takes for the gradient of x the memory of one tensor', () => {
    const inputs = [tf.tensor(numbers(9600, 1), shape), tf.ones([16]), tf.zeros([16])];
    const dy = tf.tensor(numbers(9600, 2), shape);
    const [dx] = tf.grads(normalize)(inputs, dy);
    const before = backend.heap.bytesInUse;
    dx!.dataSync();
    expect(backend.heap.bytesInUse).toBeLessThanOrEqual(before + 9600 * 4);
  });

  it('is the same if the operands have been disposed or changed', () => {
    const [x, center] = [
      tf.variable(tf.tensor(numbers(9600, 1), shape)),
      tf.tensor(numbers(16, 2)),
    ];
    const expected = numbers(9600, 1).map((value, i) => value - numbers(16, 2)[i % 16]!);
    const centered = tf.sub(x, center);
    x.assign(tf.zerosLike(x));
    tf.dispose([x, center]);
    expectNumbers(centered.dataSync(), expected, 0);
  });

  it('lets NaN and infinity spread as the operations apart do', () => {
    const values = numbers(9600, 1);
    values[17] = Number.NaN;
    values[18] = 1 / 0;
    return expectSameAsPlain(
      [{ shape, values }, { shape: [16] }],
      (x, scale) => [normalize(x!, scale!, scale!), ...tf.grads(normalize)([x!, scale!, scale!])],
      1e-4,
    );
  });
});
