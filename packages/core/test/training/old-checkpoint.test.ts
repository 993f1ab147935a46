import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import {
  accuracyOf,
  cosineSchedule,
  createMemoryCheckpointStore,
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainModelOptions,
  trainModel,
} from '../../src/training/index.js';
import { Killed, pointsSource, smallModel, weightsOf } from './small-runs.js';

/*
 * fixtures/points-step-7.nnlab is the checkpoint of this run after seven of its fifteen steps, on
 * cpu, as it was written when the format was young; its times are set to 0.
 */
const source = pointsSource();
const options: TrainModelOptions = {
  epochs: 3,
  loss: 'categoricalCrossentropy',
  metrics: { accuracy: accuracyOf() },
  schedule: cosineSchedule({ peak: 0.05, final: 0.001, warmup: 0.2 }),
  clipNorm: 1,
  validation: pointsSource({ seed: 8, batches: 2 }),
  average: { decay: 0.9 },
  restoreBestWeights: true,
};

let bytes: Uint8Array;
beforeAll(async () => {
  await tf.setBackend('cpu');
  bytes = await readFile(new URL('./fixtures/points-step-7.nnlab', import.meta.url));
});

it('an old checkpoint is resumed from', async () => {
  const store = createMemoryCheckpointStore();
  await store.save(decodeCheckpoint(bytes, 'fixture'), 1);
  const resumed = smallModel({ seed: 99 });
  const checkpoints = { store, identity: 'points', resume: true };
  const result = await trainModel(resumed, source, { ...options, checkpoints });
  expect(result.resumedFrom?.step).toBe(7);

  const whole = smallModel();
  await trainModel(whole, source, options);
  const expected = await weightsOf(whole);
  // Not to the byte: another engine may round an exponential in another way than the fixture's.
  for (const [index, weight] of (await weightsOf(resumed)).entries()) {
    expect(weight).toBeCloseTo(expected[index]!, 5);
  }
});

it('a new checkpoint is laid out as an old one', async () => {
  const store = createMemoryCheckpointStore();
  const killed = trainModel(smallModel(), source, {
    ...options,
    checkpoints: { store, identity: 'points', everySeconds: 0 },
    onBatch: ({ step }) => {
      if (step === 7) throw new Killed();
    },
  });
  await expect(killed).rejects.toThrow(Killed);
  const { state } = (await store.loadLatest())!;
  const written = decodeCheckpoint(encodeCheckpoint(state), 'new');
  const old = decodeCheckpoint(bytes, 'old');
  const layoutOf = ({ signature, progress, tensors }: typeof old) => ({
    signature: Object.entries(signature),
    progress: Object.keys(progress),
    counts: [progress.averageUpdates, progress.optimizerIterations, progress.step],
    tensors: tensors.map(({ name, shape, values }) => [name, shape, values.constructor.name]),
  });
  expect(layoutOf(written)).toEqual(layoutOf(old));
});
