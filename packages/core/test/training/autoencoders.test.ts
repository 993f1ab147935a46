import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDataset } from '../../src/datasets/index.js';
import { createRandom } from '../../src/random/index.js';
import {
  createLearner,
  createMemoryCheckpointStore,
  createNetworkOptimizer,
  datasetBatches,
  initializerSeed,
  reconstructionBatches,
  type TrainingLoopOptions,
  trainLearner,
  trainModel,
  type UnlabeledBatch,
} from '../../src/training/index.js';
import { Killed, weightBytes } from './small-runs.js';

beforeEach(async () => {
  await tf.setBackend('cpu');
});
afterEach(() => tf.disposeVariables());

/** Pictures 4x4 of a bright row in one of four places: one number says all of each. */
const pictures = createDataset({
  shape: [4, 4, 1],
  images: Uint8Array.from({ length: 64 * 16 }, (_, pixel) =>
    Math.floor(pixel / 4) % 4 === Math.floor(pixel / 16) % 4 ? 230 : 20,
  ),
});
const batches = () => datasetBatches(pictures, { batchSize: 16, random: createRandom(1) });

/** Layers whose weights follow from a seed. */
function seededDense(seed: number) {
  const random = createRandom(seed);
  return (name: string, units: number, more = {}) =>
    tf.layers.dense({
      units,
      kernelInitializer: tf.initializers.glorotUniform({ seed: initializerSeed(random, name) }),
      ...more,
    });
}

it('an autoencoder learns pictures without labels by heart, and resumes exactly', async () => {
  const autoencoder = (seed = 3) => {
    const dense = seededDense(seed);
    return tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: [4, 4, 1] }),
        dense('encoder', 8, { activation: 'tanh' }),
        dense('code', 2, { activation: 'tanh' }),
        dense('hidden', 8, { activation: 'tanh' }),
        dense('decoder', 16, { activation: 'sigmoid' }),
        tf.layers.reshape({ targetShape: [4, 4, 1] }),
      ],
    });
  };
  const source = reconstructionBatches(batches());
  const options = {
    epochs: 60,
    loss: 'meanSquaredError',
    optimizer: { name: 'adam', learningRate: 0.02 },
    validation: reconstructionBatches(datasetBatches(pictures, { batchSize: 64 })),
  } as const;
  const whole = autoencoder();
  const { history } = await trainModel(whole, source, options);
  // A model that gives the mean picture of all is 0.13 off.
  expect(history[0]!.validation!.loss).toBeGreaterThan(0.1);
  expect(history.at(-1)!.validation!.loss).toBeLessThan(0.01);

  const store = createMemoryCheckpointStore();
  const killed = trainModel(autoencoder(), source, {
    ...options,
    checkpoints: { store, everySeconds: 0 },
    onBatch: ({ step }) => {
      if (step === 10) throw new Killed();
    },
  });
  await expect(killed).rejects.toThrow(Killed);
  const resumed = autoencoder(99);
  await trainModel(resumed, source, { ...options, checkpoints: { store, resume: true } });
  expect(await weightBytes(resumed)).toBe(await weightBytes(whole));
});

/** A variational autoencoder (Kingma and Welling 2014) of the pictures, with a code of two numbers. */
function toyVae(seed = 5) {
  const dense = seededDense(seed);
  const encoder = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [4, 4, 1] }),
      dense('encoder', 8, { activation: 'tanh' }),
      dense('moments', 4),
    ],
  });
  const decoder = tf.sequential({
    layers: [
      dense('hidden', 8, { activation: 'tanh', inputShape: [2] }),
      dense('decoder', 16),
      tf.layers.reshape({ targetShape: [4, 4, 1] }),
    ],
  });
  const optimizer = createNetworkOptimizer([encoder, decoder], {
    optimizer: { name: 'adam', learningRate: 0.02 },
  });
  /** The evidence lower bound, as a loss: what the picture costs, and what the code costs. */
  const lossOf = (pictures: tf.Tensor4D, noise: tf.Tensor2D) => {
    const moments = encoder.apply(pictures, { training: true }) as tf.Tensor;
    const [mean, logVariance] = tf.split(moments, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const code = tf.add(mean, tf.mul(tf.exp(tf.div(logVariance, 2)), noise));
    const decoded = decoder.apply(code, { training: true }) as tf.Tensor4D;
    const reconstruction = tf.mul(
      tf.losses.sigmoidCrossEntropy(pictures, decoded),
      16,
    ) as tf.Scalar;
    const divergence = tf.mul(
      tf.mean(
        tf.sum(tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), tf.add(logVariance, 1)), 1),
      ),
      0.5,
    ) as tf.Scalar;
    return { loss: tf.add(reconstruction, divergence) as tf.Scalar, reconstruction, divergence };
  };
  const noises = createRandom(8);
  const learner = createLearner({
    optimizers: optimizer,
    losses: ['loss'],
    metrics: ['reconstruction', 'divergence'],
    step({ inputs }: UnlabeledBatch, { step }) {
      const draw = noises.fork(step);
      const values = Float32Array.from({ length: inputs.shape[0] * 2 }, () => draw.normal());
      const noise = tf.tensor2d(values, [inputs.shape[0], 2]);
      return optimizer.minimize(() => lossOf(inputs, noise));
    },
    evaluate: ({ inputs }) => lossOf(inputs, tf.zeros([inputs.shape[0], 2])),
  });
  const bytes = async () => (await weightBytes(encoder)) + (await weightBytes(decoder));
  return { learner, encoder, decoder, bytes };
}

it('a variational autoencoder is a learner with a loss of its own', async () => {
  const options: TrainingLoopOptions<UnlabeledBatch> = {
    epochs: 60,
    validation: datasetBatches(pictures, { batchSize: 64 }),
    monitor: { figure: 'validation.reconstruction' },
    restoreBestWeights: true,
  };
  const whole = toyVae();
  const { history, best } = await trainLearner(whole.learner, batches(), options);
  const [first, last] = [history[0]!, history.at(-1)!];
  expect(Object.keys(last.validation!)).toEqual(['loss', 'reconstruction', 'divergence']);
  for (const { train } of history) {
    expect(train.loss).toBeCloseTo(train.reconstruction! + train.divergence!, 4);
  }
  expect(last.validation!.reconstruction).toBeLessThan(0.75 * first.validation!.reconstruction!);
  expect(last.train.divergence).toBeGreaterThan(0.5); // the code says something of the picture
  expect(best!.value).toBeLessThanOrEqual(last.validation!.reconstruction!);

  const store = createMemoryCheckpointStore();
  const counts: number[] = [];
  const killed = trainLearner(toyVae().learner, batches(), {
    ...options,
    checkpoints: { store, everySeconds: 0 },
    onBatch: ({ step }) => {
      counts.push(tf.memory().numTensors);
      if (step === 3) throw new Killed();
    },
  });
  await expect(killed).rejects.toThrow(Killed);
  expect(new Set(counts).size).toBe(1);
  const resumed = toyVae(99);
  await trainLearner(resumed.learner, batches(), {
    ...options,
    checkpoints: { store, resume: true },
  });
  expect(await resumed.bytes()).toBe(await whole.bytes());
});
