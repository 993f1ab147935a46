import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { builds, resultOn, startBuild, wholeNumbers } from './products-support.js';

type Shape4D = [number, number, number, number];

const size = (min: number, max: number) => fc.integer({ min, max });

/** A convolution, and a place in one of its operands for a number that is not finite. */
const convolutions = fc.record({
  x: fc.tuple(size(1, 2), size(1, 7), size(1, 7), size(1, 6)),
  window: fc.tuple(size(1, 4), size(1, 4)),
  outputs: fc.constantFrom(1, 2, 9),
  strides: size(1, 3),
  pad: fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 1),
  operand: fc.constantFrom('x', 'filter', 'dy'),
  place: size(0, 1000),
  value: fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN),
});

/** Whole numbers, one of them replaced. */
function numbers(shape: number[], seed: number, replaced?: { place: number; value: number }) {
  const values = wholeNumbers(shape, seed);
  if (replaced && values.length > 0) values[replaced.place % values.length] = replaced.value;
  return tf.tensor(values, shape);
}

describe.each(builds)('what is not finite, $build SIMD', ({ relaxed }) => {
  beforeAll(() => startBuild(relaxed));

  // The plain kernels leave padding out instead of multiplying it.
  test.each(['conv2d', 'depthwiseConv2d'] as const)('meets no padding in %s', async (name) => {
    const isDepthwise = name === 'depthwiseConv2d';
    const convolve = isDepthwise ? tf.depthwiseConv2d : tf.conv2d;
    await fc.assert(
      fc.asyncProperty(convolutions, async ({ x, window, outputs, ...rest }) => {
        const { strides, pad, operand, place, value } = rest;
        const filter: Shape4D = [...window, x[3], isDepthwise ? Math.min(outputs, 2) : outputs];
        const info = tf.backend_util.computeConv2DInfo(
          ...([x, filter, strides, 1, pad, undefined, isDepthwise] as const),
        );
        fc.pre(info.outShape.every((length) => length > 0));
        const replaced = (of: string) => (of === operand ? { place, value } : undefined);
        const attributes = { strides, pad, dataFormat: 'NHWC', dilations: 1 };
        const prefix = isDepthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
        const run = () => {
          const input = numbers(x, 1, replaced('x')) as tf.Tensor4D;
          const weights = numbers(filter, 2, replaced('filter')) as tf.Tensor4D;
          const dy = numbers(info.outShape, 3, replaced('dy'));
          const forward = () => convolve(input, weights, strides, pad);
          const backward = (kernel: string, inputs: tf.NamedTensorMap, attrs: object) =>
            tf.engine().runKernel(`${prefix}${kernel}`, inputs, { ...attributes, ...attrs });
          const results = [
            forward(),
            tf.relu(tf.add(forward(), numbers([info.outChannels], 4))),
            backward('BackpropInput', { dy, filter: weights }, { inputShape: x }),
            backward('BackpropFilter', { x: input, dy }, { filterShape: filter }),
          ] as tf.Tensor[];
          return tf.concat(results.map((result) => result.flatten()));
        };
        expect(await resultOn('simd', run)).toEqual(await resultOn('cpu', run));
      }),
      { numRuns: 80 },
    );
  });
});

/** Windows larger than the picture: the output has no rows and no columns. */
const picture = () => tf.ones<tf.Rank.R4>([1, 2, 3, 4]);
const volume = () => tf.ones<tf.Rank.R5>([1, 2, 3, 2, 4]);
const empty = [1, 0, 0];
const tooLarge: [name: string, shape: number[], run: (x: tf.Tensor, f: tf.Tensor) => tf.Tensor][] =
  [
    ['conv2d', [5, 5, 4, 2], (x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'valid')],
    [
      'conv2d, strided',
      [7, 9, 4, 2],
      (x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 2, 'valid'),
    ],
    [
      'conv2d, dilated',
      [3, 4, 4, 2],
      (x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'valid', 'NHWC', 3),
    ],
    [
      'conv2d, channels first',
      [5, 5, 4, 2],
      (x, f) =>
        tf.transpose(
          tf.conv2d(
            tf.transpose(x, [0, 3, 1, 2]) as tf.Tensor4D,
            ...([f as tf.Tensor4D, 1, 'valid', 'NCHW'] as const),
          ),
          [0, 2, 3, 1],
        ),
    ],
    [
      'fused conv2d',
      [5, 5, 4, 4],
      (x, f) =>
        tf.fused.conv2d({
          ...{ x: x as tf.Tensor4D, filter: f as tf.Tensor4D, strides: 1, pad: 'valid' },
          ...{ bias: tf.ones([4]), activation: 'relu' },
        }),
    ],
    [
      'depthwiseConv2d',
      [5, 5, 4, 1],
      (x, f) => tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'valid'),
    ],
    [
      'dilation2d',
      [5, 5, 4],
      (x, f) => tf.dilation2d(x as tf.Tensor4D, f as tf.Tensor3D, 1, 'valid'),
    ],
    ['maxPool', [], (x, f) => tf.mul(tf.maxPool(x as tf.Tensor4D, 5, 1, 'valid'), f)],
    ['avgPool', [], (x, f) => tf.mul(tf.avgPool(x as tf.Tensor4D, 5, 1, 'valid'), f)],
    [
      'maxPoolWithArgmax',
      [],
      (x, f) => tf.mul(tf.maxPoolWithArgmax(x as tf.Tensor4D, [5, 5], 1, 'valid').result!, f),
    ],
    [
      'separableConv2d',
      [5, 5, 4, 1],
      (x, f) =>
        tf.separableConv2d(
          x as tf.Tensor4D,
          f as tf.Tensor4D,
          tf.ones<tf.Rank.R4>([1, 1, 4, 3]),
          1,
          'valid',
        ),
    ],
    [
      'conv1d',
      [5, 4, 2],
      (x, f) =>
        tf
          .expandDims(
            tf.conv1d(tf.reshape(x, [2, 3, 4]) as tf.Tensor3D, f as tf.Tensor3D, 1, 'valid'),
            1,
          )
          .slice([0, 0, 0, 0], [1, 0, 0, -1]),
    ],
  ];
const tooDeep: typeof tooLarge = [
  ['conv3d', [5, 5, 5, 4, 2], (x, f) => tf.conv3d(x as tf.Tensor5D, f as tf.Tensor5D, 1, 'valid')],
  ['maxPool3d', [], (x, f) => tf.mul(tf.maxPool3d(x as tf.Tensor5D, 5, 1, 'valid'), f)],
  ['avgPool3d', [], (x, f) => tf.mul(tf.avgPool3d(x as tf.Tensor5D, 5, 1, 'valid'), f)],
];

describe('a window larger than the picture', () => {
  beforeAll(() => startBuild(false));

  test.each([
    ...tooLarge.map((one) => [...one, picture, empty] as const),
    ...tooDeep.map((one) => [...one, volume, [...empty, 0]] as const),
  ])('%s gives an empty tensor, and gradients of zeros', (_, shape, run, input, sizes) => {
    tf.tidy(() => {
      const filter = tf.ones(shape);
      const result = run(input(), filter);
      expect(result.shape.slice(0, -1)).toEqual(sizes);
      expect(result.dataSync().length).toBe(0);
      for (const gradient of tf.grads(run)([input(), filter])) {
        expect(Math.max(...gradient.abs().dataSync())).toBe(0);
      }
    });
  });
});
