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

/** Throws unless the value is a finite number above 0. */
export function checkPositive(value: number, name: string): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError(`Expected ${name} to be a number above 0, got ${value}.`);
  }
}

/** Throws unless the value is a whole number of at least 1. */
export function checkCount(value: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(
      `Expected ${name} to be a whole number of at least 1, got ${value}.`,
    );
  }
}
