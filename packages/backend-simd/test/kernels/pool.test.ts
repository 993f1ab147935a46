import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { builds, resultOn, startBuild, wholeNumbers, wholeTensor } from './products-support.js';

type Shape4D = [number, number, number, number];

const pools = fc
  .record({
    x: fc.tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 10 }),
    ),
    size: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
  })
  .map((pool) => ({
    ...pool,
    x: pool.x as Shape4D,
    size: pool.size as [number, number],
    strides: pool.strides as [number, number],
  }))
  .filter(({ x, size, pad }) => pad === 'same' || (size[0] <= x[1] && size[1] <= x[2]));

const kinds = { maxPool: tf.maxPool, avgPool: tf.avgPool };

describe.each(builds)('pooling, $build SIMD', ({ relaxed }) => {
  beforeAll(() => startBuild(relaxed));

  // The values are whole numbers from -4 to 4: windows are full of ties.
  test.each(['maxPool', 'avgPool'] as const)('%s equals the plain kernel', async (kind) => {
    await fc.assert(
      fc.asyncProperty(pools, async ({ x, size, strides, pad }) => {
        const run = () => kinds[kind](wholeTensor<tf.Rank.R4>(x, 1), size, strides, pad);
        expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
      }),
      { numRuns: 100 },
    );
  });

  test('the gradient of maxPool goes to the same element as in the plain kernel', async () => {
    await fc.assert(
      fc.asyncProperty(pools, async ({ x, size, strides, pad }) => {
        const run = () => {
          const pool = (a: tf.Tensor) => tf.maxPool(a as tf.Tensor4D, size, strides, pad);
          const input = wholeTensor(x, 2);
          return tf.grad(pool)(input, wholeTensor(pool(input).shape, 3));
        };
        expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
      }),
      { numRuns: 100 },
    );
  });

  test('the gradient of avgPool equals that of the plain kernel', async () => {
    await fc.assert(
      fc.asyncProperty(pools, async ({ x, size, strides, pad }) => {
        const run = () => {
          const pool = (a: tf.Tensor) => tf.avgPool(a as tf.Tensor4D, size, strides, pad);
          const input = wholeTensor(x, 4);
          return tf.grad(pool)(input, wholeTensor(pool(input).shape, 5));
        };
        const [expected, actual] = [await resultOn('cpu', run), await resultOn('simd', run)];
        expect(actual.shape).toEqual(expected.shape);
        for (const [index, value] of expected.values.entries()) {
          expect(actual.values[index]).toBeCloseTo(value, 5);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('maxPool leaves out what is not a number, as the plain kernel does', async () => {
    for (const channels of [1, 4, 6]) {
      const values = wholeNumbers([1, 4, 6, channels], 6);
      values.forEach((_, index) => {
        if (index % 3 === 0) values[index] = Number.NaN;
      });
      values.fill(Number.NaN, 0, 2 * channels);
      values.fill(Number.NaN, 6 * channels, 8 * channels);
      const shape: Shape4D = [1, 4, 6, channels];
      const forward = () => tf.maxPool(tf.tensor4d(values, shape), 2, 2, 'valid');
      expect(await resultOn('simd', forward)).toEqual(await resultOn('cpu', forward));
      const backward = () =>
        tf.grad((a) => tf.maxPool(a as tf.Tensor4D, 2, 2, 'valid'))(
          tf.tensor4d(values, shape),
          wholeTensor([1, 2, 3, channels], 7),
        );
      expect(await resultOn('simd', backward)).toEqual(await resultOn('cpu', backward));
    }
  });

  test('of 150 x 150 pictures in halves has each gradient in one place', () => {
    tf.tidy(() => {
      const x = wholeTensor<tf.Rank.R4>([2, 37, 37, 16], 8);
      const pool = (a: tf.Tensor) => tf.maxPool(a as tf.Tensor4D, 2, 2, 'valid');
      const dy = tf.ones<tf.Rank.R4>([2, 18, 18, 16]);
      const dx = tf.grad(pool)(x, dy);
      expect(dx.sum().dataSync()[0]).toBe(dy.size);
      expect(dx.max().dataSync()[0]).toBe(1);
    });
  });
});
