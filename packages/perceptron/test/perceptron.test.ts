import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, NotFittedError, ShapeError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type EpochRecord,
  matrixOf,
  Perceptron,
  type PerceptronMethod,
  type PerceptronOptions,
} from '../src/index.js';

/** Made by NumPy: see fixtures/small.py. */
interface Oracle {
  readonly x: number[][];
  readonly labels: number[];
  readonly start: number[][];
  readonly batch: { history: number[]; bestEpoch: number; weights: number[][] };
  readonly online: { history: number[]; bestEpoch: number; weights: number[][] };
  readonly averaged: { history: { mistakes: number; right: number }[]; weights: number[][] };
}
let oracle: Oracle;
beforeAll(async () => {
  const file = new URL('./fixtures/small.json', import.meta.url);
  oracle = JSON.parse(await readFile(file, 'utf8')) as Oracle;
});

const methods: readonly PerceptronMethod[] = ['batch', 'online', 'averaged'];

function expectClose(values: ArrayLike<number>, expected: readonly number[], within: number) {
  expect(values.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(values[index]! - value)).toBeLessThan(within);
  }
}

describe('training', () => {
  it.each(['batch', 'online'] as const)(
    'by the Adaline rule (%s) goes the way of NumPy, from the start weights to the best ones',
    async (method) => {
      const perceptron = new Perceptron({ method, patience: 4, maxEpochs: 25 });
      const { training } = await perceptron.fit(matrixOf(oracle.x), oracle.labels);
      const expected = oracle[method];
      expect(training.history.map(({ trainCorrect }) => trainCorrect)).toEqual(expected.history);
      expect(training).toMatchObject({
        epochs: expected.history.length - 1,
        bestEpoch: expected.bestEpoch,
        trainCorrect: Math.max(...expected.history),
        stopped: 'patience',
      });
      expectClose(perceptron.weights, expected.weights.flat(), 1e-12);
    },
  );

  it('with averaged weights goes the way of NumPy', async () => {
    const perceptron = new Perceptron({ maxEpochs: 6 });
    const { training } = await perceptron.fit(matrixOf(oracle.x), oracle.labels);
    const { history, stopped } = training;
    expect(history.slice(1).map(({ updates, trainCorrect }) => [updates, trainCorrect])).toEqual(
      oracle.averaged.history.map(({ mistakes, right }) => [mistakes, right]),
    );
    expect(stopped).toBe('epochs');
    expectClose(perceptron.weights, oracle.averaged.weights.flat(), 1e-12);
  });

  it('starts from the weights that are given', async () => {
    const x = matrixOf(oracle.x);
    const given = new Perceptron({ method: 'online', initialWeights: oracle.start.flat() });
    const seeded = new Perceptron({ method: 'online', seed: 21 });
    const other = new Perceptron({ method: 'online', seed: 22 });
    for (const perceptron of [given, seeded, other]) await perceptron.fit(x, oracle.labels);
    expectClose(given.weights, Array.from(seeded.weights), 1e-12);
    expect(other.weights).not.toEqual(seeded.weights);
  });

  it.each(methods)('learns what can be told apart, and stops there (%s)', async (method) => {
    const { x, labels } = blobs(4, 7, 200, 1);
    const perceptron = new Perceptron({ method, maxEpochs: 500 });
    const early = await new Perceptron({ method, maxEpochs: 1 }).fit(x, labels);
    const before = early.training.history[0]!;
    const { training } = await perceptron.fit(x, labels);
    expect(before.trainCorrect).toBeLessThan(150);
    expect(training).toMatchObject({ stopped: 'perfect', trainCorrect: 200 });
    expect(Array.from(await perceptron.predict(x))).toEqual(labels);
    const fresh = blobs(4, 7, 100, 2);
    const right = (await perceptron.predict(fresh.x)).filter(
      (guess, row) => guess === fresh.labels[row],
    );
    expect(right.length).toBeGreaterThanOrEqual(97);
  });

  it('tells of every epoch, with the accuracy on rows that it does not learn from', async () => {
    const { x, labels } = blobs(3, 4, 90, 1, 3);
    const test = blobs(3, 4, 60, 2, 3);
    const told: EpochRecord[] = [];
    const perceptron = new Perceptron({ method: 'online', maxEpochs: 5 });
    const { training } = await perceptron.fit(x, labels, {
      test,
      onEpoch: (record) => told.push(record),
    });
    const { history, bestEpoch } = training;
    expect(told).toEqual(history);
    const right = (await perceptron.predict(test.x)).filter(
      (guess, row) => guess === test.labels[row],
    );
    expect(history[bestEpoch]!.testCorrect).toBe(right.length);
    const alone = new Perceptron({ method: 'online', maxEpochs: 5 });
    await alone.fit(x, labels);
    expect(alone.weights).toEqual(perceptron.weights);
  });

  it('takes the rows in a seeded order when it is given one', async () => {
    const { x, labels } = blobs(3, 4, 60, 1, 4);
    const weightsFor = async (seed: number) => {
      const perceptron = new Perceptron();
      await perceptron.fit(x, labels, { random: createRandom(seed) });
      return perceptron.weights;
    };
    expect(await weightsFor(1)).toEqual(await weightsFor(1));
    expect(await weightsFor(1)).not.toEqual(await weightsFor(2));
  });

  it.each([2, 3, 9, 13, 14, 26])('works for %i classes', async (classes) => {
    const { x, labels } = blobs(classes, 30, 20 * classes, 5);
    const perceptron = new Perceptron({ maxEpochs: 100 });
    expect((await perceptron.fit(x, labels)).training.trainCorrect).toBe(x.rows);
    expect(perceptron.classCount).toBe(classes);
    expect(perceptron.featureCount).toBe(30);
  });
});

