import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimdBackend } from '../../src/index.js';
import { expectNumbers, expectSameAsPlain, numberStream, startSimd } from '../support.js';

let backend: SimdBackend;

beforeEach(async () => {
  backend = await startSimd();
  tf.engine().startScope();
});

afterEach(() => {
  tf.engine().endScope();
  expect(backend.heap.bytesInUse).toBe(0);
});

/** Repeatable numbers from -2 to 2. */
function numbers(shape: number[], seed = 1): Float32Array {
  const next = numberStream(seed);
  return Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 4 * next() - 2);
}

/** The kernels that a function runs, in order. */
async function kernelsOf(run: () => tf.Tensor): Promise<string[]> {
  const { kernels } = await tf.profile(run);
  return kernels.map(({ name }) => name);
}

const special = [0, -0, 1e-40, -1e-40, 3, 6, 6.5, -3, 1 / 0, -1 / 0, Number.NaN];
/** Longer than a block of elements, with every special number. */
const values = [...special, ...numbers([30])];

const activations: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  relu: tf.relu,
  relu6: tf.relu6,
  'leaky relu': (x) => tf.leakyRelu(x, 0.3),
  elu: tf.elu,
  sigmoid: tf.sigmoid,
  tanh: tf.tanh,
  abs: tf.abs,
};

describe('gradients in one pass equal those of the plain backend', () => {
  for (const [name, activation] of Object.entries(activations)) {
    it(name, () =>
      expectSameAsPlain(
        [{ shape: [values.length], values }, { shape: [values.length] }],
        (x, dy) => tf.grad(activation)(x!, dy!),
        2e-7,
      ),
    );
  }

  it('of sums and means over any axes, up to rank 5', () =>
    expectSameAsPlain(
      [{ shape: [2, 3, 4, 5] }, { shape: [2, 2, 2, 2, 2] }],
      (x, high) =>
        [undefined, [0], [3], [1, 2], [0, 1, 2]]
          .flatMap((axes) => [
            tf.grad((a) => tf.square(tf.mean(a, axes)))(x!),
            tf.grad((a) => tf.square(tf.sum(a, axes, true)))(x!),
          ])
          .concat(tf.grad((a) => tf.square(tf.mean(a, [0, 2])))(high!)),
      2e-6,
    ));

  it.each([1, 3, 8, 33])('of batch normalisation with %i channels', (channels) =>
    expectSameAsPlain(
      [
        { shape: [5, 6, 7, channels] },
        { shape: [channels] },
        { shape: [channels], values: numbers([channels], 9).map((x) => x * x + 0.1) },
        { shape: [channels] },
        { shape: [channels] },
        { shape: [5, 6, 7, channels], values: numbers([5, 6, 7, channels], 5) },
      ],
      (x, mean, variance, offset, scale, dy) => {
        const normalise = (...inputs: tf.Tensor[]) => {
          const [a, b, c, d, e] = inputs as [tf.Tensor4D, ...tf.Tensor1D[]];
          return tf.batchNorm(a, b!, c!, d!, e!);
        };
        return [...tf.grads(normalise)([x!, mean!, variance!, offset!, scale!], dy!)];
      },
      2e-5,
    ),
  );

  it('of a layer of batch normalisation in training', async () => {
    await expectSameAsPlain(
      [{ shape: [6, 5, 5, 4] }, { shape: [4] }, { shape: [4] }],
      (x, offset, scale) => {
        const layer = (...[a, b, c]: tf.Tensor[]) => {
          const { mean, variance } = tf.moments(a!, [0, 1, 2]);
          const inputs = [mean, variance, b, c] as tf.Tensor1D[];
          const y = tf.batchNorm(a as tf.Tensor4D, inputs[0]!, inputs[1]!, inputs[2]!, inputs[3]!);
          return tf.sum(tf.mul(tf.relu(y), tf.range(0, 4)));
        };
        return tf.grads(layer)([x!, offset!, scale!]);
      },
      1e-4,
    );
  });
});

