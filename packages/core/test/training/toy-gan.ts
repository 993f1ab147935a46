import * as tf from '@tensorflow/tfjs';
import { createRandom } from '../../src/random/index.js';
import {
  type BatchSource,
  createLearner,
  createNetworkOptimizer,
  exponentialSchedule,
  type InputBatch,
  initializerSeed,
  SeededDropout,
} from '../../src/training/index.js';

/** Points on a ring around (2, -1), drawn anew from (epoch, index) alone. */
export function ringSource(options: { seed?: number } = {}): BatchSource<InputBatch> {
  const random = createRandom(options.seed ?? 7);
  return {
    batchSize: 16,
    batchesPerEpoch: 5,
    batch(epoch, index) {
      const draw = random.fork(epoch).fork(index);
      const points = Array.from({ length: 16 }, () => {
        const angle = draw.uniform(0, 2 * Math.PI);
        return [2 + Math.cos(angle), -1 + Math.sin(angle)];
      });
      return { inputs: tf.tensor2d(points) };
    },
  };
}

/** How far points lie from the ring in the mean. */
const distanceToRing = (points: tf.Tensor): tf.Scalar =>
  tf.mean(tf.abs(tf.sub(tf.norm(tf.sub(points, [2, -1]), 2, 1), 1)));

/** A generative adversarial network (Goodfellow et al. 2014) for points of the plane. */
export function toyGan(options: { seed?: number } = {}) {
  const random = createRandom(options.seed ?? 3);
  const dense = (name: string, units: number, more = {}) =>
    tf.layers.dense({
      units,
      kernelInitializer: tf.initializers.glorotUniform({ seed: initializerSeed(random, name) }),
      ...more,
    });
  const generator = tf.sequential({
    layers: [
      dense('generator', 8, { inputShape: [4] }),
      tf.layers.batchNormalization(),
      tf.layers.leakyReLU(),
      dense('point', 2),
    ],
  });
  const discriminator = tf.sequential({
    layers: [
      dense('discriminator', 8, { inputShape: [2] }),
      tf.layers.leakyReLU(),
      new SeededDropout({ rate: 0.1, seed: 5 }),
      dense('judgement', 1),
    ],
  });
  const forGenerator = createNetworkOptimizer(generator, {
    optimizer: { name: 'adam', beta1: 0.5 },
    schedule: exponentialSchedule({ initial: 0.002, final: 0.0005 }),
  });
  const forDiscriminator = createNetworkOptimizer(discriminator, {
    optimizer: { name: 'rmsprop', learningRate: 0.004 },
    clipNorm: 1,
  });

  const noises = createRandom(11);
  const generate = (noise: tf.Tensor) => generator.apply(noise, { training: true }) as tf.Tensor;
  const lossOf = (points: tf.Tensor, real: 0 | 1): tf.Scalar => {
    const judged = discriminator.apply(points, { training: true }) as tf.Tensor;
    return tf.losses.sigmoidCrossEntropy(tf.fill(judged.shape, real), judged);
  };
  const learner = createLearner({
    optimizers: { generator: forGenerator, discriminator: forDiscriminator },
    losses: ['generatorLoss', 'discriminatorLoss'],
    metrics: ['distance'],
    step({ inputs }: InputBatch, { step }) {
      const real = inputs as tf.Tensor2D;
      const draw = noises.fork(step);
      const values = Float32Array.from({ length: real.shape[0] * 4 }, () => draw.normal());
      const noise = tf.tensor2d(values, [real.shape[0], 4]);
      // The discriminator learns to tell real points from generated ones ...
      const { loss: discriminatorLoss } = forDiscriminator.minimize(() => ({
        loss: tf.add(lossOf(real, 1), lossOf(generate(noise), 0)) as tf.Scalar,
      }));
      // ... and the generator to make points that it takes for real.
      const { loss: generatorLoss, distance } = forGenerator.minimize(() => {
        const points = generate(noise);
        return { loss: lossOf(points, 1), distance: distanceToRing(points) };
      });
      return { generatorLoss, discriminatorLoss, distance };
    },
  });
  return {
    learner,
    generator,
    discriminator,
    dispose() {
      for (const part of [forGenerator, forDiscriminator, generator, discriminator]) part.dispose();
    },
  };
}
