import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/node/backend.js';
import { createRandom } from '../../src/random/index.js';
import {
  accuracyOf,
  type BatchSource,
  createMemoryCheckpointStore,
  initializerSeed,
  type OptimizerOptions,
  SeededDropout,
  type TrainModelOptions,
  trainModel,
} from '../../src/training/index.js';
import { Killed, weightsOf } from '../training/small-runs.js';

/** Pictures 10x10 of one of three patterns, in noise. */
const source: BatchSource = {
  batchSize: 12,
  batchesPerEpoch: 4,
  batch(epoch, index) {
    const random = createRandom(5).fork(epoch).fork(index);
    const labels = Int32Array.from({ length: 12 }, () => random.integer(0, 3));
    const pixels = Float32Array.from({ length: 12 * 100 }, (_, place) => {
      const [x, y] = [place % 10, Math.floor(place / 10) % 10];
      const pattern = [x, y, x + y][labels[Math.floor(place / 100)]!]! % 2;
      return 0.5 * pattern + random.uniform(0, 0.5);
    });
    return {
      inputs: tf.tensor4d(pixels, [12, 10, 10, 1]),
      targets: tf.tensor1d(labels, 'int32'),
    };
  },
};

function buildModel(): tf.LayersModel {
  const random = createRandom(11);
  const init = (label: string) =>
    tf.initializers.heNormal({ seed: initializerSeed(random, label) });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: 6,
        kernelSize: 3,
        padding: 'same',
        // The gradient of a bias under batch norm is rounding noise, which Adam scales up to steps.
        useBias: false,
        inputShape: [10, 10, 1],
        kernelInitializer: init('first'),
      }),
      tf.layers.batchNormalization({ momentum: 0.8 }),
      tf.layers.activation({ activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({
        filters: 8,
        kernelSize: 3,
        strides: 2,
        activation: 'relu',
        kernelInitializer: init('second'),
        kernelRegularizer: tf.regularizers.l2({ l2: 0.001 }),
      }),
      tf.layers.flatten(),
      new SeededDropout({ rate: 0.3, seed: initializerSeed(random, 'dropout') }),
      tf.layers.dense({ units: 3, kernelInitializer: init('output') }),
    ],
  });
}

async function trainOn(
  backend: 'cpu' | 'simd' | 'tensorflow',
  optimizer: OptimizerOptions,
  more: Partial<TrainModelOptions> = {},
) {
  await useBackend({ backend });
  const model = buildModel();
  const { history } = await trainModel(model, source, {
    epochs: 3,
    loss: 'sparseSoftmaxCrossentropy',
    metrics: { accuracy: accuracyOf() },
    optimizer,
    clipNorm: 1,
    ...more,
  });
  const weights = await weightsOf(model);
  tf.disposeVariables();
  return { weights, history: history.map(({ train }) => train) };
}

afterEach(() => tf.disposeVariables());

const require = createRequire(import.meta.url);
const tensorflowInstalled = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'].some((name) => {
  try {
    return existsSync(require.resolve(name));
  } catch {
    return false;
  }
});
if (!tensorflowInstalled) {
  console.info('tensorflow parity skipped: have it with npm i --no-save @tensorflow/tfjs-node');
}

/*
 * Backends sum in different orders, so each step differs in the last bits of float32 (6e-8 of the
 * size), and the differences grow from step to step: simd was seen to end within 2e-7 of cpu. The
 * tolerances leave room for other machines; a wrong gradient anywhere shows as 1e-3 and more.
 */
describe.each<[OptimizerOptions, number]>([
  [{ name: 'momentum', learningRate: 0.02 }, 2e-6],
  [{ name: 'rmsprop', learningRate: 0.002 }, 2e-5],
  [{ name: 'adamw', learningRate: 0.005, weightDecay: 0.05 }, 2e-5],
])('twelve steps of $name', (optimizer, tolerance) => {
  let reference: Awaited<ReturnType<typeof trainOn>>;
  beforeAll(async () => {
    reference = await trainOn('cpu', optimizer);
  });

  it('learn something on cpu', () => {
    expect(reference.history[2]!.loss).toBeLessThan(reference.history[0]!.loss! * 0.9);
  });

  it('end on simd where they end on cpu', async () => expectParity('simd'));

  it.skipIf(!tensorflowInstalled)('end on tensorflow where they end on cpu', async () =>
    expectParity('tensorflow'),
  );

  async function expectParity(backend: 'simd' | 'tensorflow') {
    const { weights, history } = await trainOn(backend, optimizer);
    const farthest = weights.reduce(
      (most, weight, index) => Math.max(most, Math.abs(weight - reference.weights[index]!)),
      0,
    );
    expect(farthest).toBeLessThan(tolerance);
    for (const [epoch, { loss }] of history.entries()) {
      expect(loss).toBeCloseTo(reference.history[epoch]!.loss!, 4);
    }
  }
});

it('a second run on simd ends with the same bytes, and so does one that was killed', async () => {
  const optimizer: OptimizerOptions = { name: 'adam', learningRate: 0.005 };
  const { weights } = await trainOn('simd', optimizer);
  expect((await trainOn('simd', optimizer)).weights).toEqual(weights);

  const store = createMemoryCheckpointStore();
  const killed = trainOn('simd', optimizer, {
    checkpoints: { store, everySeconds: 0 },
    onBatch: ({ step }) => {
      if (step === 6) throw new Killed();
    },
  });
  await expect(killed).rejects.toThrow(Killed);
  const resumed = await trainOn('simd', optimizer, { checkpoints: { store, resume: true } });
  expect(resumed.weights).toEqual(weights);
});

it('a run on simd ends with the same bytes on any number of threads', async () => {
  const optimizer: OptimizerOptions = { name: 'adamw', learningRate: 0.005 };
  const ends = [];
  for (const threads of [1, 2, 3]) {
    if (tf.findBackend('simd')) tf.removeBackend('simd');
    expect((await useBackend({ backend: 'simd', threads })).threads).toBe(threads);
    ends.push((await trainOn('simd', optimizer)).weights);
  }
  tf.removeBackend('simd');
  expect(ends[1]).toEqual(ends[0]);
  expect(ends[2]).toEqual(ends[0]);
});
