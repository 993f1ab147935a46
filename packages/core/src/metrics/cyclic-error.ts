import { InvalidArgumentError } from '../errors.js';
import { checkFinite, checkSameLength } from './checks.js';

/**
 * The distance between two points of a circle with the given circumference, the shorter way round:
 * from 0 to half the period. Of two arrays, the distance of each pair.
 *
 * @example
 * ```ts
 * cyclicError(350, 10, 360); // 20 degrees
 * ```
 *
 * @throws InvalidArgumentError when a value is not finite or the period not positive, and for empty
 * arrays.
 * @throws ShapeError when the arrays' lengths differ.
 */
export function cyclicError(predicted: number, actual: number, period: number): number;
export function cyclicError(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  period: number,
): Float64Array;
export function cyclicError(
  predicted: number | ArrayLike<number>,
  actual: number | ArrayLike<number>,
  period: number,
): number | Float64Array {
  if (!(period > 0 && period < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError(`Expected a positive, finite period, got ${period}.`);
  }
  if (typeof predicted === 'number' && typeof actual === 'number') {
    if (!Number.isFinite(predicted - actual)) {
      throw new InvalidArgumentError(
        `Expected finite values to compare, got ${predicted} and ${actual}.`,
      );
    }
    return shorterWay(predicted, actual, period);
  }
  if (typeof predicted === 'number' || typeof actual === 'number') {
    throw new InvalidArgumentError(
      'Expected two numbers or two arrays to compare, got one of each.',
    );
  }
  checkSameLength(predicted, actual);
  checkFinite(predicted, 'predicted');
  checkFinite(actual, 'actual');
  return Float64Array.from({ length: actual.length }, (_, index) =>
    shorterWay(predicted[index]!, actual[index]!, period),
  );
}

/** Minutes on the face of a clock: twelve hours. */
const clockPeriod = 720;

/**
 * How far apart two times are on a 12-hour clock, in minutes from 0 to 360, whichever comes first
 * and whatever half of the day: 23:50 and 0:10 are 20 minutes apart. This is the "common sense"
 * error of the course.
 *
 * @param predicted - Minutes since twelve o'clock, 60 · hour + minute, or an array of them.
 * @param actual - The same for the true times.
 * @throws InvalidArgumentError when a time is not finite, and for empty arrays.
 * @throws ShapeError when the arrays' lengths differ.
 */
export function timeErrorMinutes(predicted: number, actual: number): number;
export function timeErrorMinutes(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
): Float64Array;
export function timeErrorMinutes(
  predicted: number | ArrayLike<number>,
  actual: number | ArrayLike<number>,
): number | Float64Array {
  return cyclicError(predicted as number, actual as number, clockPeriod);
}

function shorterWay(a: number, b: number, period: number): number {
  const apart = Math.abs(a - b) % period;
  return Math.min(apart, period - apart);
}
