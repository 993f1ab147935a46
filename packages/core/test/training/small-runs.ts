import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../../src/random/index.js';
import { type BatchSource, initializerSeed, SeededDropout } from '../../src/training/index.js';

/** A three-class problem of 2-D points, drawn anew from (epoch, index) alone. */
export function pointsSource(
  options: { batchSize?: number; batches?: number; seed?: number } = {},
) {
  const { batchSize = 16, batches = 5, seed = 7 } = options;
  const random = createRandom(seed);
  const source: BatchSource = {
    batchSize,
    batchesPerEpoch: batches,
    batch(epoch, index) {
      const draw = random.fork(epoch).fork(index);
      const labels = Int32Array.from({ length: batchSize }, () => draw.integer(0, 3));
      const inputs = Float32Array.from({ length: batchSize * 4 }, (_, position) => {
        const label = labels[position >> 2]!;
        return draw.normal((position & 3) === label ? 2 : 0, 0.7);
      });
      return {
        inputs: tf.tensor2d(inputs, [batchSize, 4]),
        targets: tf.oneHot(labels, 3, 1, 0, 'float32'),
      };
    },
  };
  return source;
}

/** A small classifier that has all that is hard to resume: batch norm, dropout, a penalty. */
export function smallModel(options: { seed?: number; dropout?: number } = {}): tf.LayersModel {
  const { seed = 3, dropout = 0.2 } = options;
  const random = createRandom(seed);
  return tf.sequential({
    layers: [
      tf.layers.dense({
        units: 8,
        inputShape: [4],
        kernelInitializer: tf.initializers.heNormal({ seed: initializerSeed(random, 'hidden') }),
        kernelRegularizer: tf.regularizers.l2({ l2: 0.001 }),
      }),
      tf.layers.batchNormalization({ momentum: 0.9 }),
      tf.layers.activation({ activation: 'relu' }),
      new SeededDropout({ rate: dropout, seed: 5 }),
      tf.layers.dense({
        units: 3,
        activation: 'softmax',
        kernelInitializer: tf.initializers.glorotUniform({
          seed: initializerSeed(random, 'output'),
        }),
      }),
    ],
  });
}

/** All weights of a model, one number after another. */
export async function weightsOf(model: tf.LayersModel): Promise<Float32Array> {
  const parts = await Promise.all(model.weights.map((weight) => weight.read().data()));
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** The bytes of all weights, for comparisons that allow no difference at all. */
export async function weightBytes(model: tf.LayersModel): Promise<string> {
  return Buffer.from((await weightsOf(model)).buffer).toString('hex');
}

export class Killed extends Error {}
