import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { builds, innerProduct, resultOn, startBuild, wholeTensor } from './products-support.js';

type Shape4D = [number, number, number, number];

/** A convolution whose output is not empty. */
const convolutions = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 14 }),
    width: fc.integer({ min: 1, max: 14 }),
    inChannels: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant(33)),
    outChannels: fc.oneof(fc.integer({ min: 1, max: 18 }), fc.constant(40)),
    filterHeight: fc.integer({ min: 1, max: 5 }),
    filterWidth: fc.integer({ min: 1, max: 5 }),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    dilations: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    dilated: fc.boolean(),
    pad: fc.constantFrom<tf.Conv2DAttrs['pad']>('same', 'valid', 1, 2, [
      [0, 0],
      [2, 1],
      [0, 3],
      [0, 0],
    ]),
  })
  .map(({ dilated, strides, dilations, ...rest }) => ({
    ...rest,
    strides: dilated ? ([1, 1] as [number, number]) : strides,
    dilations: dilated ? dilations : ([1, 1] as [number, number]),
  }))
  .map((shape) => {
    const x: Shape4D = [shape.batch, shape.height, shape.width, shape.inChannels];
    const filter: Shape4D = [
      shape.filterHeight,
      shape.filterWidth,
      shape.inChannels,
      shape.outChannels,
    ];
    const { strides, dilations, pad } = shape;
    return { x, filter, strides, dilations, pad };
  })
  .filter(({ x, filter, strides, dilations, pad }) => {
    try {
      const info = tf.backend_util.computeConv2DInfo(x, filter, strides, dilations, pad);
      return info.outShape.every((size) => size > 0);
    } catch {
      return false;
    }
  });

