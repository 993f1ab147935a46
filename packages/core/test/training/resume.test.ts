import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { DataFormatError, InvalidArgumentError } from '../../src/errors.js';
import {
  accuracyOf,
  type CheckpointEntries,
  type CheckpointOptions,
  type CheckpointStore,
  cosineSchedule,
  createMemoryCheckpointStore,
  decodeCheckpoint,
  encodeCheckpoint,
  type OptimizerOptions,
  storeOver,
  type TrainingResult,
  type TrainModelOptions,
  trainModel,
} from '../../src/training/index.js';
import { Killed, pointsSource, smallModel, weightBytes } from './small-runs.js';

afterEach(() => tf.disposeVariables());

const source = pointsSource();

const everything: TrainModelOptions = {
  epochs: 3,
  loss: 'categoricalCrossentropy',
  metrics: { accuracy: accuracyOf() },
  schedule: cosineSchedule({ peak: 0.05, final: 0.001, warmup: 0.2 }),
  clipNorm: 1,
  validation: pointsSource({ seed: 8, batches: 2 }),
  average: { decay: 0.9 },
  restoreBestWeights: true,
};

/** Checkpoints at the ends of epochs only. */
const into = (store: CheckpointStore) => ({ store, everySeconds: Number.MAX_VALUE });

/** Figures of a run that must not differ: all but the times. */
function timeless({ history, best, step, stopped }: TrainingResult) {
  return { history: history.map((record) => ({ ...record, seconds: 0 })), best, step, stopped };
}

async function uninterrupted(options: TrainModelOptions, batches = source) {
  const model = smallModel();
  const result = timeless(await trainModel(model, batches, options));
  return { result, bytes: await weightBytes(model) };
}

/** Trains until a step, is killed there with nothing saved, and goes on in a fresh model. */
async function killedAndResumed(
  options: TrainModelOptions,
  killAtStep: number,
  everySeconds = Number.MAX_VALUE,
) {
  const store = createMemoryCheckpointStore();
  const killed = trainModel(smallModel(), source, {
    ...options,
    checkpoints: { store, everySeconds },
    onBatch: ({ step }) => {
      if (step === killAtStep) throw new Killed();
    },
  });
  await expect(killed).rejects.toThrow(Killed);
  // Other initial weights show that all weights come from the checkpoint, where there is one.
  const model = smallModel(killAtStep > 0 ? { seed: 99 } : {});
  const result = await trainModel(model, source, {
    ...options,
    checkpoints: { store, everySeconds, resume: true },
  });
  return {
    result: timeless(result),
    bytes: await weightBytes(model),
    resumedFrom: result.resumedFrom,
  };
}

describe('a run that is killed and resumed', () => {
  const optimizers: OptimizerOptions[] = [
    { name: 'sgd', learningRate: 0.1 },
    { name: 'momentum', learningRate: 0.05 },
    { name: 'momentum', learningRate: 0.05, nesterov: true },
    { name: 'rmsprop', learningRate: 0.01 },
    { name: 'rmsprop', learningRate: 0.01, momentum: 0.5 },
    { name: 'adam', learningRate: 0.01 },
    { name: 'adamw', learningRate: 0.01, weightDecay: 0.1 },
    { name: 'adamax', learningRate: 0.01 },
    { name: 'adagrad', learningRate: 0.05 },
    { name: 'adadelta' },
  ];

  it.each(optimizers)('ends with the bytes of an uninterrupted one: $name', async (optimizer) => {
    const plain: TrainModelOptions = {
      epochs: 2,
      loss: 'categoricalCrossentropy',
      optimizer,
    };
    const whole = await uninterrupted(plain);
    const { bytes, result, resumedFrom } = await killedAndResumed(plain, 3, 0);
    expect(resumedFrom?.step).toBe(3);
    expect(bytes).toBe(whole.bytes);
    expect(result).toEqual(whole.result);
  });

  it.each([0, 1, 4, 5, 7, 9, 10, 14])(
    'takes schedule, clipping, average, best weights and history along, killed at step %i',
    async (killAtStep) => {
      const whole = await uninterrupted(everything);
      const { bytes, result, resumedFrom } = await killedAndResumed(everything, killAtStep, 0);
      expect(resumedFrom?.step).toBe(killAtStep === 0 ? undefined : killAtStep);
      expect(bytes).toBe(whole.bytes);
      expect(result).toEqual(whole.result);
    },
  );

  it('repeats the steps since the last checkpoint when those are rarer', async () => {
    const whole = await uninterrupted(everything);
    const { bytes, resumedFrom } = await killedAndResumed(everything, 13);
    expect(resumedFrom?.step).toBe(10);
    expect(bytes).toBe(whole.bytes);
  });

  it('keeps the state of early stopping', async () => {
    const options: TrainModelOptions = {
      ...everything,
      epochs: 20,
      schedule: () => 1e-9,
      average: undefined,
      monitor: { figure: 'validation.accuracy', mode: 'max' },
      earlyStopping: { patience: 3 },
    };
    const whole = await uninterrupted(options);
    expect(whole.result.stopped).toBe('early');
    const { result } = await killedAndResumed(options, whole.result.step - 3);
    expect(result).toEqual(whole.result);
  });

  it('learns the same weights by any route', async () => {
    // Otherwise the tests above would pass for a loop that does not train.
    const untrained = await weightBytes(smallModel());
    const trained = await uninterrupted(everything);
    const other = await uninterrupted(everything, pointsSource({ seed: 9 }));
    expect(trained.bytes).not.toBe(untrained);
    expect(trained.bytes).not.toBe(other.bytes);
  });
});

