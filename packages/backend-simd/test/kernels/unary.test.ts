import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorInUlps, expectSameAsPlain, numberStream, startSimd } from '../support.js';

interface Case {
  readonly name: string;
  readonly run: (x: tf.Tensor) => tf.Tensor;
  /** The exact value, computed in double precision. */
  readonly exact: (x: number) => number;
  readonly range: readonly [low: number, high: number];
  /** Largest error in units in the last place. */
  readonly ulps: number;
}

const { SELU_SCALE, SELU_SCALEALPHA } = tf.backend_util;

/** The error function by its Taylor series, and by its continued fraction where that cancels. */
function erf(x: number): number {
  if (x === 0) return x;
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size > 3) {
    let fraction = 0;
    for (let term = 60; term >= 1; term--) fraction = term / 2 / (size + fraction);
    const tail = Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction);
    return Math.sign(x) * (1 - tail);
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const expm1 = Math.expm1;
const cases: readonly Case[] = [
  { name: 'exp', run: tf.exp, exact: Math.exp, range: [-104, 89], ulps: 1.5 },
  { name: 'expm1', run: tf.expm1, exact: expm1, range: [-20, 89], ulps: 2 },
  { name: 'expm1 near 0', run: tf.expm1, exact: expm1, range: [-1, 1], ulps: 2 },
  { name: 'log', run: tf.log, exact: Math.log, range: [0, 100], ulps: 1.5 },
  { name: 'log near 1', run: tf.log, exact: Math.log, range: [0.5, 2], ulps: 1.5 },
  { name: 'log1p', run: tf.log1p, exact: Math.log1p, range: [-1, 10], ulps: 2 },
  { name: 'log1p near 0', run: tf.log1p, exact: Math.log1p, range: [-0.1, 0.1], ulps: 2 },
  { name: 'tanh', run: tf.tanh, exact: Math.tanh, range: [-10, 10], ulps: 2 },
  {
    name: 'sigmoid',
    run: tf.sigmoid,
    exact: (x) => 1 / (1 + Math.exp(-x)),
    range: [-100, 100],
    ulps: 2.5,
  },
  {
    name: 'softplus',
    run: tf.softplus,
    exact: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    range: [-90, 90],
    ulps: 3,
  },
  { name: 'erf', run: tf.erf, exact: erf, range: [-5, 5], ulps: 3 },
  { name: 'sin', run: tf.sin, exact: Math.sin, range: [-1000, 1000], ulps: 2 },
  { name: 'cos', run: tf.cos, exact: Math.cos, range: [-1000, 1000], ulps: 2 },
  { name: 'sin of far angles', run: tf.sin, exact: Math.sin, range: [-1e7, 1e7], ulps: 2 },
  { name: 'cos of far angles', run: tf.cos, exact: Math.cos, range: [-1e7, 1e7], ulps: 2 },
  { name: 'elu', run: tf.elu, exact: (x) => (x >= 0 ? x : expm1(x)), range: [-20, 20], ulps: 2 },
  {
    name: 'selu',
    run: tf.selu,
    exact: (x) => (x >= 0 ? SELU_SCALE * x : SELU_SCALEALPHA * expm1(x)),
    range: [-20, 20],
    ulps: 3,
  },
  { name: 'sqrt', run: tf.sqrt, exact: Math.sqrt, range: [0, 1e6], ulps: 0.5 },
  { name: 'rsqrt', run: tf.rsqrt, exact: (x) => 1 / Math.sqrt(x), range: [0, 1e6], ulps: 1.5 },
  { name: 'reciprocal', run: tf.reciprocal, exact: (x) => 1 / x, range: [-1e6, 1e6], ulps: 0.5 },
  { name: 'square', run: tf.square, exact: (x) => x * x, range: [-1e6, 1e6], ulps: 0.5 },
];

/** Numbers in the range, most of them in its middle, and many close to 0 where the range holds 0. */
function samples([low, high]: readonly [number, number], count = 20_003): Float32Array {
  const next = numberStream(42);
  return Float32Array.from({ length: count }, (_, index) => {
    const value = low + (high - low) * next();
    return index % 4 === 0 && low <= 0 ? value * 2 ** (-20 * next()) : value;
  });
}

