import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { builds, resultOn, startBuild, wholeNumbers, wholeTensor } from './products-support.js';

/** The definition of the product, in double precision, with the batches indexed one by one. */
function productByDefinition(
  a: { values: Float32Array; shape: number[] },
  b: { values: Float32Array; shape: number[] },
  transposeA: boolean,
  transposeB: boolean,
  batch: number[],
): number[] {
  const [rows, depth] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const result: number[] = [];
  const count = batch.reduce((product, size) => product * size, 1);
  for (let flat = 0; flat < count; flat++) {
    const aStart = matrixIndex(flat, batch, a.shape.slice(0, -2)) * rows! * depth!;
    const bStart = matrixIndex(flat, batch, b.shape.slice(0, -2)) * depth! * columns;
    for (let row = 0; row < rows!; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let step = 0; step < depth!; step++) {
          const left = transposeA ? step * rows! + row : row * depth! + step;
          const right = transposeB ? column * depth! + step : step * columns + column;
          sum += a.values[aStart + left]! * b.values[bStart + right]!;
        }
        result.push(sum);
      }
    }
  }
  return result;
}

/** Which matrix of an operand belongs to an index of the batch it broadcasts to. */
function matrixIndex(flat: number, batch: number[], shape: number[]): number {
  let index = 0;
  let stride = 1;
  for (let axis = 1; axis <= batch.length; axis++) {
    const coordinate = flat % batch.at(-axis)!;
    flat = Math.floor(flat / batch.at(-axis)!);
    const size = shape.at(-axis) ?? 1;
    if (axis > shape.length) break;
    if (size > 1) index += coordinate * stride;
    stride *= size;
  }
  return index;
}

describe.each(builds)('matrix products, $build SIMD', ({ relaxed }) => {
  beforeAll(() => startBuild(relaxed));

  const size = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60, max: 70 }) },
    { weight: 1, arbitrary: fc.integer({ min: 250, max: 300 }) },
  );

  test('equal the definition for every size and transposition', () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        (m, n, k, transposeA, transposeB) => {
          const a = { shape: transposeA ? [k, m] : [m, k], values: wholeNumbers([m * k], m + k) };
          const b = {
            shape: transposeB ? [n, k] : [k, n],
            values: wholeNumbers([k * n], 7 * n + k),
          };
          const actual = tf.tidy(() =>
            tf
              .matMul(
                tf.tensor(a.values, a.shape),
                tf.tensor(b.values, b.shape),
                transposeA,
                transposeB,
              )
              .dataSync(),
          );
          const expected = productByDefinition(a, b, transposeA, transposeB, []);
          expect(Array.from(actual)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('broadcast their batches', () => {
    const sides = fc.constantFrom<[number[], number[], number[]]>(
      [[3], [3], [3]],
      [[1], [4], [4]],
      [[4], [1], [4]],
      [
        [2, 1],
        [1, 3],
        [2, 3],
      ],
      [[2, 3], [3], [2, 3]],
      [[], [2, 2], [2, 2]],
    );
    fc.assert(
      fc.property(
        sides,
        fc.boolean(),
        fc.boolean(),
        ([left, right, batch], transposeA, transposeB) => {
          const a = [...left, ...(transposeA ? [5, 3] : [3, 5])];
          const b = [...right, ...(transposeB ? [9, 5] : [5, 9])];
          const [aValues, bValues] = [wholeNumbers(a, 1), wholeNumbers(b, 2)];
          const product = tf.tidy(() => {
            const result = tf.matMul(
              tf.tensor(aValues, a),
              tf.tensor(bValues, b),
              transposeA,
              transposeB,
            );
            return { shape: result.shape, values: Array.from(result.dataSync()) };
          });
          expect(product.shape).toEqual([...batch, 3, 9]);
          expect(product.values).toEqual(
            productByDefinition(
              { values: aValues, shape: a },
              { values: bValues, shape: b },
              transposeA,
              transposeB,
              batch,
            ),
          );
        },
      ),
    );
  });

  test('fuse a bias and an activation', async () => {
    const activations = [
      'linear',
      'relu',
      'relu6',
      'elu',
      'sigmoid',
      'leakyrelu',
      'prelu',
    ] as const;
    for (const activation of activations) {
      for (const [rows, columns] of [
        [5, 10],
        [1, 10],
        [7, 1],
      ] as const) {
        for (const biasShape of [[columns], [1, columns], [1], undefined]) {
          const run = () =>
            tf.fused.matMul({
              a: wholeTensor<tf.Rank.R2>([rows, 6], 3),
              b: wholeTensor<tf.Rank.R2>([6, columns], 4).div(8),
              ...(biasShape && { bias: wholeTensor(biasShape, 5) }),
              activation,
              preluActivationWeights: tf.scalar(0.25),
              leakyreluAlpha: 0.125,
            });
          const [expected, actual] = [await resultOn('cpu', run), await resultOn('simd', run)];
          expect(actual.shape).toEqual(expected.shape);
          for (const [index, value] of expected.values.entries()) {
            expect(actual.values[index]).toBeCloseTo(value, 5);
          }
        }
      }
    }
  });

  test('have the gradients that central differences give', () => {
    tf.tidy(() => {
      const a = wholeTensor<tf.Rank.R2>([3, 5], 6).div<tf.Tensor2D>(4);
      const b = wholeTensor<tf.Rank.R2>([5, 2], 7).div<tf.Tensor2D>(4);
      const loss = (x: tf.Tensor) =>
        tf
          .matMul(x as tf.Tensor2D, b)
          .square()
          .sum()
          .asScalar();
      const gradient = tf.grad(loss)(a).dataSync();
      const step = 2 ** -6;
      for (let index = 0; index < a.size; index++) {
        const at = (shift: number) => {
          const values = a.dataSync().slice();
          values[index]! += shift;
          return loss(tf.tensor(values, a.shape)).dataSync()[0]!;
        };
        // A quadratic function: the central difference has no error of its own.
        expect(gradient[index]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 3);
      }
    });
  });

  test('keep what is not a number, and infinity', () => {
    tf.tidy(() => {
      const a = tf.tensor2d([
        [Number.NaN, 1],
        [Number.POSITIVE_INFINITY, 1],
        [1, 1],
        [2, 0],
      ]);
      const [first, second, third, fourth] = tf
        .matMul(a, tf.ones([2, 9]))
        .max(1)
        .dataSync();
      expect(first).toBeNaN();
      expect([second, third, fourth]).toEqual([Number.POSITIVE_INFINITY, 2, 2]);
    });
  });

  test('of nothing are nothing or zero', () => {
    tf.tidy(() => {
      expect(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape).toEqual([0, 2]);
      const sum = tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3]));
      expect(Array.from(sum.dataSync())).toEqual([0, 0, 0, 0, 0, 0]);
    });
  });

  test('say which shapes do not fit', () => {
    expect(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([4, 2]))).toThrow(
      /inner shapes \(3\) and \(4\)/,
    );
  });

  test('of int32 come from the plain kernel', async () => {
    const run = () => tf.matMul(wholeTensor([3, 4], 1).toInt(), wholeTensor([4, 5], 2).toInt());
    expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
  });
});
