import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { builds, innerProduct, resultOn, startBuild, wholeTensor } from './products-support.js';

type Shape4D = [number, number, number, number];

const convolutions = fc
  .record({
    x: fc.tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 19 }),
    ),
    filterSize: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    times: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
  })
  .map(({ x, filterSize, times, stride, dilation, pad }) => ({
    x: x as Shape4D,
    filter: [...filterSize, x[3], times] as Shape4D,
    stride: dilation > 1 ? 1 : stride,
    dilation,
    pad,
  }))
  .filter(({ x, filter, dilation, pad }) => {
    const spans = [(filter[0] - 1) * dilation + 1, (filter[1] - 1) * dilation + 1];
    return pad === 'same' || (spans[0]! <= x[1] && spans[1]! <= x[2]);
  });

describe.each(builds)('depthwise convolutions, $build SIMD', ({ relaxed }) => {
  beforeAll(() => startBuild(relaxed));

  test('equal the plain kernel for every shape, stride, dilation and padding', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async ({ x, filter, stride, dilation, pad }) => {
        const run = () =>
          tf.depthwiseConv2d(
            wholeTensor<tf.Rank.R4>(x, 1),
            wholeTensor<tf.Rank.R4>(filter, 2),
            stride,
            pad,
            'NHWC',
            dilation,
          );
        expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
      }),
      { numRuns: 80 },
    );
  });

  test('have gradients that are the adjoints of the convolution, dilated ones too', () => {
    fc.assert(
      fc.property(convolutions, ({ x: xShape, filter: filterShape, stride, dilation, pad }) => {
        tf.tidy(() => {
          const x = wholeTensor<tf.Rank.R4>(xShape, 3);
          const filter = wholeTensor<tf.Rank.R4>(filterShape, 4);
          const y = tf.depthwiseConv2d(x, filter, stride, pad, 'NHWC', dilation);
          const dy = wholeTensor<tf.Rank.R4>(y.shape, 5);
          // The operation itself refuses gradients with dilation; its kernels have them.
          const gradient = (kernel: string, inputs: tf.NamedTensorMap, attrs: object) =>
            tf.engine().runKernel(kernel, inputs, {
              ...{ strides: stride, pad, dilations: dilation },
              ...attrs,
            }) as tf.Tensor;
          const dx = gradient(
            tf.DepthwiseConv2dNativeBackpropInput,
            { dy, filter },
            { inputShape: xShape },
          );
          const dFilter = gradient(
            tf.DepthwiseConv2dNativeBackpropFilter,
            { x, dy },
            { filterShape },
          );
          const value = innerProduct(y.dataSync(), dy.dataSync());
          expect(innerProduct(dx.dataSync(), x.dataSync())).toBe(value);
          expect(innerProduct(dFilter.dataSync(), filter.dataSync())).toBe(value);
        });
      }),
      { numRuns: 80 },
    );
  });

  test('have the gradients of the plain kernels where those are right: without dilation', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async ({ x, filter, stride, pad }) => {
        for (const index of [0, 1]) {
          const run = () => {
            const inputs = [wholeTensor(x, 6), wholeTensor(filter, 7)];
            const convolve = (a: tf.Tensor, b: tf.Tensor) =>
              tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
            const y = convolve(inputs[0]!, inputs[1]!);
            return tf.grads(convolve)(inputs, wholeTensor(y.shape, 8))[index]!;
          };
          expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('fuse a bias and an activation', async () => {
    for (const activation of ['linear', 'relu', 'relu6', 'elu'] as const) {
      for (const channels of [3, 12]) {
        const run = () =>
          tf.fused.depthwiseConv2d({
            x: wholeTensor<tf.Rank.R4>([2, 6, 5, channels], 9),
            filter: wholeTensor<tf.Rank.R4>([3, 3, channels, 1], 10).div(4),
            strides: 1,
            pad: 'same',
            bias: wholeTensor([channels], 11),
            activation,
          });
        const [expected, actual] = [await resultOn('cpu', run), await resultOn('simd', run)];
        expect(actual.shape).toEqual(expected.shape);
        for (const [index, value] of expected.values.entries()) {
          expect(actual.values[index]).toBeCloseTo(value, 5);
        }
      }
    }
  });
});
