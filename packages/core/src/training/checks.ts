import { InvalidArgumentError } from '../errors.js';

/** @throws InvalidArgumentError unless the value is a finite number above 0. */
export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError(
      `Expected ${name} to be a finite number above 0, but got ${value}.`,
    );
  }
}

/** @throws InvalidArgumentError unless the value is a finite number of at least 0. */
export function requireNotNegative(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError(
      `Expected ${name} to be a finite number of at least 0, but got ${value}.`,
    );
  }
}

/** @throws InvalidArgumentError unless the value is in [0, 1). */
export function requireShare(name: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new InvalidArgumentError(`Expected ${name} to be in [0, 1), but got ${value}.`);
  }
}

/** @throws InvalidArgumentError unless the value is a whole number of at least `least`. */
export function requireWhole(name: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new InvalidArgumentError(
      `Expected ${name} to be a whole number of at least ${least}, but got ${value}.`,
    );
  }
}
