import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimdBackend } from '../../src/index.js';
import { expectNumbers, startSimd } from '../support.js';

let backend: SimdBackend;

const expectExactly = (got: ArrayLike<number>, wanted: ArrayLike<number>) =>
  expectNumbers(got, wanted, 0);

beforeEach(async () => {
  backend = await startSimd();
  tf.engine().startScope();
});

afterEach(() => {
  tf.engine().endScope();
  expect(backend.heap.bytesInUse).toBe(0);
});

const left = () => tf.tensor2d([1, 2, 3, -4, 5, -6], [2, 3]);
const right = () => tf.tensor2d([1, -2, 3, 4, -5, 6], [3, 2]);
const product = [1 - 0 + 6 - 15 + 0, -2 + 8 + 18, -4 + 15 + 30, 8 + 20 - 36];
const bias = () => tf.tensor1d([10, -20]);
const biased = product.map((value, index) => value + (index % 2 === 0 ? 10 : -20));
const bytesOf = (tensors: number) => tensors * 64;

describe('a product that is put off', () => {
  it('takes no memory until it is read', () => {
    const [a, b] = [left(), right()];
    const result = tf.matMul(a, b);
    expect(backend.heap.bytesInUse).toBe(bytesOf(2));
    expectExactly(result.dataSync(), product);
    expect(backend.heap.bytesInUse).toBe(bytesOf(3));
  });

  it('is the same if its operands have been disposed or changed', () => {
    const [a, b] = [left(), tf.variable(right())];
    const result = tf.matMul(a, b);
    a.dispose();
    b.assign(tf.zerosLike(b));
    expectExactly(result.dataSync(), product);
    b.dispose();
  });

  it('holds its operands no longer than it is wanted', () => {
    const [a, b] = [left(), right()];
    const result = tf.matMul(a, b);
    tf.dispose([a, b]);
    expect(backend.heap.bytesInUse).toBe(bytesOf(2));
    result.dispose();
    expect(backend.heap.bytesInUse).toBe(0);
  });

  it('counts as one tensor like any other', () => {
    const [a, b] = [left(), right()];
    const before = tf.memory();
    const result = tf.matMul(a, b);
    expect(tf.memory().numTensors).toBe(before.numTensors + 1);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers + 1);
    expect(backend.numDataIds()).toBe(3);
    tf.dispose([a, b]);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers - 1);
    result.dispose();
    expect(backend.numDataIds()).toBe(0);
  });

  it('takes up a bias and a relu, and each step can still be read', () => {
    const plain = tf.matMul(left(), right());
    const sum = tf.add(plain, bias());
    const activated = tf.relu(sum);
    expect(backend.heap.bytesInUse).toBe(bytesOf(4));
    expectExactly(
      activated.dataSync(),
      biased.map((value) => Math.max(0, value)),
    );
    expectExactly(sum.dataSync(), biased);
    expectExactly(plain.dataSync(), product);
  });

  it('takes up a bias from either side, once', () => {
    const [plain, offset] = [tf.matMul(left(), right()), bias()];
    const twice = tf.add(offset, tf.add(offset, plain));
    expectExactly(
      twice.dataSync(),
      biased.map((value, index) => value + (index % 2 === 0 ? 10 : -20)),
    );
  });

  it.each<[string, () => tf.Tensor, (value: number, index: number) => number]>([
    ['a scalar', () => tf.scalar(3), (value) => value + 3],
    ['a column', () => tf.tensor2d([3, 4], [2, 1]), (value, index) => value + (index < 2 ? 3 : 4)],
    [
      'a tensor of higher rank',
      () => tf.tensor3d([1, 2], [1, 1, 2]),
      (value, index) => value + 1 + (index % 2),
    ],
    ['a matrix', () => tf.tensor2d([1, 2, 3, 4], [2, 2]), (value, index) => value + index + 1],
  ])('is computed before %s is added', (_, addend, expected) => {
    const sum = tf.add(tf.matMul(left(), right()), addend());
    expectExactly(sum.dataSync(), product.map(expected));
  });

  it('can be added to itself', () => {
    const row = tf.matMul(tf.tensor2d([1, 2, 3], [1, 3]), right());
    expectExactly(tf.add(row, row).dataSync(), [2 * product[0]!, 2 * product[1]!]);
  });

  it('goes on under another shape', () => {
    const result = tf.matMul(left(), right()).reshape([2, 1, 2]);
    const activated = tf.relu(tf.add(result, bias()));
    expect(activated.shape).toEqual([2, 1, 2]);
    expectExactly(
      activated.dataSync(),
      biased.map((value) => Math.max(0, value)),
    );
  });

  it('is computed when the next one comes, so that operands are not held for long', () => {
    const [a, b] = [left(), right()];
    const first = tf.matMul(a, b);
    const second = tf.matMul(a, b);
    tf.dispose([a, b]);
    expect(backend.heap.bytesInUse).toBe(bytesOf(3));
    expectExactly(first.dataSync(), product);
    expectExactly(second.dataSync(), product);
  });

  it('may be empty, and may sum nothing', () => {
    expect(tf.matMul(tf.zeros([0, 3]), right()).shape).toEqual([0, 2]);
    const nothing = tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2]));
    expectExactly(tf.relu(tf.add(nothing, bias())).dataSync(), [10, 0, 10, 0]);
  });

  it('moves to another backend with its values', async () => {
    const result = tf.matMul(left(), right());
    await tf.setBackend('cpu');
    expectExactly(result.dataSync(), product);
    result.dispose();
    await tf.setBackend('simd');
  });

  it('is right when the memory grows to hold it', () => {
    const a = tf.fill([1500, 1500], 1);
    const b = tf.fill([1500, 1500], 2);
    const activated = tf.relu(tf.add(tf.matMul(a, b), tf.fill([1500], 3)));
    expect(activated.min().dataSync()[0]).toBe(3003);
    expect(activated.max().dataSync()[0]).toBe(3003);
  });
});

