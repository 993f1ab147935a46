import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { accuracyOf, evaluateModel, type LossName } from '../../src/training/index.js';
import { resolveLoss } from '../../src/training/losses.js';
import { pointsSource, smallModel } from './small-runs.js';

const value = (loss: LossName, output: tf.Tensor, target: tf.Tensor) =>
  resolveLoss(loss, 1)([output], [target]).dataSync()[0]!;

/** Three examples of four classes: probabilities, the logits they come from, and the truth. */
const logits = [
  [1, -2, 0.5, 0],
  [0, 0, 3, -1],
  [-1, 2, 2, 1],
];
const classes = [0, 2, 3];
const probabilities = logits.map((row) => {
  const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
  return row.map((logit) => Math.exp(logit) / sum);
});
const crossentropy =
  -classes.reduce((sum, label, row) => sum + Math.log(probabilities[row]![label]!), 0) / 3;
const oneHot = tf.oneHot(classes, 4, 1, 0, 'float32');

describe('losses by name', () => {
  it.each<[LossName, number[][], tf.Tensor]>([
    ['categoricalCrossentropy', probabilities, oneHot],
    ['sparseCategoricalCrossentropy', probabilities, tf.tensor1d(classes, 'int32')],
    ['sparseCategoricalCrossentropy', probabilities, tf.tensor2d(classes, [3, 1])],
    ['softmaxCrossentropy', logits, oneHot],
    ['sparseSoftmaxCrossentropy', logits, tf.tensor1d(classes, 'int32')],
  ])('%s is the mean of -log p of the truth', (loss, output, target) => {
    expect(value(loss, tf.tensor2d(output), target)).toBeCloseTo(crossentropy, 5);
  });

  it('regression losses are those of the textbook', () => {
    const output = tf.tensor2d([[1], [2], [5]]);
    const target = tf.tensor2d([[1.5], [2], [2]]);
    expect(value('meanSquaredError', output, target)).toBeCloseTo((0.25 + 0 + 9) / 3, 5);
    expect(value('meanAbsoluteError', output, target)).toBeCloseTo((0.5 + 0 + 3) / 3, 5);
    expect(value('huber', output, target)).toBeCloseTo((0.125 + 0 + 2.5) / 3, 5);
    const odds = tf.tensor2d([[0.9], [0.2]]);
    expect(value('binaryCrossentropy', odds, tf.tensor2d([[1], [0]]))).toBeCloseTo(
      -(Math.log(0.9) + Math.log(0.8)) / 2,
      5,
    );
  });

  it('crossentropy from logits stays exact where a probability underflows', () => {
    const output = tf.tensor2d([[0, 200]]);
    expect(value('softmaxCrossentropy', output, tf.tensor2d([[1, 0]]))).toBeCloseTo(200, 3);
  });

  it('have the gradient (probability - truth) / examples in the logits', () => {
    const gradient = tf.grad((output) =>
      resolveLoss('sparseSoftmaxCrossentropy', 1)([output], [tf.tensor1d(classes, 'int32')]),
    )(tf.tensor2d(logits));
    const found = gradient.arraySync() as number[][];
    for (const [row, label] of classes.entries()) {
      for (let column = 0; column < 4; column++) {
        const expected = (probabilities[row]![column]! - (column === label ? 1 : 0)) / 3;
        expect(found[row]![column]).toBeCloseTo(expected, 5);
      }
    }
  });

  it('refuse targets that would broadcast', () => {
    const output = tf.zeros([4, 1]);
    for (const loss of ['meanSquaredError', 'meanAbsoluteError', 'huber'] as const) {
      expect(() => value(loss, output, tf.zeros([4]))).toThrow(ShapeError);
    }
    expect(() => value('sparseSoftmaxCrossentropy', tf.zeros([4, 3]), tf.zeros([4, 3]))).toThrow(
      /outputs \[batch, classes\] and class numbers \[batch\], but got \[4,3\] and \[4,3\]/,
    );
  });
});

describe('accuracyOf', () => {
  const accuracy = (output: tf.Tensor, target: tf.Tensor) =>
    accuracyOf()([output], [target]).dataSync()[0];
  const scores = tf.tensor2d([
    [0.1, 0.9],
    [0.8, 0.2],
    [0.3, 0.7],
    [0.4, 0.6],
  ]);

  it('counts one-hot targets and class numbers alike', () => {
    expect(accuracy(scores, tf.tensor1d([1, 0, 0, 1], 'int32'))).toBe(0.75);
    expect(accuracy(scores, tf.tensor2d([1, 0, 0, 1], [4, 1]))).toBe(0.75);
    expect(accuracy(scores, tf.oneHot([1, 0, 0, 1], 2))).toBe(0.75);
  });

  it('takes one column for the probability of class 1', () => {
    expect(accuracy(tf.tensor2d([[0.5], [0.4], [0.9]]), tf.tensor1d([1, 1, 0]))).toBeCloseTo(1 / 3);
  });

  it('refuses what it cannot compare', () => {
    expect(() => accuracy(tf.zeros([4]), tf.zeros([4]))).toThrow(/\[batch, classes\]/);
    expect(() => accuracy(scores, tf.zeros([3]))).toThrow(/\[4, 2\] \(one-hot\) or \[4\]/);
    expect(() => accuracyOf(1)([scores], [tf.zeros([4])])).toThrow(/no such output/);
  });
});

describe('evaluateModel', () => {
  it('agrees with evaluate of tfjs, which leaves the penalties out', async () => {
    const model = smallModel();
    const source = pointsSource({ batches: 1, batchSize: 40 });
    const ours = await evaluateModel(model, source, {
      loss: 'categoricalCrossentropy',
      metrics: { accuracy: accuracyOf() },
    });
    model.compile({
      loss: 'categoricalCrossentropy',
      optimizer: tf.train.sgd(0.1),
      metrics: ['accuracy'],
    });
    const { inputs, targets } = await source.batch(0, 0);
    const theirs = model.evaluate(inputs, targets as tf.Tensor, { batchSize: 40 }) as tf.Scalar[];
    const [penalty] = model.calculateLosses();
    expect(penalty!.dataSync()[0]).toBeGreaterThan(0.001);
    expect(ours.loss).toBeCloseTo(theirs[0]!.dataSync()[0]! + penalty!.dataSync()[0]!, 5);
    expect(ours.accuracy).toBeCloseTo(theirs[1]!.dataSync()[0]!, 5);
  });

  it('keeps no tensor, and stops when told', async () => {
    const model = smallModel();
    const before = tf.memory().numTensors;
    const options = { loss: 'categoricalCrossentropy' } as const;
    await evaluateModel(model, pointsSource(), options);
    expect(tf.memory().numTensors).toBe(before);
    const stopped = evaluateModel(model, pointsSource(), {
      ...options,
      signal: AbortSignal.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
  });
});
