import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, it } from 'vitest';
import { errorInUlps, expectSameAsPlain, type Input, startSimd } from '../support.js';

beforeAll(async () => {
  await startSimd();
});

/** Elements of the largest tensor, so that the plain backend keeps up. */
const largest = 3000;

type Shapes = readonly [a: number[], b: number[]];

/** Pairs of shapes that broadcast to one: any dimension may be 1 or missing at the front of either. */
const shapes: fc.Arbitrary<Shapes> = fc
  .array(
    fc.record({
      size: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(7, 16, 33)),
      aRepeats: fc.boolean(),
      bRepeats: fc.boolean(),
    }),
    { maxLength: 4 },
  )
  .filter((dimensions) => tf.util.sizeFromShape(dimensions.map(({ size }) => size)) <= largest)
  .chain((dimensions) =>
    fc.record({
      a: fc.constant(dimensions.map(({ size, aRepeats }) => (aRepeats ? 1 : size))),
      b: fc.constant(dimensions.map(({ size, bRepeats }) => (bRepeats ? 1 : size))),
      missing: fc.nat(dimensions.length),
      fromA: fc.boolean(),
    }),
  )
  .map(({ a, b, missing, fromA }) => (fromA ? [a.slice(missing), b] : [a, b.slice(missing)]));

/** Shapes for each of the fast paths: same, scalar, bias, per row, few and many channels. */
const typical: Shapes[] = [
  [
    [3, 5, 7],
    [3, 5, 7],
  ],
  [[1003], []],
  [[], [1003]],
  [[129, 3], [3]],
  [[16], [64, 16]],
  [[7, 300], [300]],
  [
    [41, 10],
    [41, 1],
  ],
  [
    [41, 1],
    [41, 10],
  ],
  [
    [33, 1],
    [1, 18],
  ],
  [
    [2, 9, 9, 6],
    [2, 1, 1, 6],
  ],
  [
    [2, 9, 9, 6],
    [1, 9, 9, 1],
  ],
  [[4, 0, 3], [3]],
];

type Operation = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const floats: Record<string, { run: Operation; tolerance?: number }> = {
  add: { run: tf.add },
  sub: { run: tf.sub },
  mul: { run: tf.mul },
  div: { run: tf.div },
  maximum: { run: tf.maximum },
  minimum: { run: tf.minimum },
  squaredDifference: { run: tf.squaredDifference, tolerance: 4e-7 },
  pow: { run: (a, b) => tf.pow(tf.abs(a), b), tolerance: 3e-7 },
  mod: { run: tf.mod },
  floorDiv: { run: tf.floorDiv },
  equal: { run: (a, b) => tf.equal(tf.round(a), tf.round(b)) },
  notEqual: { run: (a, b) => tf.notEqual(tf.round(a), tf.round(b)) },
  less: { run: tf.less },
  lessEqual: { run: tf.lessEqual },
  greater: { run: tf.greater },
  greaterEqual: { run: tf.greaterEqual },
};

const integers: Record<string, Operation> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  floorDiv: tf.floorDiv,
  mod: tf.mod,
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
};

const bools: Record<string, Operation> = {
  logicalAnd: tf.logicalAnd,
  logicalOr: tf.logicalOr,
  logicalXor: tf.logicalXor,
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  add: tf.add,
};

async function check(
  run: Operation,
  dtype: 'float32' | 'int32' | 'bool',
  tolerance = 0,
): Promise<void> {
  const compare = async ([a, b]: Shapes) => {
    const inputs: Input[] = [
      { shape: a, dtype },
      { shape: b, dtype },
    ];
    await expectSameAsPlain(inputs, run as never, tolerance);
  };
  for (const pair of typical) await compare(pair);
  await fc.assert(fc.asyncProperty(shapes, compare), { numRuns: 25 });
}

describe('functions of two tensors broadcast as plain JavaScript does', () => {
  for (const [name, { run, tolerance }] of Object.entries(floats)) {
    it(`${name} of float32`, () => check(run, 'float32', tolerance));
  }
  for (const [name, run] of Object.entries(integers)) {
    it(`${name} of int32`, () => check(run, 'int32'));
  }
  for (const [name, run] of Object.entries(bools)) {
    it(`${name} of bool`, () => check(run, 'bool'));
  }
});

describe('special values', () => {
  const specials = [0, -0, 1, -1, 2.5, -2.5, 1e30, Number.NaN, 1 / 0, -1 / 0];
  const every: Input[] = [
    { shape: [specials.length, 1], values: specials },
    { shape: [specials.length], values: specials },
  ];
  for (const [name, { run }] of Object.entries({ ...floats, pow: { run: tf.pow } })) {
    it(`${name} of NaN, infinities and zeros`, () => expectSameAsPlain(every, run as never, 3e-7));
  }
});

describe('pow', () => {
  it('stays within 2 units in the last place', async () => {
    await startSimd();
    const bases = Float32Array.from({ length: 997 }, (_, index) => 0.01 + index * 0.013);
    const exponents = Float32Array.from({ length: 997 }, (_, index) => (index % 61) / 3 - 10);
    const y = tf.tidy(() => tf.pow(tf.tensor1d(bases), tf.tensor1d(exponents)).dataSync());
    const errors = bases.map((base, i) => errorInUlps(y[i]!, base ** exponents[i]!));
    tf.util.assert(Math.max(...errors) <= 2, () => `${Math.max(...errors)} units`);
  });

  it('squares for an exponent of 2', () =>
    expectSameAsPlain([{ shape: [2, 33] }], (x) => tf.pow(x!, 2)));
});

it('bitwiseAnd of two tensors of one shape', () =>
  expectSameAsPlain(
    [
      { shape: [3, 7], dtype: 'int32' },
      { shape: [3, 7], dtype: 'int32', values: Array.from({ length: 21 }, (_, index) => index) },
    ],
    (a, b) => tf.bitwiseAnd(a!, b!),
  ));

describe('select, sums of many tensors, and gradients of activations', () => {
  it('where picks by condition', () =>
    expectSameAsPlain(
      [
        { shape: [5, 7], dtype: 'bool' },
        { shape: [5, 7] },
        { shape: [5, 7], values: new Array(35).fill(9) },
      ],
      (condition, a, b) => tf.where(condition as never, a!, b!),
    ));

  it('where broadcasts its condition', () =>
    expectSameAsPlain(
      [{ shape: [5, 1], dtype: 'bool' }, { shape: [5, 7] }, { shape: [7] }],
      (condition, a, b) => tf.where(condition as never, a!, b!),
    ));

  it('addN', () =>
    expectSameAsPlain(
      [{ shape: [3, 7] }, { shape: [3, 7] }, { shape: [3, 7] }, { shape: [3, 7] }],
      (...tensors) => tf.addN(tensors),
      2e-7,
    ));

  it('addN of int32', () =>
    expectSameAsPlain(
      [
        { shape: [9], dtype: 'int32' },
        { shape: [9], dtype: 'int32' },
      ],
      (...tensors) => tf.addN(tensors),
    ));

  it('prelu with a slope a channel', () =>
    expectSameAsPlain([{ shape: [4, 5, 6] }, { shape: [6] }], (x, alpha) => tf.prelu(x!, alpha!)));
});
