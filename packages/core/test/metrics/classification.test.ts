import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, ShapeError } from '../../src/errors.js';
import {
  accuracy,
  argMax,
  confusionMatrix,
  perClassAccuracy,
  topKAccuracy,
} from '../../src/metrics/index.js';

/** Computed by scikit-learn: fixtures/make_metrics_fixtures.py. */
const { classification: sklearn } = JSON.parse(
  readFileSync(new URL('./fixtures/metrics.json', import.meta.url), 'utf8'),
);

const labelPairs = fc
  .integer({ min: 1, max: 8 })
  .chain((classes) =>
    fc.tuple(
      fc.constant(classes),
      fc.array(fc.tuple(fc.nat(classes - 1), fc.nat(classes - 1)), { minLength: 1 }),
    ),
  )
  .map(([classes, pairs]) => ({
    classes,
    predicted: pairs.map(([predicted]) => predicted),
    actual: pairs.map(([, actual]) => actual),
  }));

describe('against scikit-learn', () => {
  const { predicted, actual, classes, scores } = sklearn;
  const matrix = confusionMatrix(predicted, actual, classes);

  it('accuracy', () => {
    expect(accuracy(predicted, actual)).toBe(sklearn.accuracy);
    expect(matrix.accuracy).toBe(sklearn.accuracy);
  });

  it('per-class accuracy is recall', () => {
    expect(Array.from(perClassAccuracy(predicted, actual, classes))).toEqual(sklearn.recall);
  });

  it('confusion matrix, with actual classes as rows', () => {
    expect(matrix.toJSON().counts).toEqual(sklearn.confusion);
    expect(Array.from(matrix.support)).toEqual(sklearn.support);
    expect(matrix.total).toBe(200);
  });

  it('precision, recall and F1', () => {
    for (const name of ['precision', 'recall', 'f1'] as const) {
      matrix[name].forEach((value, label) => {
        expect(value).toBeCloseTo(sklearn[name][label], 14);
      });
    }
  });

  it('top-k accuracy', () => {
    const ours = [1, 2, 3, 4].map((k) => topKAccuracy(scores, actual, k));
    expect(ours).toEqual(sklearn.topK);
    expect(topKAccuracy(scores, actual, classes)).toBe(1);
  });

  it('argMax finds the predictions in the scores', () => {
    expect(Array.from(argMax(scores, classes))).toEqual(predicted);
  });
});

describe('by hand', () => {
  it('reads rows as what is and columns as what was said', () => {
    const matrix = confusionMatrix([1, 1, 0], [0, 1, 0], ['cat', 'dog']);
    expect(matrix.toJSON()).toEqual({
      classNames: ['cat', 'dog'],
      counts: [
        [1, 1],
        [0, 1],
      ],
      total: 3,
      accuracy: 2 / 3,
      precision: [1, 1 / 2],
      recall: [1 / 2, 1],
      f1: [2 / 3, 2 / 3],
    });
  });

  it('marks what has no members, or is never predicted, as undefined', () => {
    const matrix = confusionMatrix([0, 1, 1], [0, 0, 1], 4);
    expect(Array.from(matrix.recall)).toEqual([1 / 2, 1, Number.NaN, Number.NaN]);
    expect(JSON.parse(JSON.stringify(matrix)).precision).toEqual([1, 1 / 2, null, null]);
    expect(matrix.classNames).toEqual(['0', '1', '2', '3']);
    expect(Array.from(perClassAccuracy([0], [0], 2))).toEqual([1, Number.NaN]);
  });

  it('gives equal scores to the lower class', () => {
    expect(Array.from(argMax([1, 1, 0, 0, 2, 2], 3))).toEqual([0, 1]);
    expect(topKAccuracy([1, 1, 0, 0, 2, 2], [0, 1], 1)).toBe(1);
    expect(topKAccuracy([1, 1, 0, 0, 2, 2], [1, 2], 1)).toBe(0);
  });
});

describe('for any labels', () => {
  it('rows of the matrix sum to the support, all of it to the count, its diagonal to accuracy', () => {
    fc.assert(
      fc.property(labelPairs, ({ classes, predicted, actual }) => {
        const matrix = confusionMatrix(predicted, actual, classes);
        const rows = matrix.toJSON().counts;
        rows.forEach((row, label) => {
          expect(row.reduce((a, b) => a + b)).toBe(actual.filter((a) => a === label).length);
        });
        expect(matrix.counts.reduce((a, b) => a + b)).toBe(actual.length);
        expect(matrix.accuracy).toBe(accuracy(predicted, actual));
        expect(matrix.recall).toEqual(perClassAccuracy(predicted, actual, classes));
      }),
    );
  });

  it('exchanging the arguments transposes the matrix', () => {
    fc.assert(
      fc.property(labelPairs, ({ classes, predicted, actual }) => {
        const matrix = confusionMatrix(predicted, actual, classes);
        const transposed = confusionMatrix(actual, predicted, classes);
        expect(transposed.precision).toEqual(matrix.recall);
        expect(transposed.f1).toEqual(matrix.f1);
      }),
    );
  });

  it('top-k accuracy grows with k, and k = 1 is the accuracy of argMax', () => {
    const samples = fc.array(
      fc.tuple(fc.nat(3), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 })),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(samples, (rows) => {
        const actual = rows.map(([label]) => label);
        const scores = Float32Array.from(rows.flatMap(([, row]) => row));
        const byK = [1, 2, 3, 4].map((k) => topKAccuracy(scores, actual, k));
        expect(byK[0]).toBe(accuracy(argMax(scores, 4), actual));
        expect([...byK].sort((a, b) => a - b)).toEqual(byK);
        expect(byK[3]).toBe(1);
      }),
    );
  });
});

describe('bad input is named', () => {
  it('no labels', () => {
    expect(() => accuracy([], [])).toThrow('Expected at least one label in predicted, got none.');
    expect(() => confusionMatrix([], [], 3)).toThrow(InvalidArgumentError);
    expect(() => topKAccuracy([], [], 1)).toThrow(InvalidArgumentError);
    expect(() => confusionMatrix([0], [0], [])).toThrow('at least one class name');
  });

  it('unequal lengths', () => {
    expect(() => accuracy([1, 2], [1])).toThrow(ShapeError);
    expect(() => accuracy([1, 2], [1])).toThrow('got 2 and 1');
    expect(() => topKAccuracy([1, 2, 3], [0, 0], 1)).toThrow(ShapeError);
    expect(() => argMax([1, 2, 3], 2)).toThrow(ShapeError);
  });

  it('labels out of range or none at all', () => {
    expect(() => confusionMatrix([3], [0], 3)).toThrow(
      'Expected class labels from 0 to 2 in predicted, got 3 at index 0.',
    );
    expect(() => perClassAccuracy([0, 0], [0, -1], 3)).toThrow('in actual, got -1 at index 1');
    expect(() => accuracy([0.5], [0])).toThrow('got 0.5');
    expect(() => accuracy([0], [Number.NaN])).toThrow('got NaN');
  });

  it('scores and options', () => {
    expect(() => argMax([1, Number.NaN], 2)).toThrow('got NaN at index 1');
    expect(() => topKAccuracy([1, 2], [0], 3)).toThrow('Expected k from 1 to 2, got 3.');
    expect(() => confusionMatrix([0], [0], 0)).toThrow('from 1, got 0');
  });
});
