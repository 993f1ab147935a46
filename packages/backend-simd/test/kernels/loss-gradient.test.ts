import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSameAsPlain, type Input, startSimd } from '../support.js';

beforeAll(() => startSimd({ threads: 2 }));
afterAll(() => tf.removeBackend('simd'));

const special = [0, -0, 0.5, -0.5, 0.25, 1e-40, 1 / 0, -1 / 0, Number.NaN, 0.2, 0.7];

type Operation = (...tensors: tf.Tensor[]) => tf.Tensor;

/** Inputs and, first, the gradient that comes from behind. */
const cases: Record<string, { run: Operation; inputs: Input[]; dy: Input; most: number }> = {
  'a product': {
    run: (a, b) => tf.mul(a!, b!),
    inputs: [{ shape: [5, 7] }, { shape: [5, 7] }],
    dy: { shape: [5, 7] },
    most: 2,
  },
  'a product of which both operands repeat': {
    run: (a, b) => tf.mul(a!, b!),
    inputs: [{ shape: [3, 1, 4] }, { shape: [5, 1] }],
    dy: { shape: [3, 5, 4] },
    most: 6,
  },
  'a quotient': {
    run: (a, b) => tf.div(a!, b!),
    inputs: [{ shape: [6, 5] }, { shape: [6, 1] }],
    dy: { shape: [6, 5] },
    most: 7,
  },
  'a logarithm': {
    run: (x) => tf.log(x!),
    inputs: [{ shape: [11], values: special }],
    dy: { shape: [11] },
    most: 1,
  },
  'a square': {
    run: (x) => tf.square(x!),
    inputs: [{ shape: [11], values: special }],
    dy: { shape: [11] },
    most: 2,
  },
  relu: {
    run: (x) => tf.relu(x!),
    inputs: [{ shape: [11], values: special }],
    dy: { shape: [11] },
    most: 2,
  },
  clipping: {
    run: (x) => tf.clipByValue(x!, -0.5, 0.5),
    inputs: [{ shape: [11], values: special }],
    dy: { shape: [11] },
    most: 1,
  },
  'clipping many numbers': {
    run: (x) => tf.clipByValue(x!, -0.5, 1.5),
    inputs: [{ shape: [3, 70_001] }],
    dy: { shape: [3, 70_001] },
    most: 1,
  },
  'softmax over 3 rows of 10': {
    run: (x) => tf.softmax(x!),
    inputs: [{ shape: [3, 10] }],
    dy: { shape: [3, 10] },
    most: 1,
  },
  'softmax over one row of 301': {
    run: (x) => tf.softmax(x!),
    inputs: [{ shape: [301] }],
    dy: { shape: [301] },
    most: 1,
  },
  'softmax over many rows': {
    run: (x) => tf.softmax(x!),
    inputs: [{ shape: [40, 60, 37] }],
    dy: { shape: [40, 60, 37] },
    most: 1,
  },
  'softmax over nothing': {
    run: (x) => tf.softmax(x!),
    inputs: [{ shape: [0, 4], values: [] }],
    dy: { shape: [0, 4], values: [] },
    most: 1,
  },
};

describe.each(Object.entries(cases))('the gradient of %s', (_name, { run, inputs, dy, most }) => {
  it('is that of the plain backend', () =>
    expectSameAsPlain([dy, ...inputs], (gradient, ...rest) => tf.grads(run)(rest, gradient), 1e-6));

  it('takes few kernels', async () => {
    const tensors = inputs.map(({ shape }) => tf.ones(shape));
    const gradient = tf.ones(dy.shape);
    const forward = await tf.profile(() => run(...tensors));
    const all = await tf.profile(() => tf.grads(run)(tensors, gradient));
    const saved = all.kernels.filter(({ name }) => name === 'Identity').length;
    expect(all.kernels.length - saved - forward.kernels.length).toBeLessThanOrEqual(most);
  });
});

it('gradients of gradients are those of the plain backend', () =>
  expectSameAsPlain(
    [{ shape: [4, 6] }, { shape: [4, 1] }],
    (x, y) => {
      const norm = (a: tf.Tensor) => {
        const slope = tf.grad((b: tf.Tensor) =>
          tf.sum(tf.div(tf.square(tf.relu(b)), tf.square(y!))),
        )(a);
        return tf.sum(tf.mul(slope, slope));
      };
      return tf.grad(norm)(x!);
    },
    1e-5,
  ));

it('other dtypes take the gradients of tfjs', () =>
  expectSameAsPlain(
    [{ shape: [9], dtype: 'int32' }, { shape: [9] }],
    (a, b) => tf.grad((x: tf.Tensor) => tf.sum(tf.mul(a!, x)))(b!),
    1e-6,
  ));
