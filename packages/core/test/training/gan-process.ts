import * as tf from '@tensorflow/tfjs';
import { createCheckpointStore } from '../../src/node/checkpoints.js';
import { type TrainingLoopOptions, trainLearner } from '../../src/training/index.js';
import { weightBytes } from './small-runs.js';
import { ringSource, toyGan } from './toy-gan.js';

export const ganOptions: TrainingLoopOptions<never> = { epochs: 8, average: { decay: 0.99 } };

/** Trains a GAN with a checkpoint at every step, telling of each step, and prints the weights. */
export async function run(folder: string): Promise<void> {
  await tf.setBackend('cpu'); // as the test that compares the weights
  const { learner, generator, discriminator } = toyGan();
  const { resumedFrom } = await trainLearner(learner, ringSource(), {
    ...ganOptions,
    checkpoints: { store: createCheckpointStore(folder), everySeconds: 0, resume: true },
    onBatch: async ({ step }) => {
      await new Promise<void>((resolve) => process.stdout.write(`step ${step}\n`, () => resolve()));
    },
  });
  const weights = (await weightBytes(generator)) + (await weightBytes(discriminator));
  process.stdout.write(`${JSON.stringify({ weights, resumedFrom: resumedFrom?.step ?? 0 })}\n`);
}
