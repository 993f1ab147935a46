import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidArgumentError, ShapeError } from '../../src/errors.js';
import {
  type BatchSource,
  createLearner,
  createMemoryCheckpointStore,
  createNetworkOptimizer,
  DivergenceError,
  type InputBatch,
  type Learner,
  type TrainingLoopOptions,
  trainLearner,
} from '../../src/training/index.js';
import { ganOptions } from './gan-process.js';
import { killAfterStep, trainInProcess } from './processes.js';
import { Killed, smallModel, weightBytes } from './small-runs.js';
import { ringSource, toyGan } from './toy-gan.js';

beforeEach(async () => {
  await tf.setBackend('cpu');
});
afterEach(() => tf.disposeVariables());

type Gan = ReturnType<typeof toyGan>;
const bytesOf = async ({ generator, discriminator }: Gan) =>
  (await weightBytes(generator)) + (await weightBytes(discriminator));

describe('a GAN: two networks, two optimizers, two learning rates', () => {
  const options: TrainingLoopOptions<InputBatch> = {
    epochs: 3,
    average: { decay: 0.9 },
    restoreBestWeights: true,
    earlyStopping: { patience: 3 },
    validate: (epoch) => ({ distance: [3, 2, 4][epoch]! }),
    monitor: { figure: 'validation.distance' },
  };

  it('learns: its points come to lie near the real ones', async () => {
    const { learner } = toyGan();
    const { history, step } = await trainLearner(learner, ringSource(), {
      epochs: 120,
    });
    expect(step).toBe(600);
    expect(Object.keys(history[0]!.train)).toEqual([
      'generatorLoss',
      'discriminatorLoss',
      'distance',
    ]);
    expect(history[0]!.train.distance).toBeGreaterThan(1);
    expect(history.at(-1)!.train.distance).toBeLessThan(0.5);
  }, 60_000);

  it.each([1, 5, 8, 10, 14])(
    'killed at step %i and resumed, ends with the same bytes',
    async (at) => {
      const whole = toyGan();
      const undisturbed = await trainLearner(whole.learner, ringSource(), options);

      const store = createMemoryCheckpointStore();
      const killed = trainLearner(toyGan().learner, ringSource(), {
        ...options,
        checkpoints: { store, everySeconds: 0 },
        onBatch: ({ step }) => {
          if (step === at) throw new Killed();
        },
      });
      await expect(killed).rejects.toThrow(Killed);
      const resumed = toyGan({ seed: 99 });
      const result = await trainLearner(resumed.learner, ringSource(), {
        ...options,
        checkpoints: { store, resume: true },
      });
      expect(result.resumedFrom?.step).toBe(at);
      expect(await bytesOf(resumed)).toBe(await bytesOf(whole));
      const figures = ({ history }: typeof result) =>
        history.map(({ train, validation, learningRate }) => ({ train, validation, learningRate }));
      expect(figures(result)).toEqual(figures(undisturbed));
      expect(result.best).toEqual({ epoch: 1, value: 2 });
    },
  );

  it('survives SIGKILL at any moment: the resumed run ends with the same bytes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nn-lab-gan-'));
    try {
      for (const step of [3, 17]) await killAfterStep('gan-process.ts', step, folder);
      const { weights, resumedFrom } = await trainInProcess('gan-process.ts', folder);
      expect(resumedFrom).toBeGreaterThanOrEqual(17);
      const whole = toyGan();
      await trainLearner(whole.learner, ringSource(), ganOptions);
      expect(weights).toBe(await bytesOf(whole));
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 60_000);

  it('keeps each part of itself under a name of its own', async () => {
    const store = createMemoryCheckpointStore();
    await trainLearner(toyGan().learner, ringSource(), { epochs: 1, checkpoints: { store } });
    const { signature, tensors } = (await store.loadLatest())!.state;
    expect(signature.optimizer).toBe('generator/Adam, discriminator/RMSProp');
    expect(signature.layers).toEqual([
      'generator/Dense',
      'generator/BatchNormalization',
      'generator/LeakyReLU',
      'generator/Dense',
      'discriminator/Dense',
      'discriminator/LeakyReLU',
      'discriminator/SeededDropout',
      'discriminator/Dense',
    ]);
    const iterations = tensors.filter(({ name }) => name.endsWith('iterations'));
    expect(iterations.map(({ name, values }) => [name, [...values]])).toEqual([
      ['optimizer/generator/iterations', [5]],
      ['optimizer/discriminator/iterations', [5]],
    ]);
    expect(new Set(tensors.map(({ name }) => name)).size).toBe(tensors.length);
    expect(tensors.map(({ name }) => name)).toContain('weights/discriminator/3');
  });

  it('is not resumed from a checkpoint of another make', async () => {
    const store = createMemoryCheckpointStore();
    await trainLearner(toyGan().learner, ringSource(), { epochs: 1, checkpoints: { store } });
    const model = smallModel();
    const optimizer = createNetworkOptimizer(model);
    const other = createLearner({
      optimizers: optimizer,
      losses: ['loss'],
      step: () => expect.fail('nothing is trained'),
    });
    const resumed = trainLearner(other, ringSource(), {
      epochs: 1,
      checkpoints: { store, resume: true },
    });
    await expect(resumed).rejects.toThrow(/optimizer was "generator\/Adam.*" and is "Adam"/);
    await expect(resumed).rejects.toThrow(InvalidArgumentError);
  });

  it('keeps no tensor from step to step, and none at the end', async () => {
    const { learner } = toyGan();
    const counts: number[] = [];
    const before = tf.memory().numTensors;
    await trainLearner(learner, ringSource(), {
      epochs: 2,
      checkpoints: { store: createMemoryCheckpointStore(), everySeconds: 0 },
      onBatch: () => void counts.push(tf.memory().numTensors),
    });
    expect(new Set(counts).size).toBe(1);
    const slots = 6 * 2 + 4 * 2; // both moments of Adam and the mean squares and moments of RMSProp
    expect(tf.memory().numTensors - before).toBe(slots);
  });

  it('names a loss that diverges', async () => {
    const { learner } = toyGan();
    const source: BatchSource<InputBatch> = {
      batchSize: 2,
      batchesPerEpoch: 1,
      batch: () => ({ inputs: tf.tensor2d([Number.NaN, 0, 0, 0], [2, 2]) }),
    };
    const diverged = trainLearner(learner, source, { epochs: 1 });
    await expect(diverged).rejects.toThrow(DivergenceError);
    await expect(diverged).rejects.toThrow(/generatorLoss became NaN in epoch 1, batch 1/);
  });
});