describe('scores', () => {
  it('are the sums of features times weights, and the bias', async () => {
    const { x, labels } = blobs(3, 4, 30, 1);
    const perceptron = new Perceptron();
    await perceptron.fit(x, labels);
    const { weights } = perceptron;
    const { rows, columns, values: scores } = await perceptron.scores(x);
    expect([rows, columns]).toEqual([30, 3]);
    expect(scores.length).toBe(30 * 3);
    for (let row = 0; row < 30; row++) {
      for (let label = 0; label < 3; label++) {
        let sum = weights[4 * 3 + label]!;
        for (let index = 0; index < 4; index++) {
          sum += x.values[row * 4 + index]! * weights[index * 3 + label]!;
        }
        expect(scores[row * 3 + label]).toBeCloseTo(sum, 10);
      }
    }
  });

  it('do not depend on how many rows are asked for at once', async () => {
    const { x, labels } = blobs(5, 3, 10_000, 1, 2);
    const perceptron = new Perceptron({ maxEpochs: 1 });
    await perceptron.fit(x, labels);
    const { values: all } = await perceptron.scores(x);
    const last = { rows: 1, columns: 3, values: x.values.slice(-3) };
    expect((await perceptron.scores(last)).values).toEqual(all.slice(-5));
  });
});

describe('bad input', () => {
  const rows = [
    [0, 1],
    [1, 0],
    [2, 2],
  ];
  const fit = async (x: number[][], labels: number[], options = {}) =>
    new Perceptron().fit(matrixOf(x), labels, options);

  it('is refused: empty sets, one class, NaN', async () => {
    await expect(fit([], [])).rejects.toThrow(/at least 1 row/);
    await expect(fit(rows, [1, 1, 1], { classCount: 3 })).rejects.toThrow(/at least 2 classes/);
    await expect(fit(rows, [0, 0, 0])).rejects.toThrow(/all 3 have label 0/);
    await expect(
      fit(
        [
          [0, 1],
          [Number.NaN, 0],
        ],
        [0, 1],
      ),
    ).rejects.toThrow(/NaN in row 1, column 0/);
    await expect(fit([[0, Number.POSITIVE_INFINITY]], [0])).rejects.toThrow(InvalidArgumentError);
  });

  it('is refused: labels that are not 0 to K - 1', async () => {
    await expect(fit(rows, [0, 1, 3])).rejects.toThrow(/no row has label 2/);
    await expect(fit(rows, [1, 2, 1])).rejects.toThrow(/no row has label 0/);
    await expect(fit(rows, [0, 1, -1])).rejects.toThrow(/got -1 for row 2/);
    await expect(fit(rows, [0, 1, 0.5])).rejects.toThrow(/got 0.5 for row 2/);
    await expect(fit(rows, [0, 1, Number.NaN])).rejects.toThrow(InvalidArgumentError);
    await expect(fit(rows, [0, 1, 2], { classCount: 2 })).rejects.toThrow(/from 0 to 1, got 2/);
    await expect(fit(rows, [0, 1, 1], { classCount: 1 })).rejects.toThrow(/classCount/);
    await expect(fit(rows, [0, 1])).rejects.toThrow(ShapeError);
  });

  it('is refused: unequal widths, of rows and between training and test', async () => {
    await expect(fit([[0, 1], [1]], [0, 1])).rejects.toThrow(/row 1 has 1/);
    const perceptron = new Perceptron();
    await expect(perceptron.predict(matrixOf(rows))).rejects.toThrow(NotFittedError);
    expect(() => perceptron.weights).toThrow(NotFittedError);
    expect(() => perceptron.toJSON()).toThrow(NotFittedError);
    await perceptron.fit(matrixOf(rows), [0, 1, 0]);
    await expect(perceptron.predict(matrixOf([[1, 2, 3]]))).rejects.toThrow(/2 columns.*got 3/);
    await expect(
      perceptron.scores({ rows: 2, columns: 2, values: new Float64Array(3) }),
    ).rejects.toThrow(ShapeError);
    await expect(perceptron.predict([[1, 2]] as never)).rejects.toThrow(/Make one with matrixOf/);
    const test = { x: matrixOf([[1, 2, 3]]), labels: [0] };
    await expect(fit(rows, [0, 1, 0], { test })).rejects.toThrow(/2 columns/);
    await expect(
      fit(rows, [0, 1, 0], { test: { x: matrixOf(rows), labels: [0] } }),
    ).rejects.toThrow(/one label a test row, 3, got 1/);
  });

  it('is refused: options out of range', async () => {
    const wrong: PerceptronOptions[] = [
      { method: 'adaline' as never },
      { learningRate: 0 },
      { learningRate: Number.NaN },
      { patience: 0 },
      { maxEpochs: 1.5 },
      { seed: -1 },
      { initialWeights: [Number.NaN] },
    ];
    for (const options of wrong) {
      expect(() => new Perceptron(options)).toThrow(InvalidArgumentError);
    }
    const short = new Perceptron({ initialWeights: [1, 2, 3] });
    await expect(short.fit(matrixOf(rows), [0, 1, 0])).rejects.toThrow(
      /Expected 3 x 2 initialWeights/,
    );
  });

  it('is refused: features so large that training leaves the range of numbers', async () => {
    const huge = matrixOf([
      [1e308, -1e308],
      [-1e308, 1e308],
      [1e308, 1e308],
    ]);
    const perceptron = new Perceptron({ method: 'online', learningRate: 10 });
    await expect(perceptron.fit(huge, [0, 1, 0])).rejects.toThrow(/scale the features/);
    expect(() => perceptron.weights).toThrow(NotFittedError);
  });
});

/** Rows round a centre for each class, so far apart, in units of their spread. */
function blobs(classes: number, features: number, count: number, seed: number, distance = 9) {
  const centres = createRandom(99).fork('centres');
  const places = Array.from({ length: classes }, () => {
    const place = Array.from({ length: features }, () => centres.normal());
    const length = Math.hypot(...place);
    return place.map((value) => (distance * value) / length);
  });
  const random = createRandom(seed);
  const labels = Array.from({ length: count }, (_, row) => row % classes);
  const x = matrixOf(labels.map((label) => places[label]!.map((value) => random.normal(value, 1))));
  return { x, labels };
}
