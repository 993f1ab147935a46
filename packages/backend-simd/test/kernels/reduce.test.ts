import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectNumbers, expectSameAsPlain, numberStream, startSimd } from '../support.js';

beforeAll(async () => {
  await startSimd();
});

/** Elements of the largest tensor, so that the plain backend keeps up. */
const largest = 3000;

/** A shape, and some of its axes. */
const reductions = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(17, 40)), {
    minLength: 1,
    maxLength: 4,
  })
  .filter((shape) => tf.util.sizeFromShape(shape) <= largest)
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      axes: fc.subarray(
        shape.map((_, index) => index),
        { minLength: 1 },
      ),
      keepDims: fc.boolean(),
    }),
  );

type Reduce = (x: tf.Tensor, axis: number[], keepDims: boolean) => tf.Tensor;

const floats: Record<string, { run: Reduce; tolerance: number }> = {
  sum: { run: tf.sum, tolerance: 1e-5 },
  mean: { run: tf.mean, tolerance: 2e-6 },
  max: { run: tf.max, tolerance: 0 },
  min: { run: tf.min, tolerance: 0 },
  prod: { run: tf.prod, tolerance: 1e-6 },
  logSumExp: { run: tf.logSumExp, tolerance: 2e-6 },
};

describe('reductions over any axes', () => {
  for (const [name, { run, tolerance }] of Object.entries(floats)) {
    it(`${name} of float32`, () =>
      fc.assert(
        fc.asyncProperty(reductions, ({ shape, axes, keepDims }) =>
          expectSameAsPlain([{ shape }], (x) => run(x!, axes, keepDims), tolerance),
        ),
        { numRuns: 40 },
      ));
  }

  const integers: Record<string, Reduce> = { sum: tf.sum, max: tf.max, min: tf.min, prod: tf.prod };
  for (const [name, run] of Object.entries(integers)) {
    it(`${name} of int32`, () =>
      fc.assert(
        fc.asyncProperty(reductions, ({ shape, axes, keepDims }) => {
          const size = tf.util.sizeFromShape(shape);
          const values = Array.from({ length: size }, (_, index) => (index % 3) - 1);
          return expectSameAsPlain([{ shape, dtype: 'int32', values }], (x) =>
            run(x!, axes, keepDims),
          );
        }),
        { numRuns: 20 },
      ));
  }

  it('any, all and sum of bool', () =>
    fc.assert(
      fc.asyncProperty(reductions, ({ shape, axes, keepDims }) =>
        expectSameAsPlain([{ shape, dtype: 'bool' }], (x) => [
          tf.any(x!, axes, keepDims),
          tf.all(x!, axes, keepDims),
          tf.sum(x!, axes, keepDims),
        ]),
      ),
      { numRuns: 20 },
    ));

  it('argMax and argMin, the first of equals', () =>
    fc.assert(
      fc.asyncProperty(reductions, ({ shape, axes }) => {
        const size = tf.util.sizeFromShape(shape);
        const next = numberStream(size);
        const values = Array.from({ length: size }, () => Math.floor(next() * 5));
        return expectSameAsPlain([{ shape, values }], (x) => [
          tf.argMax(x!, axes[0]),
          tf.argMin(x!, axes[0]),
          tf.argMax(tf.cast(x!, 'int32'), axes[0]),
        ]);
      }),
      { numRuns: 30 },
    ));

  it('running sums and products, exclusive and reversed', () =>
    fc.assert(
      fc.asyncProperty(reductions, fc.boolean(), ({ shape, axes, keepDims }, reverse) =>
        expectSameAsPlain(
          [{ shape }, { shape, dtype: 'int32' }],
          (x, n) => [
            tf.cumsum(x!, axes[0], keepDims, reverse),
            tf.cumsum(n!, axes[0], keepDims, reverse),
            tf.cumprod(x!, axes[0], keepDims, reverse),
          ],
          1e-5,
        ),
      ),
      { numRuns: 30 },
    ));

  it('NaN wins every extreme and spoils every sum', () =>
    expectSameAsPlain(
      [{ shape: [3, 5], values: [1, 2, NaN, 4, 5, 5, 4, 3, 2, 1, NaN, 1, 1, 1, 1] }],
      (x) => [
        tf.max(x!, 1),
        tf.min(x!, 1),
        tf.max(x!, 0),
        tf.min(x!, 0),
        tf.sum(x!, 1),
        tf.mean(x!, 0),
        tf.argMax(x!, 1),
      ],
      1e-6,
    ));

  it('empty and single elements', () =>
    expectSameAsPlain(
      [{ shape: [0, 3] }, { shape: [1, 1] }, { shape: [] }],
      (none, one, scalar) => [
        tf.sum(none!, 0),
        tf.sum(none!),
        tf.sum(one!, 0),
        tf.mean(scalar!),
        tf.max(one!),
      ],
    ));
});

describe('accuracy of long sums', () => {
  it.each([
    { name: 'one long row', shape: [3_000_001], axis: [0] },
    { name: 'many rows', shape: [300_000, 10], axis: [0] },
  ])('$name: the error does not grow with the length', ({ shape, axis }) => {
    const size = tf.util.sizeFromShape(shape);
    const next = numberStream(7);
    const values = Float32Array.from({ length: size }, () => next() + 0.1);
    const columns = size / shape[0]!;
    const exact = new Float64Array(columns);
    for (let index = 0; index < size; index++) exact[index % columns]! += values[index]!;
    const [sum, mean] = tf.tidy(() => {
      const x = tf.tensor(values, shape);
      return [tf.sum(x, axis).dataSync(), tf.mean(x, axis).dataSync()];
    });
    for (let column = 0; column < columns; column++) {
      expect(Math.abs(sum[column]! / exact[column]! - 1)).toBeLessThan(1e-7);
      expect(Math.abs((mean[column]! * shape[0]!) / exact[column]! - 1)).toBeLessThan(1e-7);
    }
  });
});

describe('softmax', () => {
  it.each([[[1]], [[4, 10]], [[3, 2, 17]], [[64, 3]]])('of shape %j', (shape) =>
    expectSameAsPlain([{ shape }], (x) => [tf.softmax(x!), tf.logSoftmax(x!)], 1e-6),
  );

  it('does not overflow, and adds up to one', () => {
    const y = tf.tidy(() => tf.softmax(tf.tensor2d([[1000, 999, -1000, 0]])).dataSync());
    const e = Math.exp(-1);
    expectNumbers(y, [1 / (1 + e), e / (1 + e), 0, 0], 2e-7);
  });

  it('refuses any but the last axis, in words that help', () => {
    expect(() => tf.softmax(tf.zeros([2, 3]), 0)).toThrow(/last dimension/);
  });
});