describe('which gradients are fused', () => {
  it('is by one kernel on simd', async () => {
    const [x, dy] = [tf.tensor1d(values), tf.ones([values.length])];
    const names = await kernelsOf(() => tf.grad((a) => tf.leakyRelu(a as tf.Tensor1D))(x, dy));
    expect(names).toEqual([tf.Identity, tf.LeakyRelu, 'LeakyReluGrad']);
  });

  it("is none on other backends: tfjs's own stay", async () => {
    await tf.setBackend('cpu');
    const [x, dy] = [tf.tensor1d(values), tf.ones([values.length])];
    const names = await kernelsOf(() => tf.grad((a) => tf.leakyRelu(a as tf.Tensor1D))(x, dy));
    tf.dispose([x, dy]);
    await tf.setBackend('simd');
    expect(names).toContain(tf.Select);
  });

  it("is none where the gradient's gradient is wanted", () => {
    const x = tf.tensor1d([0.5, -1, 2]);
    const second = tf.grad((a) =>
      tf
        .grad((b) => tf.mean(tf.square(tf.square(b))))(a)
        .sum(),
    )(x);
    // d²/dx² of x⁴ / 3 is 4 x².
    expectNumbers(second.dataSync(), [1, 4, 16], 1e-6);
  });
});

describe('the gradient of a maximum pool after a relu', () => {
  const shapes: [
    name: string,
    shape: [number, number, number, number],
    size: number,
    strides: number,
  ][] = [
    ['in halves', [2, 8, 6, 8], 2, 2],
    ['in halves with a row and a column over', [2, 7, 9, 4], 2, 2],
    ['of windows that overlap', [1, 7, 7, 5], 3, 2],
    ['of three channels', [3, 4, 4, 3], 2, 2],
  ];

  it.each(shapes)(
    '%s is that of the two apart, with ties and NaN',
    async (_, shape, size, strides) => {
      const size1 = tf.util.sizeFromShape(shape);
      const next = numberStream(3);
      const whole = Array.from({ length: size1 }, () => Math.floor(7 * next()) - 3);
      for (let index = 5; index < size1; index += 11) whole[index] = Number.NaN;
      await expectSameAsPlain([{ shape, values: whole }], (x) => {
        const layers = (a: tf.Tensor) =>
          tf.square(tf.add(tf.maxPool(tf.relu(a as tf.Tensor4D), size, strides, 'valid'), 1));
        return tf.grad(layers)(x!);
      });
    },
  );

  it('needs memory neither for the pool nor for the step', () => {
    const relu = tf.relu(tf.tensor4d(numbers([1, 32, 32, 4]), [1, 32, 32, 4]));
    const pooled = tf.maxPool(relu, 2, 2, 'valid');
    const dy = tf.onesLike(pooled);
    const before = backend.heap.bytesInUse;
    const gradient = tf
      .engine()
      .runKernel(
        tf.MaxPoolGrad,
        { dy, input: relu, output: pooled },
        { filterSize: 2, strides: 2, pad: 'valid' },
      ) as tf.Tensor;
    const step = tf.step(relu);
    expect(backend.heap.bytesInUse).toBe(before);
    const both = tf.mul(gradient, step);
    expect(backend.heap.bytesInUse).toBe(before + 32 * 32 * 4 * 4);
    expectNumbers(
      both.dataSync(),
      tf.mul(gradient.clone(), tf.tensor4d(step.dataSync(), [1, 32, 32, 4])).dataSync(),
      0,
    );
  });

  it('is right of a pool whose input has been disposed, and of another tensor than its input', () => {
    const relu = tf.relu(tf.tensor4d(numbers([1, 4, 4, 4]), [1, 4, 4, 4]));
    const other = tf.tensor4d(numbers([1, 4, 4, 4], 7), [1, 4, 4, 4]);
    const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');
    const dy = tf.fill([1, 2, 2, 4], 3) as tf.Tensor4D;
    const expected = tf.grad(pool)(relu.clone(), dy).dataSync();
    const gradient = tf.grad(pool)(relu, dy);
    const product = tf.mul(gradient, tf.step(other));
    tf.dispose([relu, dy, other]);
    expectNumbers(gradient.dataSync(), expected, 0);
    const steps = numbers([1, 4, 4, 4], 7).map((value) => Number(value > 0));
    expectNumbers(
      product.dataSync(),
      expected.map((value, index) => value * steps[index]!),
      0,
    );
  });
});

