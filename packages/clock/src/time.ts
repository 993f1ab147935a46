import { InvalidArgumentError } from '@nn-lab/core/errors';

/** A time on a twelve-hour dial. */
export interface ClockTime {
  /** 0 to 11; twelve o'clock is 0. */
  readonly hour: number;
  /** 0 to 59; a renderer takes fractions too. */
  readonly minute: number;
}

/** The number of whole minutes on a dial. */
export const minutesOnDial = 720;

/**
 * @throws InvalidArgumentError unless the hour is a whole number from 0 to 11 and the minute from 0
 * to less than 60.
 */
export function validateClockTime(time: ClockTime): void {
  const { hour, minute } = time;
  if (!Number.isInteger(hour) || hour < 0 || hour > 11) {
    throw new InvalidArgumentError(
      `Expected an hour that is a whole number from 0 to 11 (twelve o'clock is 0), got ${String(hour)}.`,
    );
  }
  if (!(typeof minute === 'number' && minute >= 0 && minute < 60)) {
    throw new InvalidArgumentError(
      `Expected a minute from 0 to less than 60, got ${String(minute)}.`,
    );
  }
}

/** Where the hands stand: radians clockwise from twelve, both moving continuously. */
export function clockAngles(
  hour: number,
  minute: number,
): { readonly hour: number; readonly minute: number } {
  validateClockTime({ hour, minute });
  return {
    hour: (2 * Math.PI * (hour + minute / 60)) / 12,
    minute: (2 * Math.PI * minute) / 60,
  };
}

/** The whole minutes since twelve o'clock, 0 to 719. */
export function minuteOfDial(time: ClockTime): number {
  return time.hour * 60 + time.minute;
}

/** The time that is a number of minutes after twelve o'clock, any number of turns away. */
export function timeOfMinute(minutes: number): ClockTime {
  if (!Number.isFinite(minutes)) {
    throw new InvalidArgumentError(`Expected a finite number of minutes, got ${String(minutes)}.`);
  }
  const wrapped = ((minutes % minutesOnDial) + minutesOnDial) % minutesOnDial;
  const hour = Math.floor(wrapped / 60);
  return { hour, minute: wrapped - 60 * hour };
}

/** A time as people write it, such as `10:08`; hour 0 is written 12. Minutes are rounded down. */
export function formatClockTime(time: ClockTime): string {
  validateClockTime(time);
  return `${time.hour === 0 ? 12 : time.hour}:${String(Math.floor(time.minute)).padStart(2, '0')}`;
}
