import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startSimd } from '../support.js';

beforeAll(async () => {
  await startSimd();
});

const zeros = (...shape: number[]) => tf.zeros(shape);
const ones = (...shape: number[]) => tf.ones(shape);
const ints = (...values: number[]) => tf.tensor1d(values, 'int32');
const image = (...shape: [number, number, number, number]) => tf.zeros<tf.Rank.R4>(shape);

/** What an operation gives of tensors without elements: the shape, and the one value it is full of. */
const cases: [name: string, run: () => tf.Tensor, shape: number[], value?: number][] = [
  ['exp', () => tf.exp(zeros(0, 3)), [0, 3]],
  ['add', () => tf.add(zeros(0, 3), ones(3)), [0, 3]],
  ['mul by a column', () => tf.mul(zeros(2, 0), ones(2, 1)), [2, 0]],
  ['sum', () => tf.sum(zeros(0, 3)), [], 0],
  ['sum of an axis', () => tf.sum(zeros(0, 3), 0), [3], 0],
  ['sum of the other', () => tf.sum(zeros(0, 3), 1), [0]],
  ['prod', () => tf.prod(zeros(2, 0), 1), [2], 1],
  ['max', () => tf.max(zeros(0, 3), 1), [0]],
  ['argMax', () => tf.argMax(zeros(0, 3), 1), [0]],
  ['cumsum', () => tf.cumsum(zeros(2, 0), 1), [2, 0]],
  ['matMul over nothing', () => tf.matMul(zeros(2, 0), zeros(0, 3)), [2, 3], 0],
  ['matMul of no rows', () => tf.matMul(zeros(0, 3), ones(3, 2)), [0, 2]],
  ['matMul of no matrix', () => tf.matMul(zeros(0, 2, 3), ones(3, 2)), [0, 2, 2]],
  [
    'fused matMul over nothing',
    () => tf.fused.matMul({ a: zeros(2, 0), b: zeros(0, 3), bias: ones(3), activation: 'relu' }),
    [2, 3],
    1,
  ],
  ['einsum over nothing', () => tf.einsum('ij,jk->ik', zeros(2, 0), zeros(0, 3)), [2, 3], 0],
  [
    'conv2d of no image',
    () => tf.conv2d(image(0, 4, 4, 2), image(3, 3, 2, 2), 1, 'same'),
    [0, 4, 4, 2],
  ],
  [
    'conv2d of no channel',
    () => tf.conv2d(image(1, 4, 4, 0), image(3, 3, 0, 2), 1, 'same'),
    [1, 4, 4, 2],
    0,
  ],
  [
    'conv2d to no channel',
    () => tf.conv2d(image(1, 4, 4, 2), image(3, 3, 2, 0), 2, 'same'),
    [1, 2, 2, 0],
  ],
  [
    'conv2d of no row',
    () => tf.conv2d(image(1, 0, 4, 2), image(3, 3, 2, 2), 1, 'same'),
    [1, 0, 4, 2],
  ],
  [
    'depthwiseConv2d of no channel',
    () => tf.depthwiseConv2d(image(1, 4, 4, 0), image(3, 3, 0, 1), 1, 'same'),
    [1, 4, 4, 0],
  ],
  ['maxPool of no row', () => tf.maxPool(image(1, 0, 4, 2), 2, 2, 'same'), [1, 0, 2, 2]],
  [
    'avgPool where no window fits',
    () => tf.avgPool(image(1, 4, 0, 1), 2, 1, 'valid'),
    [1, 3, 0, 1],
  ],
  ['transpose', () => tf.transpose(zeros(2, 0, 3), [1, 2, 0]), [0, 3, 2]],
  ['concat', () => tf.concat([zeros(0, 3), ones(2, 3)], 0), [2, 3], 1],
  [
    'pad',
    () =>
      tf.pad(zeros(0, 3), [
        [1, 1],
        [0, 0],
      ]),
    [2, 3],
    0,
  ],
  ['tile', () => tf.tile(ones(2, 3), [0, 1]), [0, 3]],
  ['gather of no place', () => tf.gather(ones(3, 2), ints()), [0, 2]],
  ['gather of empty rows', () => tf.gather(zeros(3, 0), ints(1, 2)), [2, 0]],
  ['gatherND of no place', () => tf.gatherND(ones(3, 2), tf.zeros([0, 1], 'int32')), [0, 2]],
  [
    'scatterND of empty rows',
    () => tf.scatterND(tf.ones([1, 1], 'int32'), zeros(1, 0), [3, 0]),
    [3, 0],
  ],
  ['unsortedSegmentSum of nothing', () => tf.unsortedSegmentSum(zeros(0, 2), ints(), 3), [3, 2], 0],
  ['unsortedSegmentSum to nothing', () => tf.unsortedSegmentSum(ones(2, 2), ints(0, 1), 0), [0, 2]],
  ['topk of no row', () => tf.topk(zeros(0, 3), 2).values, [0, 2]],
  ['topk of none', () => tf.topk(ones(2, 3), 0).indices, [2, 0]],
  ['softmax', () => tf.softmax(zeros(2, 0)), [2, 0]],
  ['resizeBilinear', () => tf.image.resizeBilinear(image(0, 3, 3, 1), [4, 4]), [0, 4, 4, 1]],
  ['batchNorm', () => tf.batchNorm(image(0, 2, 2, 3), tf.zeros([3]), tf.ones([3])), [0, 2, 2, 3]],
];

describe('of tensors without elements', () => {
  it.each(cases)('%s', (_, run, shape, value = 0) => {
    tf.tidy(() => {
      const result = run();
      expect(result.shape).toEqual(shape);
      const size = tf.util.sizeFromShape(shape);
      expect(Array.from(result.dataSync())).toEqual(new Array(size).fill(value));
    });
  });

  it.each<[name: string, run: (...inputs: tf.Tensor[]) => tf.Tensor, shapes: number[][]]>([
    [
      'matMul over nothing',
      (a, b) => tf.matMul(a!, b!),
      [
        [2, 0],
        [0, 3],
      ],
    ],
    [
      'matMul of no matrix',
      (a, b) => tf.matMul(a!, b!),
      [
        [0, 2, 3],
        [3, 2],
      ],
    ],
    ['mul', (a, b) => tf.mul(a!, b!), [[0, 3], [3]]],
    [
      'conv2d of no image',
      (x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'same'),
      [
        [0, 4, 4, 2],
        [3, 3, 2, 2],
      ],
    ],
    [
      'conv2d of no channel',
      (x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'same'),
      [
        [1, 4, 4, 0],
        [3, 3, 0, 2],
      ],
    ],
    ['gather of no place', (x) => tf.gather(x!, ints()), [[3, 2]]],
    ['stridedSlice of nothing', (x) => tf.stridedSlice(x!, [1], [1], [1]), [[3]]],
    ['cumprod', (x) => tf.cumprod(x!, 0), [[0, 3]]],
    ['prod', (x) => tf.prod(x!, 1), [[3, 0]]],
    ['mean', (x) => tf.mean(x!, 1), [[0, 3]]],
    [
      'einsum over nothing',
      (a, b) => tf.einsum('ij,jk->ik', a!, b!),
      [
        [2, 0],
        [0, 3],
      ],
    ],
  ])('gradients of %s are zeros of the inputs', (_, run, shapes) => {
    tf.tidy(() => {
      const gradients = tf.grads(run)(shapes.map((shape) => tf.ones(shape)));
      for (const [index, gradient] of gradients.entries()) {
        expect(gradient.shape).toEqual(shapes[index]);
        expect(gradient.dataSync().every((value) => value === 0)).toBe(true);
      }
    });
  });
});
