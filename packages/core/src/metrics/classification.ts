import { checkValue, wholeNumber } from '../checks/index.js';
import { InvalidArgumentError, ShapeError } from '../errors.js';
import { checkFinite, checkLabels, checkSameLength } from './checks.js';

/**
 * The share of predictions that are right, in [0, 1].
 *
 * @param predicted - Class labels, whole numbers from 0.
 * @param actual - As many true labels.
 * @throws InvalidArgumentError when there are none, or one is not a label.
 * @throws ShapeError when the lengths differ.
 */
export function accuracy(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  checkSameLength(predicted, actual);
  checkLabels(predicted, Number.POSITIVE_INFINITY, 'predicted');
  checkLabels(actual, Number.POSITIVE_INFINITY, 'actual');
  let right = 0;
  for (let index = 0; index < actual.length; index++) {
    if (predicted[index] === actual[index]) right++;
  }
  return right / actual.length;
}

/**
 * For each class, the share of its members that are predicted right, in [0, 1]; NaN for a class
 * without members. (The same as the recall of a {@link ConfusionMatrix}.)
 *
 * @param classCount - How many classes there are; every label is below it.
 * @throws InvalidArgumentError when there are no labels, or one is out of range.
 * @throws ShapeError when the lengths differ.
 */
export function perClassAccuracy(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  classCount: number,
): Float64Array {
  checkValue('classCount', classCount, wholeNumber(1));
  checkSameLength(predicted, actual);
  checkLabels(predicted, classCount, 'predicted');
  checkLabels(actual, classCount, 'actual');
  const right = new Float64Array(classCount);
  const members = new Float64Array(classCount);
  for (let index = 0; index < actual.length; index++) {
    const label = actual[index]!;
    members[label]!++;
    if (predicted[index] === label) right[label]!++;
  }
  return right.map((count, label) => count / members[label]!);
}

/**
 * The share of samples whose true class is among the `k` classes of highest score. Of equal scores
 * the class with the lower number comes first, so that k = 1 agrees with {@link argMax}.
 *
 * @param scores - Scores, logits or probabilities `[samples, classes]`, row by row.
 * @param actual - The true label of each sample.
 * @param k - From 1 to the number of classes.
 * @throws InvalidArgumentError when there is nothing to score, a score is not finite or a label or
 * `k` is out of range.
 * @throws ShapeError when the scores do not divide into equal rows.
 */
export function topKAccuracy(
  scores: ArrayLike<number>,
  actual: ArrayLike<number>,
  k: number,
): number {
  checkFinite(scores, 'scores');
  const classCount = scores.length / actual.length;
  if (!Number.isInteger(classCount)) {
    throw new ShapeError(
      `Expected scores of shape [samples, classes] for ${actual.length} labels, got ${scores.length} scores.`,
    );
  }
  checkLabels(actual, classCount, 'actual');
  if (!Number.isInteger(k) || k < 1 || k > classCount) {
    throw new InvalidArgumentError(`Expected k from 1 to ${classCount}, got ${k}.`);
  }
  let right = 0;
  for (let sample = 0; sample < actual.length; sample++) {
    const row = sample * classCount;
    const label = actual[sample]!;
    const score = scores[row + label]!;
    let ahead = 0;
    for (let other = 0; other < classCount; other++) {
      const otherScore = scores[row + other]!;
      if (otherScore > score || (otherScore === score && other < label)) ahead++;
    }
    if (ahead < k) right++;
  }
  return right / actual.length;
}

/**
 * The class of highest score of each sample; of equal scores, the lowest class.
 *
 * @param scores - Scores, logits or probabilities `[samples, classes]`, row by row.
 * @throws InvalidArgumentError when a score is not finite or there are none.
 * @throws ShapeError when the scores do not divide into rows of `classCount`.
 */
export function argMax(scores: ArrayLike<number>, classCount: number): Int32Array {
  checkValue('classCount', classCount, wholeNumber(1));
  checkFinite(scores, 'scores');
  if (scores.length % classCount !== 0) {
    throw new ShapeError(
      `Expected scores of shape [samples, ${classCount}], got ${scores.length} scores.`,
    );
  }
  const best = new Int32Array(scores.length / classCount);
  for (let sample = 0; sample < best.length; sample++) {
    const row = sample * classCount;
    for (let label = 1; label < classCount; label++) {
      if (scores[row + label]! > scores[row + best[sample]!]!) best[sample] = label;
    }
  }
  return best;
}