describe('a convolution that is put off', () => {
  it('takes up a bias and a relu, and its gradients are those of the plain backend', async () => {
    const run = () =>
      tf.tidy(() => {
        const x = tf.sin(tf.range(0, 2 * 6 * 5 * 3)).reshape([2, 6, 5, 3]) as tf.Tensor4D;
        const filter = tf.cos(tf.range(0, 3 * 3 * 3 * 4)).reshape([3, 3, 3, 4]) as tf.Tensor4D;
        const offset = tf.tensor1d([0.1, -0.2, 0.3, -0.4]);
        const loss = (image: tf.Tensor4D, weights: tf.Tensor4D, added: tf.Tensor1D): tf.Scalar =>
          tf.conv2d(image, weights, 1, 'same').add(added).relu().square().sum();
        const { value, grads } = tf.valueAndGrads(loss as never)([x, filter, offset] as never);
        return [value, ...grads].map((tensor) => Array.from(tensor.dataSync()));
      });
    const ours = run();
    await tf.setBackend('cpu');
    const plain = run();
    await tf.setBackend('simd');
    ours.forEach((values, index) => {
      expectNumbers(values, plain[index]!, 1e-5);
    });
  });
});

describe('a step that is put off', () => {
  const values = [-1, 0, 2, Number.NaN, -0, 3];
  const steps = [0, 0, 1, Number.NaN, 0, 1];

  it('is computed when it is read', () => {
    expectExactly(tf.step(tf.tensor1d(values)).dataSync(), steps);
    expectExactly(tf.step(tf.tensor1d(values), -0.5).dataSync(), [
      -0.5,
      -0.5,
      1,
      Number.NaN,
      -0.5,
      1,
    ]);
  });

  it('multiplies in one pass, without memory of its own', () => {
    const x = tf.tensor1d(values);
    const dy = tf.tensor1d([1, 2, 3, 4, 5, 6]);
    const step = tf.step(x);
    expectExactly(tf.mul(dy, step).dataSync(), [0, 0, 3, Number.NaN, 0, 6]);
    expectExactly(tf.mul(step, dy).dataSync(), [0, 0, 3, Number.NaN, 0, 6]);
    expect(backend.heap.bytesInUse).toBe(bytesOf(4));
  });

  it('multiplies tensors of other shapes, itself, and under another shape', () => {
    const step = tf.step(tf.tensor1d([-1, 2, 3]));
    expectExactly(tf.mul(step, tf.scalar(4)).dataSync(), [0, 4, 4]);
    expectExactly(tf.mul(step, step).dataSync(), [0, 1, 1]);
    const column = step.reshape([3, 1]);
    expectExactly(tf.mul(column, tf.tensor2d([5, 6, 7], [3, 1])).dataSync(), [0, 6, 7]);
  });

  it('outlives its source', () => {
    const x = tf.tensor1d([-1, 2]);
    const step = tf.step(x);
    x.dispose();
    expectExactly(step.dataSync(), [0, 1]);
  });

  it('of what a relu took up is that of its result', () => {
    const sum = tf.add(tf.matMul(left(), right()), bias());
    const activated = tf.relu(sum);
    const step = tf.step(sum);
    activated.dispose();
    expectExactly(
      step.dataSync(),
      biased.map((value) => Number(value > 0)),
    );
  });
});
