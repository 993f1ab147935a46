import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { InvalidArgumentError, ShapeError } from '../../src/errors.js';
import {
  accuracyOf,
  type BatchSource,
  type CheckpointEvent,
  createMemoryCheckpointStore,
  DivergenceError,
  type EpochEvent,
  evaluateModel,
  type ProgressEvent,
  type TrainModelOptions,
  trainModel,
} from '../../src/training/index.js';
import { pointsSource, smallModel, weightBytes, weightsOf } from './small-runs.js';

afterEach(() => tf.disposeVariables());

const source = pointsSource();

const basics: TrainModelOptions = {
  epochs: 2,
  loss: 'categoricalCrossentropy',
  optimizer: { name: 'sgd', learningRate: 0.1 },
};

/** A model whose weights do not depend on chance: y = x w with w = `start`. */
function lineModel(start: number): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.dense({
        units: 1,
        useBias: false,
        inputShape: [1],
        kernelInitializer: tf.initializers.constant({ value: start }),
      }),
    ],
  });
}

/** One batch of points (x, y), the same in every epoch. */
function pointsOf(xs: number[], ys: number[], batchesPerEpoch = 1): BatchSource {
  return {
    batchSize: xs.length,
    batchesPerEpoch,
    batch: () => ({
      inputs: tf.tensor2d(xs, [xs.length, 1]),
      targets: tf.tensor2d(ys, [ys.length, 1]),
    }),
  };
}

