import * as tf from '@tensorflow/tfjs';
import { createCheckpointStore } from '../../src/node/checkpoints.js';
import { accuracyOf, type TrainModelOptions, trainModel } from '../../src/training/index.js';
import { pointsSource, smallModel, weightBytes } from './small-runs.js';

export const processSource = pointsSource();

export const processOptions: TrainModelOptions = {
  epochs: 8,
  loss: 'categoricalCrossentropy',
  metrics: { accuracy: accuracyOf() },
  optimizer: { name: 'adam' },
  average: { decay: 0.99 },
};

/** Trains with a checkpoint at every step, telling of each step, and prints the weights. */
export async function run(folder: string): Promise<void> {
  await tf.setBackend('cpu'); // as the test that compares the weights
  const model = smallModel();
  const { resumedFrom } = await trainModel(model, processSource, {
    ...processOptions,
    checkpoints: { store: createCheckpointStore(folder), everySeconds: 0, resume: true },
    onBatch: async ({ step }) => {
      await new Promise<void>((resolve) => process.stdout.write(`step ${step}\n`, () => resolve()));
    },
  });
  const weights = await weightBytes(model);
  process.stdout.write(`${JSON.stringify({ weights, resumedFrom: resumedFrom?.step ?? 0 })}\n`);
}
