import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { type ClockTime, minutesOnDial, timeOfMinute } from '../time.js';

/** The time that the two-head network tells. */
export interface TwoHeadTime extends ClockTime {
  /** Probability of the hour, 0 to 1; the minute comes without one. */
  readonly hourProbability: number;
}

/**
 * The time that the two-head network tells: the likeliest hour, and the minute to the nearest whole
 * one (a fraction of the hour outside of 0 to 59 / 60 is taken as the nearest in it).
 *
 * @param hours - Twelve probabilities, from `offset` on.
 * @param fraction - The minute as a fraction of the hour.
 * @throws ShapeError when there are fewer than twelve.
 * @throws InvalidArgumentError when a number is NaN.
 */
export function decodeTwoHeads(
  hours: ArrayLike<number>,
  fraction: number,
  offset = 0,
): TwoHeadTime {
  const hour = likeliest(hours, offset, 12);
  requireNumber('minute', fraction);
  const minute = Math.min(59, Math.max(0, Math.round(fraction * 60)));
  return { hour, minute, hourProbability: hours[offset + hour]! };
}

/**
 * The time that a regression network tells, to the nearest minute.
 *
 * @param hours - Hours after twelve, hour + minute / 60; beyond 0 to 12 the dial is gone around.
 * @throws InvalidArgumentError when it is not finite.
 */
export function decodeRegression(hours: number): ClockTime {
  requireNumber('time', hours);
  return timeOfMinute(Math.round(hours * 60));
}

/**
 * The time that a classification network tells: the whole minute in the middle of the likeliest of
 * `classes` equal parts of the twelve hours.
 *
 * @param probabilities - One for each class, from `offset` on.
 * @throws ShapeError when there are fewer than `classes`.
 * @throws InvalidArgumentError when a probability is NaN, or classes is not from 1 to 720.
 */
export function decodeClasses(
  probabilities: ArrayLike<number>,
  classes: number = probabilities.length,
  offset = 0,
): ClockTime {
  requireClasses(classes);
  const best = likeliest(probabilities, offset, classes);
  return timeOfMinute(Math.floor(((best + 0.5) * minutesOnDial) / classes));
}

/**
 * The class of a time among `classes` equal parts of the twelve hours, the one that
 * {@link decodeClasses} takes back.
 *
 * @throws InvalidArgumentError when classes is not a whole number from 1 to 720.
 */
export function classOfTime(time: ClockTime, classes: number): number {
  requireClasses(classes);
  return Math.floor(((time.hour * 60 + time.minute) * classes) / minutesOnDial);
}

function requireClasses(classes: number): void {
  if (!Number.isInteger(classes) || classes < 1 || classes > minutesOnDial) {
    throw new InvalidArgumentError(
      `Expected a whole number of classes from 1 to ${minutesOnDial}, got ${classes}.`,
    );
  }
}

function likeliest(values: ArrayLike<number>, offset: number, count: number): number {
  if (!(values.length >= offset + count)) {
    throw new ShapeError(
      `Expected ${count} probabilities from ${offset} on, got ${values.length - offset}.`,
    );
  }
  let best = 0;
  for (let i = 0; i < count; i++) {
    requireNumber('probability', values[offset + i]!);
    if (values[offset + i]! > values[offset + best]!) best = i;
  }
  return best;
}

function requireNumber(name: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new InvalidArgumentError(
      `Expected the network's ${name} to be a finite number, got ${value}: its weights may have diverged.`,
    );
  }
}