describe('trainModel', () => {
  it('makes the same steps as trainOnBatch of tfjs: penalties, batch norm, statistics', async () => {
    const ours = smallModel({ dropout: 0 });
    const theirs = smallModel({ dropout: 0 });
    const { history } = await trainModel(ours, source, {
      ...basics,
      metrics: { accuracy: accuracyOf() },
    });

    theirs.compile({
      loss: 'categoricalCrossentropy',
      optimizer: tf.train.sgd(0.1),
      metrics: ['accuracy'],
    });
    for (let epoch = 0; epoch < 2; epoch++) {
      const means = [0, 0];
      for (let index = 0; index < 5; index++) {
        const { inputs, targets } = await source.batch(epoch, index);
        const figures = (await theirs.trainOnBatch(inputs, targets)) as number[];
        for (const [place, figure] of figures.entries()) means[place]! += figure / 5;
      }
      expect(history[epoch]!.train.loss).toBeCloseTo(means[0]!, 5);
      expect(history[epoch]!.train.accuracy).toBeCloseTo(means[1]!, 5);
    }
    const expected = await weightsOf(theirs);
    for (const [index, weight] of (await weightsOf(ours)).entries()) {
      expect(weight).toBeCloseTo(expected[index]!, 6);
    }
  });

  it('follows the gradient step by step, as worked out by hand', async () => {
    // loss = mean((w x - y)^2), x = (1, 2), y = (3, 6): gradient = 2 * 2.5 * (w - 3) = 5 (w - 3).
    const model = lineModel(1);
    const losses: number[] = [];
    await trainModel(model, pointsOf([1, 2], [3, 6]), {
      epochs: 2,
      loss: 'meanSquaredError',
      optimizer: { name: 'sgd', learningRate: 0.1 },
      onBatch: ({ figures }) => void losses.push(figures.loss!),
    });
    expect(losses[0]).toBeCloseTo(10, 5);
    expect(losses[1]).toBeCloseTo(2.5, 5);
    expect((await weightsOf(model))[0]).toBeCloseTo(2.5, 5);
  });

  it('overfits one batch', async () => {
    const one = pointsSource({ batches: 1 });
    const source: BatchSource = { ...one, batch: () => one.batch(0, 0) };
    const model = smallModel({ dropout: 0 });
    const { history } = await trainModel(model, source, {
      ...basics,
      epochs: 150,
      metrics: { accuracy: accuracyOf() },
      optimizer: { name: 'adam', learningRate: 0.02 },
    });
    expect(history[0]!.train.accuracy).toBeLessThan(0.8);
    expect(history.at(-1)!.train.accuracy).toBe(1);
    expect(history.at(-1)!.train.loss).toBeLessThan(0.1);
  });

  it('trains several outputs by a loss for each, weighted, or by one function of all', async () => {
    const twoHeads = () => {
      const input = tf.input({ shape: [4] });
      const head = (units: number, seed: number) =>
        tf.layers
          .dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed }) })
          .apply(input) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: [head(3, 1), head(1, 2)] });
    };
    const points = pointsSource();
    const source: BatchSource = {
      ...points,
      async batch(epoch, index) {
        const { inputs, targets } = await points.batch(epoch, index);
        return { inputs, targets: [targets as tf.Tensor, tf.sum(inputs as tf.Tensor, 1, true)] };
      },
    };
    const listed = twoHeads();
    const joint = twoHeads();
    const shared = { ...basics, metrics: { accuracy: accuracyOf(0) } };
    const { history } = await trainModel(listed, source, {
      ...shared,
      loss: ['softmaxCrossentropy', 'meanSquaredError'],
      lossWeights: [1, 0.25],
    });
    await trainModel(joint, source, {
      ...shared,
      loss: ([scores, sum], [classes, total]) =>
        tf.add(
          tf.losses.softmaxCrossEntropy(classes!, scores!),
          tf.mul(tf.mean(tf.squaredDifference(sum!, total!)), 0.25),
        ),
    });
    expect(await weightBytes(listed)).toBe(await weightBytes(joint));
    expect(history[1]!.train.loss).toBeLessThan(history[0]!.train.loss!);
  });

  it('trains several inputs', async () => {
    const inputs = [tf.input({ shape: [3] }), tf.input({ shape: [1] })];
    const joined = tf.layers.concatenate().apply(inputs) as tf.SymbolicTensor;
    const whole = smallModel();
    const model = tf.model({ inputs, outputs: whole.apply(joined) as tf.SymbolicTensor });
    const points = pointsSource();
    const source: BatchSource = {
      ...points,
      async batch(epoch, index) {
        const { inputs, targets } = await points.batch(epoch, index);
        const split = tf.split(inputs as tf.Tensor, [3, 1], 1);
        tf.dispose(inputs);
        return { inputs: split, targets };
      },
    };
    const before = tf.memory().numTensors;
    await trainModel(model, source, basics);
    expect(tf.memory().numTensors).toBe(before);
    const plain = smallModel();
    await trainModel(plain, points, basics);
    expect(await weightBytes(whole)).toBe(await weightBytes(plain));
    await expect(trainModel(model, points, basics)).rejects.toThrow(/Expected 2 inputs in a batch/);
  });

  it('weighs a smaller last batch by its examples', async () => {
    const source: BatchSource = {
      batchSize: 3,
      batchesPerEpoch: 2,
      batch: (_epoch, index) => pointsOf(...lastShorter[index]!).batch(0, 0),
    };
    const options = { ...basics, epochs: 1, loss: 'meanSquaredError' as const };
    const { history } = await trainModel(lineModel(0), source, {
      ...options,
      optimizer: { name: 'sgd', learningRate: 1e-12 },
    });
    // Squared errors 1, 1, 1 and 25: their mean is 7, the mean of the batches' means 13.
    expect(history[0]!.train.loss).toBeCloseTo(7, 5);
    expect(
      (await evaluateModel(lineModel(0), source, { loss: 'meanSquaredError' })).loss,
    ).toBeCloseTo(7, 5);
  });
  const lastShorter: [number[], number[]][] = [
    [
      [1, 1, 1],
      [1, 1, 1],
    ],
    [[1], [5]],
  ];

  it('clips all gradients together to the given norm', async () => {
    // One step of rate 1 moves the weights by exactly the clipped gradient.
    const model = lineModel(1);
    const options = { ...basics, epochs: 1, loss: 'meanSquaredError' as const };
    const optimizer = { name: 'sgd', learningRate: 1 } as const;
    await trainModel(model, pointsOf([1, 2], [3, 6]), { ...options, optimizer, clipNorm: 0.5 });
    expect((await weightsOf(model))[0]).toBeCloseTo(1.5, 6);
    const short = lineModel(2.99);
    await trainModel(short, pointsOf([1, 2], [3, 6]), { ...options, optimizer, clipNorm: 0.5 });
    expect((await weightsOf(short))[0]).toBeCloseTo(3.04, 5);
  });

  it('holds layers to their constraints', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({
          units: 1,
          inputShape: [1],
          useBias: false,
          kernelInitializer: tf.initializers.constant({ value: 0.5 }),
          kernelConstraint: tf.constraints.nonNeg(),
        }),
      ],
    });
    await trainModel(model, pointsOf([1], [-10]), { ...basics, loss: 'meanSquaredError' });
    expect((await weightsOf(model))[0]).toBe(0);
  });

  it('asks the schedule for the rate of every step', async () => {
    const asked: [number, number][] = [];
    const used: number[] = [];
    await trainModel(smallModel(), source, {
      ...basics,
      schedule: (step, totalSteps) => {
        asked.push([step, totalSteps]);
        return 0.1 / (step + 1);
      },
      onBatch: ({ learningRate }) => void used.push(learningRate),
    });
    expect(asked).toEqual(Array.from({ length: 10 }, (_, step) => [step, 10]));
    expect(used).toEqual(Array.from({ length: 10 }, (_, step) => 0.1 / (step + 1)));
  });

  it('evaluates on averaged weights and returns those, or the trained ones', async () => {
    // One step a epoch from w = 1: w = 2, then 2.5; the average's decay is 1/10, then 2/11.
    const line = pointsOf([1, 2], [3, 6]);
    const options: TrainModelOptions = {
      ...basics,
      loss: 'meanSquaredError',
      validate: async (model) => ({ weight: (await weightsOf(model))[0]! }),
    };
    const first = 1 + (2 - 1) * 0.9;
    const second = first + (2.5 - first) * (9 / 11);

    const averaged = lineModel(1);
    const { history } = await trainModel(averaged, line, {
      ...options,
      average: { decay: 0.99 },
    });
    expect(history.map(({ validation }) => validation!.weight)).toEqual([
      expect.closeTo(first, 5),
      expect.closeTo(second, 5),
    ]);
    expect((await weightsOf(averaged))[0]).toBeCloseTo(second, 5);

    const trained = lineModel(1);
    await trainModel(trained, line, { ...options, average: { decay: 0.99, weights: 'trained' } });
    expect((await weightsOf(trained))[0]).toBeCloseTo(2.5, 5);
  });

  it('restores the best epoch and stops early', async () => {
    // The rate is far too high: every step overshoots, so the first epoch is the best.
    const model = lineModel(2.9);
    const epochs: EpochEvent[] = [];
    const result = await trainModel(model, pointsOf([1, 2], [3, 6]), {
      ...basics,
      epochs: 50,
      loss: 'meanSquaredError',
      optimizer: { name: 'sgd', learningRate: 0.5 },
      validation: pointsOf([1], [3]),
      earlyStopping: { patience: 3 },
      restoreBestWeights: true,
      onEpoch: (event) => void epochs.push(event),
    });
    expect(result).toMatchObject({ stopped: 'early', step: 4, best: { epoch: 0 } });
    expect(epochs.map(({ isBest }) => isBest)).toEqual([true, false, false, false]);
    expect(epochs[2]!.history).toHaveLength(3);
    // 2.9 - 0.5 * 5 * (2.9 - 3) = 3.15
    expect((await weightsOf(model))[0]).toBeCloseTo(3.15, 5);
    expect(result.best!.value).toBeCloseTo(0.15 ** 2, 5);
  });

  it('counts only a gain above minDelta as a new best', async () => {
    const figures = [1, 0.95, 0.9, 0.85, 0.4, 0.39, 0.38];
    const { best, stopped, history } = await trainModel(smallModel(), source, {
      ...basics,
      epochs: 7,
      validate: (_model, epoch) => ({ error: figures[epoch]! }),
      monitor: { figure: 'validation.error' },
      earlyStopping: { patience: 4, minDelta: 0.2 },
    });
    expect({ best, stopped, epochs: history.length }).toEqual({
      best: { epoch: 4, value: 0.4 },
      stopped: 'completed',
      epochs: 7,
    });
  });

  it('tells a person where it stands', async () => {
    const events: ProgressEvent[] = [];
    await trainModel(smallModel(), source, {
      ...basics,
      validation: pointsSource({ seed: 8, batches: 2 }),
      progressInterval: 0,
      onProgress: (event) => void events.push(event),
    });
    expect(events.filter(({ phase }) => phase === 'validate')).toHaveLength(4);
    expect(events[0]).toMatchObject({ phase: 'train', epoch: 0, epochs: 2, batch: 1, batches: 5 });
    expect(events[0]!.examplesPerSecond).toBeGreaterThan(0);
    expect(events[0]!.secondsLeft).toBeGreaterThan(0);
    expect(events.at(-1)).toMatchObject({
      ...{ phase: 'validate', epoch: 1, epochs: 2, batch: 2, batches: 2 },
      ...{ step: 10, totalSteps: 10, secondsLeft: 0 },
    });
    for (const { epoch, batch, batches, figures } of events) {
      expect(epoch).toBeLessThan(2);
      expect(batch).toBeGreaterThan(0);
      expect(batch).toBeLessThanOrEqual(batches);
      expect(figures.loss).toBeGreaterThan(0);
    }
  });

  it('asks an asynchronous source one batch ahead, and takes them in order', async () => {
    const asked: string[] = [];
    const points = pointsSource();
    const source: BatchSource = {
      ...points,
      batch: async (epoch, index) => {
        asked.push(`${epoch}.${index}`);
        await Promise.resolve();
        return points.batch(epoch, index);
      },
    };
    const askedAtStep: number[] = [];
    const ahead = smallModel();
    await trainModel(ahead, source, {
      ...basics,
      onBatch: () => void askedAtStep.push(asked.length),
    });
    const inOrder = [0, 1].flatMap((epoch) => [0, 1, 2, 3, 4].map((index) => `${epoch}.${index}`));
    expect(asked).toEqual(inOrder);
    expect(askedAtStep).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 10]);
    const plain = smallModel();
    await trainModel(plain, points, basics);
    expect(await weightBytes(ahead)).toBe(await weightBytes(plain));
  });

  it('lets timers run while it trains', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const slow = pointsSource({ batches: 60 });
    const until = (milliseconds: number) => {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
    };
    await trainModel(smallModel(), slow, { ...basics, epochs: 1, onBatch: () => until(10) });
    clearInterval(timer);
    // A quarter of a second is the longest wait, and the run takes 0.6 seconds at least.
    expect(ticks).toBeGreaterThanOrEqual(2);
  });
});