describe('an aborted run', () => {
  const abortAtStep = async (step: number, options = everything) => {
    const store = createMemoryCheckpointStore();
    const controller = new AbortController();
    const steps: number[] = [];
    const reason = new Error('enough');
    const training = trainModel(smallModel(), source, {
      ...options,
      checkpoints: into(store),
      signal: controller.signal,
      onBatch: (event) => {
        steps.push(event.step);
        if (event.step === step) controller.abort(reason);
      },
    });
    await expect(training).rejects.toBe(reason);
    expect(steps.at(-1)).toBe(step);
    return store;
  };

  it.each([2, 4, 14])('finishes step %i, saves, and resumes exactly', async (step) => {
    const whole = await uninterrupted(everything);
    const store = await abortAtStep(step);

    const model = smallModel({ seed: 99 });
    const result = await trainModel(model, source, {
      ...everything,
      checkpoints: { store, resume: true },
    });
    expect(result.resumedFrom?.step).toBe(step + 1);
    expect(await weightBytes(model)).toBe(whole.bytes);
    expect(timeless(result)).toEqual(whole.result);
  });

  it('does not close an epoch whose validation was interrupted', async () => {
    const whole = await uninterrupted(everything);
    const store = createMemoryCheckpointStore();
    const controller = new AbortController();
    const validation = pointsSource({ seed: 8, batches: 2 });
    let asked = 0;
    const reason = new Error('enough');
    const interrupted = trainModel(smallModel(), source, {
      ...everything,
      checkpoints: into(store),
      signal: controller.signal,
      validation: {
        ...validation,
        batch: (epoch, index) => {
          if (++asked === 3) controller.abort(reason);
          return validation.batch(epoch, index);
        },
      },
    });
    await expect(interrupted).rejects.toBe(reason);
    expect((await store.loadLatest())!.state.progress).toMatchObject({ step: 10, epoch: 1 });

    const model = smallModel({ seed: 99 });
    const result = await trainModel(model, source, {
      ...everything,
      checkpoints: { store, resume: true },
    });
    expect(timeless(result)).toEqual(whole.result);
    expect(await weightBytes(model)).toBe(whole.bytes);
  });

  it('does nothing when aborted before it starts', async () => {
    const store = createMemoryCheckpointStore();
    const model = smallModel();
    const before = await weightBytes(model);
    const signal = AbortSignal.abort(new Error('enough'));
    const training = trainModel(model, source, {
      ...everything,
      checkpoints: { store },
      signal,
    });
    await expect(training).rejects.toThrow('enough');
    expect(await weightBytes(model)).toBe(before);
    expect(await store.loadLatest()).toBeUndefined();
  });
});

