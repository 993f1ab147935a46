import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectNumbers, expectSameAsPlain, numberStream, startSimd } from '../support.js';

/** The names that tf.layers has, which its types lack. */
const names = ['gelu', 'gelu_new'] as const;
type Name = (typeof names)[number];

const gelu = (name: Name) => {
  const layer = tf.layers.activation({ activation: name as 'relu' });
  return (x: tf.Tensor) => layer.apply(x) as tf.Tensor;
};

/** The share of the normal distribution below x, by its series, and by its fraction where that cancels. */
function shareBelow(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) > 4) {
    let fraction = 0;
    for (let term = 80; term >= 1; term--) fraction = term / (Math.abs(x) + fraction);
    const tail = density / (Math.abs(x) + fraction);
    return x < 0 ? tail : 1 - tail;
  }
  let [term, sum] = [x, x];
  for (let n = 3; n < 200; n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return 0.5 + density * sum;
}

const inner = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
/** The functions in double precision, and their derivatives. */
const exact: Record<Name, { value: (x: number) => number; slope: (x: number) => number }> = {
  gelu: {
    value: (x) => x * shareBelow(x),
    slope: (x) => shareBelow(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
  },
  gelu_new: {
    value: (x) => (x / 2) * (1 + Math.tanh(inner(x))),
    slope: (x) =>
      (1 + Math.tanh(inner(x))) / 2 +
      (x / 2 / Math.cosh(inner(x)) ** 2) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x),
  },
};

const next = numberStream(5);
const inputs = [
  ...[0, -0, 1e-40, -1e-40, 1e-6, -1e-6, 4, -4, 13, -13, 20, -20, 1e18, -1e18],
  ...Array.from({ length: 5000 }, () => Math.fround(16 * next() - 8)),
].map(Math.fround);

describe.each([{ relaxed: true }, { relaxed: false }])('with relaxed SIMD: $relaxed', (options) => {
  beforeAll(async () => {
    await startSimd(options);
  });

  it.each(names)('%s and its gradient are those of double precision', (name) => {
    const { value, slope } = exact[name];
    const x = tf.tensor1d(inputs);
    expectNumbers(gelu(name)(x).dataSync(), inputs.map(value), 4e-7);
    expectNumbers(tf.grad(gelu(name))(x).dataSync(), inputs.map(slope), 2e-6);
  });

  it('gelu is right to six digits far below 0, where its own values are small', () => {
    const far = inputs.filter((x) => x < 0 && x > -8);
    const values = gelu('gelu')(tf.tensor1d(far)).dataSync();
    const ratios = values.map((y, index) => y / exact.gelu.value(far[index]!));
    expectNumbers(
      ratios,
      far.map(() => 1),
      4e-6,
    );
  });
});

describe.each(names)('%s', (name) => {
  beforeAll(async () => {
    await startSimd();
  });

  it('gives what the plain backend gives of what is not finite', () =>
    expectSameAsPlain([{ shape: [3], values: [1 / 0, -1 / 0, Number.NaN] }], (x) => [
      gelu(name)(x!),
      tf.grad(gelu(name))(x!),
    ]));

  it('runs as one kernel, and its gradient as one', async () => {
    const [x, dy] = [tf.ones([7]), tf.ones([7])];
    const { kernels } = await tf.profile(() => tf.grad(gelu(name))(x, dy));
    const known = kernels.map((kernel) => kernel.name).filter((one) => one !== tf.Identity);
    const kernelName = name === 'gelu' ? 'Gelu' : 'GeluTanh';
    expect(known).toEqual([kernelName, `${kernelName}Grad`]);
  });

  it('has gradients of its gradients', () => {
    const points = [-2, -0.7, 0, 0.3, 1.9];
    const second = tf.grad((a) => tf.sum(tf.grad(gelu(name))(a)))(tf.tensor1d(points));
    const { slope } = exact[name];
    const differences = points.map((x) => (slope(x + 1e-5) - slope(x - 1e-5)) / 2e-5);
    expectNumbers(second.dataSync(), differences, 1e-5);
  });
});

it('the gradient of erf takes one kernel and is that of double precision', async () => {
  await startSimd();
  const x = tf.tensor1d(inputs);
  const { kernels, result } = await tf.profile(() => tf.grad((a) => tf.erf(a))(x, tf.onesLike(x)));
  expect(kernels.map(({ name }) => name).filter((name) => name.startsWith('Erf'))).toEqual([
    tf.Erf,
    'ErfGrad',
  ]);
  const slope = (value: number) => (2 / Math.sqrt(Math.PI)) * Math.exp(-value * value);
  expectNumbers((result as tf.Tensor).dataSync(), inputs.map(slope), 4e-7);
});