/** Zeros, infinities, NaN, the smallest and largest numbers, and some between. */
const specials = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  88.8,
  -103.9,
];

describe.each([
  { variant: 'plain SIMD', relaxed: false },
  { variant: 'relaxed SIMD', relaxed: true },
])('elementary functions with $variant', ({ relaxed }) => {
  beforeAll(async () => {
    const backend = await startSimd({ relaxed });
    expect(backend.relaxed).toBe(relaxed);
  });

  for (const { name, run, exact, range, ulps } of cases) {
    it(`${name} stays within ${ulps} units in the last place on [${range}]`, () => {
      const x = samples(range);
      const y = tf.tidy(() => run(tf.tensor1d(x)).dataSync());
      const worst = { error: 0, x: 0, actual: 0, expected: 0 };
      for (let index = 0; index < x.length; index++) {
        const expected = exact(x[index]!);
        const error = errorInUlps(y[index]!, expected);
        if (error <= worst.error) continue;
        Object.assign(worst, { error, x: x[index]!, actual: y[index]!, expected });
      }
      expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(ulps + 1e-6);
    });

    it(`${name} has the right special values`, () => {
      const y = tf.tidy(() => run(tf.tensor1d(specials)).dataSync());
      const expected = specials.map((x) => Math.fround(exact(Math.fround(x))));
      for (const [index, value] of expected.entries()) {
        const x = specials[index]!;
        if (Number.isFinite(value) && value !== 0) {
          expect(errorInUlps(y[index]!, value), `f(${x}) = ${y[index]}`).toBeLessThanOrEqual(ulps);
        } else expect(y[index], `f(${x})`).toBe(value);
      }
    });
  }
});

describe('exact functions give what plain JavaScript gives', () => {
  beforeAll(async () => {
    await startSimd();
  });

  const halves = Array.from({ length: 33 }, (_, index) => (index - 16) / 2);
  const values = [...specials, ...halves, 1e10, -1e10, 2.4999998, 7, -7];
  const functions: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    abs: tf.abs,
    neg: tf.neg,
    sign: tf.sign,
    floor: tf.floor,
    ceil: tf.ceil,
    round: tf.round,
    relu: tf.relu,
    relu6: tf.relu6,
    'leaky relu': (x) => tf.leakyRelu(x, 0.25),
    step: (x) => tf.step(x, 0.125),
    clip: (x) => tf.clipByValue(x, -1.5, 2.5),
    isNaN: tf.isNaN,
    isInf: tf.isInf,
    isFinite: tf.isFinite,
    'cast to int32': (x) => tf.cast(x, 'int32'),
    'cast to bool': (x) => tf.cast(x, 'bool'),
    'zeros like': tf.zerosLike,
    'ones like': tf.onesLike,
  };
  for (const [name, run] of Object.entries(functions)) {
    it(name, async () => {
      await expectSameAsPlain([{ shape: [values.length], values }], run);
    });
  }

  const int32 = { shape: [11], dtype: 'int32' as const };
  const integers: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    abs: tf.abs,
    neg: tf.neg,
    square: tf.square,
    relu: tf.relu,
    round: tf.round,
    clip: (x) => tf.clipByValue(x, -3, 4),
    'cast to float32': (x) => tf.cast(x, 'float32'),
    'cast to bool': (x) => tf.cast(x, 'bool'),
  };
  for (const [name, run] of Object.entries(integers)) {
    it(`${name} of int32`, async () => {
      await expectSameAsPlain([int32], run);
    });
  }

  it('logical not, and casts of bool', async () => {
    const bool = { shape: [9], dtype: 'bool' as const };
    await expectSameAsPlain([bool], tf.logicalNot);
    await expectSameAsPlain([bool], (x) => tf.cast(x, 'float32'));
    await expectSameAsPlain([bool], (x) => tf.cast(x, 'int32'));
  });
});