describe('resuming', () => {
  it('gives a finished run back without training', async () => {
    const store = createMemoryCheckpointStore();
    const first = smallModel();
    await trainModel(first, source, { ...everything, checkpoints: { store } });
    const second = smallModel({ seed: 99 });
    const result = await trainModel(second, source, {
      ...everything,
      checkpoints: { store, resume: true },
      onBatch: () => expect.fail('a finished run has no steps left'),
    });
    expect(result.stopped).toBe('completed');
    expect(await weightBytes(second)).toBe(await weightBytes(first));
  });

  it('can go on for more epochs', async () => {
    const options: TrainModelOptions = { ...everything, schedule: undefined };
    const store = createMemoryCheckpointStore();
    await trainModel(smallModel(), source, { ...options, epochs: 2, checkpoints: { store } });
    const model = smallModel({ seed: 99 });
    await trainModel(model, source, {
      ...options,
      epochs: 4,
      checkpoints: { store, resume: true },
    });
    const whole = await uninterrupted({ ...options, epochs: 4 });
    expect(await weightBytes(model)).toBe(whole.bytes);
  });

  it('starts at the beginning where there is no checkpoint, and says so', async () => {
    const notes: string[] = [];
    const result = await trainModel(smallModel(), source, {
      ...everything,
      checkpoints: { store: createMemoryCheckpointStore(), resume: true },
      onNote: (note) => notes.push(note),
    });
    expect(result.step).toBe(15);
    expect(notes).toEqual([expect.stringContaining('no checkpoint')]);
    expect(result.notes).toEqual(notes);
  });

  it('refuses the checkpoint of another run and names the difference', async () => {
    const store = createMemoryCheckpointStore();
    const checkpoints: CheckpointOptions = { store, identity: 'seed 1', resume: true };
    await trainModel(smallModel(), source, { ...everything, checkpoints });
    const resume = (
      changed: Partial<TrainModelOptions>,
      model: tf.LayersModel = smallModel(),
      batches = source,
    ) => trainModel(model, batches, { ...everything, checkpoints, ...changed });
    await expect(resume({ checkpoints: { ...checkpoints, identity: 'seed 2' } })).rejects.toThrow(
      /identity was "seed 1" and is "seed 2"/,
    );
    await expect(resume({ optimizer: { name: 'sgd' } })).rejects.toThrow(
      /optimizer was "Adam" and is "SGD"/,
    );
    await expect(resume({}, smallModel(), pointsSource({ batchSize: 8 }))).rejects.toThrow(
      /batchSize was 16 and is 8/,
    );
    const other = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4] })] });
    await expect(resume({}, other)).rejects.toThrow(/weights was .* and is/);
    await expect(resume({}, other)).rejects.toThrow(InvalidArgumentError);
  });

  it('needs a store', async () => {
    const checkpoints = { resume: true } as CheckpointOptions;
    await expect(trainModel(smallModel(), source, { ...everything, checkpoints })).rejects.toThrow(
      'Expected `checkpoints.store` to be an object, got undefined.',
    );
  });

  it('warns of layers whose chance cannot be repeated', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dropout({ rate: 0.5, inputShape: [4], name: 'forgetful' }),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const { notes } = await trainModel(model, source, {
      ...everything,
      checkpoints: { store: createMemoryCheckpointStore() },
    });
    expect(notes).toEqual([expect.stringMatching(/forgetful \(Dropout\).*SeededDropout/)]);
  });
});

describe('a store of checkpoints', () => {
  function brokenAt(numbers: Map<number, Uint8Array>): CheckpointEntries {
    return {
      list: async () => [...numbers.keys()],
      nameOf: (number) => `entry ${number}`,
      read: async (number) => numbers.get(number)!,
      write: async (number, bytes) => void numbers.set(number, bytes),
      remove: async (number) => void numbers.delete(number),
    };
  }
  const trainInto = (store: CheckpointStore, changed: Partial<TrainModelOptions> = {}) =>
    trainModel(smallModel(), source, { ...everything, checkpoints: into(store), ...changed });

  it('keeps the last two of a run, and none of the run before', async () => {
    const entries = new Map<number, Uint8Array>();
    const store = storeOver(brokenAt(entries));
    await trainInto(store);
    expect([...entries.keys()]).toEqual([2, 3]);
    await trainInto(store, { epochs: 1 });
    expect([...entries.keys()]).toEqual([4]);
  });

  it('uses the previous checkpoint when the newest is damaged, and says so', async () => {
    const entries = new Map<number, Uint8Array>();
    const store = storeOver(brokenAt(entries));
    await trainInto(store);
    entries.get(3)![entries.get(3)!.length - 5]! ^= 1;
    const model = smallModel({ seed: 99 });
    const { resumedFrom, notes } = await trainModel(model, source, {
      ...everything,
      checkpoints: { store, resume: true },
    });
    expect(resumedFrom).toEqual({ source: 'entry 2', step: 10 });
    expect(notes[0]).toMatch(/entry 3 cannot be resumed from: its checksum.*Using entry 2/);
    expect(await weightBytes(model)).toBe((await uninterrupted(everything)).bytes);
  });

  it('refuses to start when every checkpoint is damaged', async () => {
    const entries = new Map([[1, new TextEncoder().encode('not a checkpoint at all')]]);
    const store = storeOver(brokenAt(entries));
    const resumed = trainInto(store, { checkpoints: { store, resume: true } });
    await expect(resumed).rejects.toThrow(DataFormatError);
    await expect(resumed).rejects.toThrow(/entry 1 .* not a checkpoint of nn-lab.*Delete it/);
    expect(entries.size).toBe(1);
  });

  it('gives every byte of a state back', async () => {
    const store = createMemoryCheckpointStore();
    await trainInto(store);
    const { state } = (await store.loadLatest())!;
    const strange = {
      ...state,
      progress: {
        ...state.progress,
        sums: { a: Number.NaN, b: Number.NEGATIVE_INFINITY, c: 1 / 3 },
      },
    };
    expect(decodeCheckpoint(encodeCheckpoint(strange), 'memory')).toEqual(strange);
  });
});
