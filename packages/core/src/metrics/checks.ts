import { InvalidArgumentError, ShapeError } from '../errors.js';

/** Throws unless there is at least one value and every one is a finite number. */
export function checkFinite(values: ArrayLike<number>, name: string): void {
  if (values.length === 0) {
    throw new InvalidArgumentError(`Expected at least one value in ${name}, got none.`);
  }
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) {
      throw new InvalidArgumentError(
        `Expected finite numbers in ${name}, got ${values[index]} at index ${index}.`,
      );
    }
  }
}

/** Throws unless both arrays have the same length. */
export function checkSameLength(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  names: readonly [string, string] = ['predicted', 'actual'],
): void {
  if (predicted.length !== actual.length) {
    throw new ShapeError(
      `Expected ${names[0]} and ${names[1]} of equal length, got ${predicted.length} and ${actual.length}.`,
    );
  }
}

/** Throws unless every value is a class: a whole number from 0 to classCount - 1. */
export function checkLabels(values: ArrayLike<number>, classCount: number, name: string): void {
  if (values.length === 0) {
    throw new InvalidArgumentError(`Expected at least one label in ${name}, got none.`);
  }
  for (let index = 0; index < values.length; index++) {
    const label = values[index]!;
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new InvalidArgumentError(
        `Expected class labels from 0 to ${classCount - 1} in ${name}, got ${label} at index ${index}.`,
      );
    }
  }
}