describe('a learner that is no network', () => {
  /** A running mean of what it is shown. */
  function meanLearner() {
    const mean = tf.variable(tf.scalar(0));
    let shown = 0;
    const learner: Learner<InputBatch> = {
      losses: ['loss'],
      metrics: [],
      variables: { mean },
      make: { optimizer: 'mean', layers: [] },
      get learningRate() {
        return 1 / Math.max(1, shown);
      },
      step({ inputs }) {
        return tf.tidy(() => {
          const change = tf.sub(tf.mean(inputs as tf.Tensor), mean);
          shown++;
          mean.assign(tf.add(mean, tf.div(change, shown)));
          return tf.reshape(tf.abs(change), [1]) as tf.Tensor1D;
        });
      },
      state: () => ({ tensors: [{ name: 'shown', shape: [], values: Int32Array.of(shown) }] }),
      restore({ tensors }) {
        shown = tensors.find(({ name }) => name === 'shown')!.values[0]!;
      },
    };
    return { learner, mean };
  }
  const source: BatchSource<InputBatch> = {
    batchSize: 1,
    batchesPerEpoch: 4,
    batch: (epoch, index) => ({ inputs: tf.tensor1d([4 * epoch + index + 1]) }),
  };

  it('is trained, stopped and resumed by the same loop', async () => {
    const store = createMemoryCheckpointStore();
    const controller = new AbortController();
    const stopped = trainLearner(meanLearner().learner, source, {
      epochs: 2,
      checkpoints: { store },
      signal: controller.signal,
      onBatch: ({ step }) => {
        if (step === 2) controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow(/aborted/);
    const { learner, mean } = meanLearner();
    const { step, resumedFrom } = await trainLearner(learner, source, {
      epochs: 2,
      checkpoints: { store, resume: true },
    });
    expect(resumedFrom?.step).toBe(3);
    expect(step).toBe(8);
    expect((await mean.data())[0]).toBeCloseTo(4.5, 5);
  });

  it('needs `evaluate` for validation', async () => {
    const { learner } = meanLearner();
    const refused = trainLearner(learner, source, { epochs: 1, validation: source });
    await expect(refused).rejects.toThrow('`validation` needs a learner that can evaluate a batch');
  });
});

describe('createLearner refuses', () => {
  const optimizers = () => createNetworkOptimizer(smallModel());
  const source = ringSource();

  it('no optimizers', () => {
    expect(() =>
      createLearner({ optimizers: {}, losses: ['loss'], step: () => expect.fail() }),
    ).toThrow('Expected `optimizers` to have at least one optimizer');
  });

  it('a step that does not return all of its figures', async () => {
    const learner = createLearner({
      optimizers: optimizers(),
      losses: ['loss'],
      metrics: ['accuracy'],
      step: () => ({ loss: tf.scalar(1) }) as { loss: tf.Scalar; accuracy: tf.Scalar },
    });
    await expect(trainLearner(learner, source as BatchSource, { epochs: 1 })).rejects.toThrow(
      'Expected the step to return loss, accuracy, but there is no accuracy.',
    );
  });

  it('figures of more than one number', async () => {
    const learner = createLearner({
      optimizers: optimizers(),
      losses: ['loss'],
      step: () => ({ loss: tf.ones([2]) as unknown as tf.Scalar }),
    });
    await expect(trainLearner(learner, source as BatchSource, { epochs: 1 })).rejects.toThrow(
      ShapeError,
    );
  });

  it('networks without weights to train', () => {
    const model = smallModel();
    model.trainable = false;
    expect(() => createNetworkOptimizer(model)).toThrow('Expected a model with trainable weights');
  });
});