describe.each(builds)('convolutions, $build SIMD', ({ relaxed }) => {
  beforeAll(() => startBuild(relaxed, { convolution: 'direct' }));

  test('equal the plain kernel for every shape, stride, dilation and padding', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async ({ x, filter, strides, dilations, pad }) => {
        const run = () =>
          tf.conv2d(
            wholeTensor<tf.Rank.R4>(x, 1),
            wholeTensor<tf.Rank.R4>(filter, 2),
            strides,
            pad,
            'NHWC',
            dilations,
          );
        expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
      }),
      { numRuns: 80 },
    );
  });

  test('have gradients that are the adjoints of the convolution', () => {
    fc.assert(
      fc.property(convolutions, (shape) => {
        const { strides, pad } = shape;
        const dilationFree = { ...shape, dilations: [1, 1] };
        tf.tidy(() => {
          const x = wholeTensor<tf.Rank.R4>(dilationFree.x, 3);
          const filter = wholeTensor<tf.Rank.R4>(dilationFree.filter, 4);
          const convolve = (a: tf.Tensor, b: tf.Tensor) =>
            tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad);
          const y = convolve(x, filter);
          const dy = wholeTensor<tf.Rank.R4>(y.shape, 5);
          const [dx, dFilter] = tf.grads(convolve)([x, filter], dy);
          expect(dx!.shape).toEqual(x.shape);
          expect(dFilter!.shape).toEqual(filter.shape);
          // Linear in either argument: <dy, conv(x, f)> = <dx, x> = <df, f>, exactly.
          const value = innerProduct(y.dataSync(), dy.dataSync());
          expect(innerProduct(dx!.dataSync(), x.dataSync())).toBe(value);
          expect(innerProduct(dFilter!.dataSync(), filter.dataSync())).toBe(value);
        });
      }),
      { numRuns: 80 },
    );
  });

  test('have the gradients of the plain kernels', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async ({ x, filter, strides, pad }) => {
        const gradients = (index: number) => () => {
          const inputs = [wholeTensor(x, 6), wholeTensor(filter, 7)];
          const convolve = (a: tf.Tensor, b: tf.Tensor) =>
            tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad);
          const y = convolve(inputs[0]!, inputs[1]!);
          return tf.grads(convolve)(inputs, wholeTensor(y.shape, 8))[index]!;
        };
        for (const index of [0, 1]) {
          const run = gradients(index);
          expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
        }
      }),
      { numRuns: 12 },
    );
  });

  test('have the gradients that central differences give', () => {
    tf.tidy(() => {
      const x = wholeTensor<tf.Rank.R4>([2, 5, 4, 3], 9).div<tf.Tensor4D>(4);
      const filter = wholeTensor<tf.Rank.R4>([3, 2, 3, 9], 10).div<tf.Tensor4D>(4);
      const loss = (a: tf.Tensor, b: tf.Tensor) =>
        tf
          .conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same')
          .square()
          .sum()
          .asScalar();
      const gradients = tf.grads(loss)([x, filter]);
      const step = 2 ** -5;
      [x, filter].forEach((input, which) => {
        const gradient = gradients[which]!.dataSync();
        for (let index = 0; index < input.size; index += 7) {
          const at = (shift: number) => {
            const values = input.dataSync().slice();
            values[index]! += shift;
            const moved = tf.tensor(values, input.shape);
            return (which === 0 ? loss(moved, filter) : loss(x, moved)).dataSync()[0]!;
          };
          expect(gradient[index]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 1);
        }
      });
    });
  });

  test('of large pictures, many channels and several blocks equal the plain kernel', async () => {
    for (const [x, filter, stride] of [
      [[1, 40, 37, 1], [3, 3, 1, 16], 1],
      [[2, 20, 19, 3], [5, 5, 3, 8], 2],
      [[5, 4, 4, 130], [3, 3, 130, 12], 1],
      [[1, 3, 300, 5], [3, 3, 5, 9], 1],
    ] as [Shape4D, Shape4D, number][]) {
      for (const output of [0, 1, 2]) {
        const run = () => {
          const inputs = [wholeTensor(x, 11), wholeTensor(filter, 12)];
          const convolve = (a: tf.Tensor, b: tf.Tensor) =>
            tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, 'same');
          const y = convolve(inputs[0]!, inputs[1]!);
          return output === 2 ? y : tf.grads(convolve)(inputs, wholeTensor(y.shape, 13))[output]!;
        };
        expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
      }
    }
  });

  test('transposed equal the plain kernel', async () => {
    for (const [stride, pad] of [
      [1, 'same'],
      [2, 'same'],
      [2, 'valid'],
      [3, 'same'],
    ] as const) {
      const size = pad === 'same' ? 5 * stride : (5 - 1) * stride + 4;
      const run = () =>
        tf.conv2dTranspose(
          wholeTensor<tf.Rank.R4>([2, 5, 5, 6], 14),
          wholeTensor<tf.Rank.R4>([4, 4, 3, 6], 15),
          [2, size, size, 3],
          stride,
          pad,
        );
      expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
    }
  });

  test('transposed to less than the input gives are cropped as the plain kernel does', async () => {
    const run = () =>
      tf.conv2dTranspose(
        wholeTensor<tf.Rank.R4>([1, 8, 8, 8], 23),
        wholeTensor<tf.Rank.R4>([8, 8, 8, 8], 24),
        [1, 4, 4, 8],
        1,
        'same',
      );
    expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
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
      for (const inChannels of [2, 6]) {
        for (const biasShape of [[9], [1], undefined]) {
          const run = () =>
            tf.fused.conv2d({
              x: wholeTensor<tf.Rank.R4>([2, 6, 5, inChannels], 16),
              filter: wholeTensor<tf.Rank.R4>([3, 3, inChannels, 9], 17).div(16),
              strides: 1,
              pad: 'same',
              ...(biasShape && { bias: wholeTensor(biasShape, 18) }),
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

  test('with channels first or of int32 come from the plain kernel', async () => {
    const first = () =>
      tf.conv2d(
        wholeTensor<tf.Rank.R4>([2, 3, 6, 5], 19),
        wholeTensor<tf.Rank.R4>([3, 3, 3, 4], 20),
        1,
        'same',
        'NCHW',
      );
    expect(await resultOn('simd', first)).toEqual(await resultOn('cpu', first));
  });

  test('leave no tensors and no scratch behind', () => {
    const x = wholeTensor<tf.Rank.R4>([2, 6, 6, 3], 21);
    const filter = wholeTensor<tf.Rank.R4>([3, 3, 3, 4], 22);
    const bytes = () => (tf.memory() as unknown as { heapBytesInUse: number }).heapBytesInUse;
    const before = [tf.memory().numTensors, bytes()];
    tf.tidy(() => {
      const loss = (a: tf.Tensor, b: tf.Tensor) =>
        tf
          .conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same')
          .sum()
          .asScalar();
      tf.grads(loss)([x, filter]);
    });
    expect([tf.memory().numTensors, bytes()]).toEqual(before);
    tf.dispose([x, filter]);
  });
});
