import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { numberStream, startSimd } from '../support.js';

/** Repeatable numbers from -2 to 2. */
function numbers(shape: number[], seed = 1): tf.Tensor {
  const next = numberStream(seed);
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  for (let index = 0; index < values.length; index++) values[index] = 4 * next() - 2;
  return tf.tensor(values, shape);
}

function image(shape: number[], seed = 1): tf.Tensor4D {
  return numbers(shape, seed) as tf.Tensor4D;
}

function places(count: number, below: number): tf.Tensor1D {
  const next = numberStream(count);
  return tf.tensor1d(
    Int32Array.from({ length: count }, () => Math.floor(next() * below)),
    'int32',
  );
}

const gradientOf = (run: (x: tf.Tensor4D) => tf.Tensor, x: tf.Tensor4D) =>
  tf.grad((input) => run(input as tf.Tensor4D))(x);

/** Element-wise work is shared out from about this many elements on, in blocks of 16. */
const divided = 75_000;
const lengths = [divided - 1, divided, divided + 17, 2 * divided + 15, 5 * divided + 1];
const wide = [3, 1, 50_021];
const tall = [40_003, 5];

/** What must be the same bytes for any number of threads: each family at sizes that are shared out. */
const families: Record<string, () => tf.Tensor[]> = {
  'functions of one tensor': () =>
    lengths.flatMap((length) => {
      const x = numbers([length]);
      const whole = tf.cast(tf.mul(x, 100), 'int32');
      return [
        ...[tf.relu(x), tf.exp(x), tf.tanh(x), tf.leakyRelu(x, 0.3), tf.sigmoid(x), tf.elu(x)],
        ...[tf.abs(whole), tf.step(x, 0.1), tf.logicalNot(tf.cast(whole, 'bool'))],
        ...[tf.cast(whole, 'float32'), tf.cast(x, 'int32'), tf.clipByValue(x, -1, 1)],
      ];
    }),
  'functions of two tensors': () =>
    lengths.flatMap((length) => {
      const [x, y] = [numbers([length], 2), numbers([length], 3)];
      return [
        ...[
          tf.add(x, y),
          tf.mul(x, 2),
          tf.sub(1, y),
          tf.squaredDifference(x, y),
          tf.addN([x, y, x]),
        ],
        ...[tf.greater(x, y), tf.where(tf.greater(x, y), x, y), tf.pow(tf.abs(x), y), tf.pow(x, 2)],
      ];
    }),
  broadcasting: () => [
    ...[tf.add(numbers(tall), numbers([5])), tf.mul(numbers(tall), numbers([40_003, 1]))],
    ...[tf.sub(numbers(wide), numbers([50_021])), tf.div(numbers([50_021]), numbers(wide))],
    tf.add(numbers([700, 300]), numbers([300])),
    tf.mul(numbers([2, 90, 90, 6]), numbers([2, 1, 1, 6])),
    tf.mul(numbers([2, 90, 90, 6]), numbers([1, 90, 90, 1])),
  ],
  sums: () => [
    ...[tf.sum(numbers([1_000_003])), tf.mean(numbers([999_999])), tf.sum(numbers([3, 70_001]), 1)],
    ...[tf.sum(numbers(tall), 0), tf.sum(numbers(tall), 1), tf.sum(numbers([60_000, 16]), 0)],
    ...[tf.mean(numbers([30_001, 3]), 0), tf.sum(numbers([3, 20_011, 10]), 1)],
    ...[tf.mean(numbers([9, 40, 40, 33]), [1, 2]), tf.sum(numbers([700, 300]), 0)],
    ...[tf.sum(numbers([131, 700]), 0), tf.sum(numbers([300, 3, 300]), 1)],
  ],
  'other reductions': () => [
    ...[
      tf.max(numbers(tall), 1),
      tf.min(numbers([300, 700]), 1),
      tf.argMax(numbers([300, 700]), 1),
    ],
    ...[
      tf.max(numbers([70, 40, 60]), 1),
      tf.prod(numbers([3000, 40]), 1),
      tf.softmax(numbers([300, 700])),
    ],
    ...[tf.cumsum(numbers([300, 700]), 1), tf.cumprod(numbers([30, 70, 60]), 1)],
    ...[
      tf.sum(tf.cast(numbers([500, 700]), 'int32'), 1),
      tf.any(tf.cast(numbers([500, 700]), 'bool'), 1),
    ],
  ],
  'batch normalisation': () =>
    [3, 16, 70].map((channels) =>
      tf.batchNorm(
        image([4, 41, 43, channels]),
        numbers([channels]) as tf.Tensor1D,
        tf.abs(numbers([channels], 2)) as tf.Tensor1D,
        numbers([channels], 3) as tf.Tensor1D,
        numbers([channels], 4) as tf.Tensor1D,
      ),
    ),
  'gradients of activations': () =>
    lengths.flatMap((length) => {
      const [x, dy] = [numbers([length], 4), numbers([length], 5)];
      return [tf.relu, tf.relu6, tf.leakyRelu, tf.sigmoid, tf.tanh, tf.elu, tf.abs].map(
        (activation) => tf.grad((input) => activation(input))(x, dy),
      );
    }),
  'batch normalization in training': () =>
    [3, 16, 70].flatMap((channels) => {
      const x = image([4, 41, 43, channels]);
      const [scale, offset] = [numbers([channels], 3), numbers([channels], 4)];
      const normalize = (input: tf.Tensor, factor: tf.Tensor) => {
        const { mean, variance } = tf.moments(input, [0, 1, 2]);
        const rows = [mean, variance, offset, factor] as tf.Tensor1D[];
        return tf.batchNorm(input as tf.Tensor4D, rows[0]!, rows[1]!, rows[2]!, rows[3]!);
      };
      return [normalize(x, scale), ...tf.grads(normalize)([x, scale], image(x.shape, 5))];
    }),
  'steps of an LSTM and a GRU': () =>
    [true, false].flatMap((hard) => {
      const [z, c] = [numbers([150, 280], 2), numbers([150, 70], 3)];
      const run = (name: string, inputs: tf.NamedTensorMap) =>
        tf.engine().runKernel(name, inputs, { hard }) as tf.Tensor[];
      const [h, next] = run('LstmCell', { z, c });
      const gradients = { dh: numbers([150, 70], 4), dNext: numbers([150, 70], 5) };
      const gru = { x: numbers([150, 210], 6), inner: numbers([150, 140], 7), h: c };
      const whole = { ...gru, recurrent: numbers([150, 70], 8) };
      const dy = numbers([150, 70], 9);
      return [
        ...[h!, next!, ...run('LstmCellGrad', { z, c, next: next!, ...gradients })],
        ...[...run('GruReset', gru), ...run('GruResetGrad', { dy, ...gru })],
        ...[...run('GruOutput', whole), ...run('GruOutputGrad', { dy, ...whole })],
      ];
    }),
  'gelu and its gradient': () =>
    lengths.flatMap((length) => {
      const [x, dy] = [numbers([length], 4), numbers([length], 5)];
      return ['gelu', 'gelu_new'].flatMap((activation) => {
        const layer = tf.layers.activation({ activation: activation as 'relu' });
        const run = (input: tf.Tensor) => layer.apply(input) as tf.Tensor;
        return [run(x), tf.grad(run)(x, dy)];
      });
    }),
  'gradients of layers': () => {
    const x = image([5, 61, 59, 12]);
    const [scale, variance] = [numbers([12]), tf.abs(numbers([12], 2))] as [
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    const pooled = (input: tf.Tensor4D) => tf.maxPool(tf.relu(input), 2, 2, 'same');
    const normalised = (mean: tf.Tensor) =>
      tf.mean(tf.square(tf.batchNorm(x, mean as tf.Tensor1D, variance, scale, scale)));
    return [gradientOf(pooled, x), tf.grad(normalised)(numbers([12], 3))];
  },
  pooling: () =>
    [2, 3].flatMap((size) => {
      const x = image([5, 61, 59, 12]);
      const maxPool = (input: tf.Tensor4D) => tf.maxPool(input, size, 2, 'same');
      const avgPool = (input: tf.Tensor4D) => tf.avgPool(input, size, 2, 'valid');
      return [maxPool(x), avgPool(x), gradientOf(maxPool, x), gradientOf(avgPool, x)];
    }),
  'depthwise convolution': () =>
    [1, 2].flatMap((multiplier) => {
      const x = image([9, 31, 29, 6]);
      const filter = image([3, 3, 6, multiplier], 2);
      const run = (input: tf.Tensor4D) => tf.depthwiseConv2d(input, filter, 1, 'same');
      const ofFilter = (weights: tf.Tensor4D) => tf.depthwiseConv2d(x, weights, 2, 'same');
      return [run(x), gradientOf(run, x), gradientOf(ofFilter, filter)];
    }),
  'moving elements': () => {
    const x = image([7, 41, 43, 12]);
    return [
      ...[
        tf.transpose(x, [0, 3, 1, 2]),
        tf.transpose(x, [3, 2, 1, 0]),
        tf.transpose(x, [1, 0, 2, 3]),
      ],
      ...[tf.slice(x, [1, 2, 3, 0], [5, 30, 40, 12]), tf.concat([x, x], 3), tf.concat([x, x], 0)],
      ...[
        tf.pad(x, [
          [0, 0],
          [1, 2],
          [3, 0],
          [0, 0],
        ]),
        tf.tile(x, [1, 2, 1, 2]),
        tf.reverse(x, [1]),
      ],
      ...[
        tf.mirrorPad(
          x,
          [
            [0, 0],
            [1, 2],
            [3, 0],
            [0, 0],
          ],
          'reflect',
        ),
        tf.stack([x, x], 2),
      ],
      ...[
        tf.gather(numbers([1000, 300]), places(700, 1000)),
        tf.fill([5 * divided], 3),
        tf.zerosLike(x),
      ],
      ...tf.split(x, 3, 3),
    ];
  },
  resizing: () =>
    [false, true].flatMap((alignCorners) => {
      const x = image([5, 31, 29, 6]);
      const nearest = (input: tf.Tensor4D) =>
        tf.image.resizeNearestNeighbor(input, [55, 70], alignCorners);
      const bilinear = (input: tf.Tensor4D) =>
        tf.image.resizeBilinear(input, [55, 70], alignCorners);
      return [nearest(x), bilinear(x), gradientOf(nearest, x), gradientOf(bilinear, x)];
    }),
};

/** What a family gives with so many threads, as bytes. */
async function bytesWith(threads: number, run: () => tf.Tensor[]): Promise<Buffer[]> {
  const backend = await startSimd({ threads });
  expect(backend.threads).toBe(threads);
  // Not as the result of tf.tidy, which would look for tensors in every byte.
  tf.engine().startScope();
  const bytes = run().map((tensor) => Buffer.from(tensor.dataSync().slice().buffer));
  tf.engine().endScope();
  return bytes;
}

describe('the same bytes with any number of threads', () => {
  for (const [name, run] of Object.entries(families)) {
    it(name, { timeout: 60_000 }, async () => {
      const [one, ...others] = [
        await bytesWith(1, run),
        await bytesWith(2, run),
        await bytesWith(3, run),
      ];
      for (const other of others) {
        expect(other.length).toBe(one!.length);
        for (const [index, bytes] of other.entries()) {
          expect(bytes.equals(one![index]!), `result ${index}`).toBe(true);
        }
      }
    });
  }
});