it('trainModel tells of each checkpoint it wrote', async () => {
  const written: CheckpointEvent[] = [];
  await trainModel(smallModel(), source, {
    ...basics,
    checkpoints: { store: createMemoryCheckpointStore() },
    onCheckpoint: (event) => written.push(event),
  });
  expect(written).toEqual([
    { name: 'checkpoint 1 in memory', step: 5 },
    { name: 'checkpoint 2 in memory', step: 10 },
  ]);
});

describe('trainModel keeps no tensor', () => {
  const full: TrainModelOptions = {
    ...basics,
    optimizer: { name: 'adam' },
    metrics: { accuracy: accuracyOf() },
    clipNorm: 1,
    average: { decay: 0.9 },
    restoreBestWeights: true,
    validation: pointsSource({ seed: 8, batches: 2 }),
    checkpoints: { store: createMemoryCheckpointStore(), everySeconds: 0 },
  };

  it('from step to step, and none at the end', async () => {
    const model = smallModel();
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await trainModel(model, source, {
      ...full,
      onBatch: () => void counts.push(tf.memory().numTensors),
    });
    // From the second epoch on the best epoch's weights are held too.
    expect(new Set(counts.slice(0, 5)).size).toBe(1);
    expect(new Set(counts.slice(5)).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['the source', {}, failing(source, 3)],
    ['the first batch', {}, failing(source, 0)],
    ['an asynchronous source', {}, failing(asynchronous(source), 3)],
    ['validation', { validation: failing(pointsSource(), 1) }],
    ['the loss', { loss: () => fail() }],
    ['a metric', { metrics: { accuracy: accuracyOf(), broken: () => fail() } }],
    ['the validate function', { validate: () => fail() }],
    ['an event handler', { onBatch: ({ step }: { step: number }) => step === 4 && fail() }],
    ['the store', { checkpoints: { store: { save: fail, loadLatest: fail } } }],
  ] as [string, Partial<TrainModelOptions>, BatchSource?][])(
    'when %s fails',
    async (_what, broken, batches = source) => {
      const model = smallModel();
      const before = { tensors: tf.memory().numTensors, weights: model.weights.length };
      await expect(trainModel(model, batches, { ...full, ...broken })).rejects.toThrow(
        'broken on purpose',
      );
      expect(tf.memory().numTensors).toBe(before.tensors);
    },
  );

  it('when it is aborted', async () => {
    const model = smallModel();
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const training = trainModel(model, asynchronous(pointsSource()), {
      ...full,
      signal: controller.signal,
      onBatch: ({ step }) => step === 3 && controller.abort(new Error('enough')),
    } as TrainModelOptions);
    await expect(training).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves an optimizer that it was given to its owner', async () => {
    const optimizer = tf.train.adam(0.01);
    await trainModel(smallModel(), source, { ...basics, optimizer });
    await trainModel(smallModel(), source, { ...basics, optimizer: tf.train.sgd(0.1) });
    expect(optimizer.iterations).toBe(10);
    optimizer.dispose();
  });
});

function fail(): never {
  throw new Error('broken on purpose');
}

function failing(source: BatchSource, at: number): BatchSource {
  return {
    ...source,
    batch: (epoch, index) => (index === at ? fail() : source.batch(epoch, index)),
  };
}

function asynchronous(source: BatchSource): BatchSource {
  return { ...source, batch: async (epoch, index) => source.batch(epoch, index) };
}

describe('trainModel refuses', () => {
  it('a loss that is not a number, naming epoch, step and what to try', async () => {
    const train = (learningRate: number) =>
      trainModel(lineModel(1), pointsOf([1, 2], [3, 6]), {
        ...basics,
        epochs: 200,
        loss: 'meanSquaredError',
        optimizer: { name: 'sgd', learningRate },
      });
    const diverged = train(1e10);
    await expect(diverged).rejects.toThrow(DivergenceError);
    await expect(diverged).rejects.toThrow(
      /the loss became (NaN|Infinity) in epoch \d+, batch 1 \(step \d+\), at learning rate 10000000000\. Try a lower/,
    );
    await expect(diverged).rejects.toMatchObject({ epoch: 2, step: 2 });
  });

  it('to save weights that are not finite', async () => {
    // The loss is finite while the step makes the weight infinite.
    const store = createMemoryCheckpointStore();
    const diverged = trainModel(lineModel(1e10), pointsOf([1, 2], [3, 6]), {
      ...basics,
      epochs: 1,
      loss: 'meanSquaredError',
      optimizer: { name: 'sgd', learningRate: 1e38 },
      checkpoints: { store },
    });
    await expect(diverged).rejects.toThrow(/weights\/0 is not finite/);
    expect(await store.loadLatest()).toBeUndefined();
  });

  const model = () => smallModel();
  it.each([
    [{ epochs: 0 }, '`epochs` to be a whole number from 1'],
    [{ epochs: 2.5 }, 'got 2.5'],
    [{ clipNorm: 0 }, '`clipNorm` to be a finite number above 0'],
    [{ average: { decay: 1 } }, '`average.decay` to be a number from 0 to below 1'],
    [{ earlyStopping: { patience: 0 } }, 'earlyStopping.patience'],
    [{ loss: 'crossEntropy' }, 'Expected a loss named meanSquaredError'],
    [{ loss: ['huber', 'huber'] }, 'Expected 1 losses'],
    [{ optimizer: { name: 'adam', beta1: 1 } }, '`beta1` to be a number from 0 to below 1'],
    [{ optimizer: { name: 'lion' } }, "got 'lion'"],
    [{ optimizer: { name: 'sgd', learningRate: Number.NaN } }, 'learningRate'],
    [{ monitor: { figure: 'validation.loss' } }, 'one of train.loss, but got'],
    [{ metrics: { loss: accuracyOf() } }, 'cannot be called loss'],
    [{ schedule: () => -1 }, '`schedule(0, 10)` to be a number from 0'],
  ])('options %j', async (wrong, message) => {
    const options = { ...basics, ...wrong } as TrainModelOptions;
    const refused = trainModel(model(), source, options);
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toThrow(message);
  });

  it.each([
    [undefined, 'Expected `source` to be an object, got undefined.'],
    [{ ...source, batchSize: 0 }, 'Expected `source.batchSize` to be a whole number from 1'],
    [{ ...source, batchesPerEpoch: 0 }, 'Expected `source.batchesPerEpoch` to be a whole number'],
  ])('a source like %j', async (wrong, message) => {
    await expect(trainModel(model(), wrong as BatchSource, basics)).rejects.toThrow(message);
  });

  it('a monitored figure that no validation gives', async () => {
    const refused = trainModel(model(), source, {
      ...basics,
      validate: () => ({ error: 1 }),
      monitor: { figure: 'validation.eror' },
    });
    await expect(refused).rejects.toThrow('there is no validation.eror: validation has error');
  });

  it.each<[string, () => { inputs: tf.Tensor; targets: tf.Tensor | tf.Tensor[] }, string]>([
    [
      'inputs of another shape',
      () => ({ inputs: tf.zeros([2, 5]), targets: tf.zeros([2, 3]) }),
      'inputs [batch,4], as the model takes them, but the source gave [2,5]',
    ],
    [
      'targets of another shape',
      () => ({ inputs: tf.zeros([2, 4]), targets: tf.zeros([2]) }),
      'a target shaped like the output, [2,3], but got [2]',
    ],
    [
      'more targets than outputs',
      () => ({ inputs: tf.zeros([2, 4]), targets: [tf.zeros([2, 3]), tf.zeros([2, 3])] }),
      'Expected 1 targets in a batch',
    ],
    [
      'fewer targets than inputs',
      () => ({ inputs: tf.zeros([2, 4]), targets: tf.zeros([1, 3]) }),
      'of one number of examples, at least 1, but the source gave inputs [2,4] and [1,3]',
    ],
    [
      'an empty batch',
      () => ({ inputs: tf.zeros([0, 4]), targets: tf.zeros([0, 3]) }),
      'at least 1',
    ],
  ])('batches with %s', async (_what, batch, message) => {
    const source = { batchSize: 2, batchesPerEpoch: 1, batch };
    const refused = trainModel(model(), source, basics);
    await expect(refused).rejects.toThrow(ShapeError);
    await expect(refused).rejects.toThrow(message);
  });

  it('a loss for each example instead of one for the batch', async () => {
    const refused = trainModel(model(), source, {
      ...basics,
      loss: ([output]) => tf.sum(output!, 1) as unknown as tf.Scalar,
    });
    await expect(refused).rejects.toThrow(/loss to be one number for the whole batch.*\[16\]/);
  });
});
