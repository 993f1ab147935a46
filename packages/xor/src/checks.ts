import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';

/** Throws unless there are so many weights, each a finite number. */
export function checkWeights(weights: ArrayLike<number>, count: number, order: string): void {
  if (weights.length !== count) {
    throw new ShapeError(`Expected ${count} weights (${order}), got ${weights.length}.`);
  }
  checkFinite(weights, 'weights');
}

/** Throws unless every value is a finite number. */
export function checkFinite(values: ArrayLike<number>, name: string): void {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) {
      throw new InvalidArgumentError(
        `Expected finite numbers in ${name}, got ${values[index]} at index ${index}.`,
      );
    }
  }
}