describe('a maximum pool that remembers where its maxima came from', () => {
  const shape: [number, number, number, number] = [1, 8, 8, 4];
  const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');
  const attributes = { filterSize: 2, strides: 2, pad: 'valid' };
  const gradientKernel = (dy: tf.Tensor, input: tf.Tensor, output: tf.Tensor) =>
    tf.engine().runKernel(tf.MaxPoolGrad, { dy, input, output }, attributes) as tf.Tensor;

  it('does so only while gradients are recorded, in a byte for each output', () => {
    const x = tf.tensor4d(numbers(shape), shape);
    const taken = () => {
      const before = backend.heap.bytesInUse;
      pool(x);
      return backend.heap.bytesInUse - before;
    };
    expect(taken()).toBe(64 * 4);
    let recorded = 0;
    const before = backend.heap.bytesInUse;
    const gradient = tf.grad((a) => {
      recorded = taken();
      return tf.sum(a);
    })(x);
    expect(recorded).toBe(64 * 4 + 64);
    gradient.dispose();
    expect(backend.heap.bytesInUse).toBe(before);
  });

  it.each([
    ['infinities', [1 / 0, -1 / 0]],
    ['NaN', [Number.NaN, 1 / 0]],
    ['windows of nothing else', [-1 / 0, -1 / 0]],
  ])('gives what the comparison of all elements gives, with %s', (_, specials) => {
    const values = numbers(shape).map((value, index) =>
      index % 7 < 4 ? Math.round(value) : specials[index % 2]!,
    );
    values.fill(specials[0]!, 0, 8);
    values.fill(specials[1]!, 32, 40);
    const x = tf.tensor4d(values, shape);
    const dy = tf.tensor4d(numbers([1, 4, 4, 4], 6), [1, 4, 4, 4]);
    const [gradient, stepped] = [tf.grad(pool)(x, dy), tf.grad((a) => pool(tf.relu(a)))(x, dy)];
    expectNumbers(gradient.dataSync(), gradientKernel(dy, x, pool(x)).dataSync(), 0);
    const relu = tf.relu(x);
    const compared = tf.mul(gradientKernel(dy, relu, pool(relu)), tf.step(relu));
    expectNumbers(stepped.dataSync(), compared.dataSync(), 0);
  });

  it('compares where the output is that of another input', () => {
    const [x, other] = [tf.tensor4d(numbers(shape), shape), tf.tensor4d(numbers(shape, 9), shape)];
    const dy = tf.ones<tf.Rank.R4>([1, 4, 4, 4]);
    const expected = tf.grad(pool)(other, dy);
    let gradient = tf.scalar(0) as tf.Tensor;
    tf.grad((a) => {
      gradient = tf.keep(gradientKernel(dy, other, pool(a)));
      return tf.sum(a);
    })(x).dispose();
    expectNumbers(gradient.dataSync(), expected.dataSync(), 0);
    gradient.dispose();
  });
});

describe('a tensor that repeats another', () => {
  const shape = [20, 30, 16];
  const row = () => tf.tensor3d(numbers([16]), [1, 1, 16]);

  it('takes no memory until it is read as it is', () => {
    const source = row();
    const before = backend.heap.bytesInUse;
    const repeated = tf.tile(source, [20, 30, 1]);
    expect(backend.heap.bytesInUse).toBe(before);
    const expected = Array.from({ length: 600 }, () => [...numbers([16])]).flat();
    expectNumbers(repeated.dataSync(), expected, 0);
    expect(backend.heap.bytesInUse).toBe(before + 600 * 64);
  });

  it('is right on either side of a function, with itself, and with one that broadcasts', () =>
    expectSameAsPlain(
      [{ shape: [1, 1, 16] }, { shape }, { shape: [20, 30, 1] }],
      (source, x, column) => {
        const repeated = () => tf.tile(source!, [20, 30, 1]);
        const [a, b] = [repeated(), repeated()];
        return [
          ...[tf.sub(a, x!), tf.div(x!, b), tf.add(a, a), tf.mul(repeated(), repeated())],
          ...[tf.add(repeated(), column!), tf.greater(x!, repeated()), tf.add(repeated(), 1)],
          ...[
            tf.mul(tf.tile(column!, [1, 1, 16]), x!),
            tf.tile(tf.max(source!).reshape([1, 1]), [80, 90]),
          ],
          tf.mul(tf.tile(tf.reshape(source!, [16]).slice(0, 1).reshape([1, 1, 1]), shape), x!),
        ];
      },
    ));

  it('is the same if the other has been disposed, cloned or reshaped', () => {
    const source = row();
    const repeated = tf.tile(source, [20, 30, 1]);
    const kept = tf.reshape(repeated, [600, 16]).clone();
    tf.dispose([source, repeated]);
    const sums = tf.sum(tf.mul(kept, tf.ones([600, 16])), 0);
    expectNumbers(
      sums.dataSync(),
      numbers([16]).map((value) => value * 600),
      1e-6,
    );
  });
});
