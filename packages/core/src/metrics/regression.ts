import { checkFinite, checkSameLength } from './checks.js';

/**
 * The mean of |predicted - actual|.
 *
 * @throws InvalidArgumentError when there are no values or one is not finite.
 * @throws ShapeError when the lengths differ.
 */
export function meanAbsoluteError(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  return meanOfDifferences(predicted, actual, Math.abs);
}

/**
 * The mean of (predicted - actual)².
 *
 * @throws InvalidArgumentError when there are no values or one is not finite.
 * @throws ShapeError when the lengths differ.
 */
export function meanSquaredError(predicted: ArrayLike<number>, actual: ArrayLike<number>): number {
  return meanOfDifferences(predicted, actual, (difference) => difference * difference);
}

function meanOfDifferences(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  cost: (difference: number) => number,
): number {
  checkSameLength(predicted, actual);
  checkFinite(predicted, 'predicted');
  checkFinite(actual, 'actual');
  let sum = 0;
  for (let index = 0; index < actual.length; index++) {
    sum += cost(predicted[index]! - actual[index]!);
  }
  return sum / actual.length;
}
