import { InvalidArgumentError } from '@nn-lab/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clockAngles,
  formatClockTime,
  minuteOfDial,
  timeOfMinute,
  validateClockTime,
} from '../src/time.js';

describe('clock times', () => {
  it('move both hands continuously', () => {
    expect(clockAngles(3, 0)).toEqual({ hour: Math.PI / 2, minute: 0 });
    expect(clockAngles(9, 30).hour).toBeCloseTo((9.5 / 12) * 2 * Math.PI, 12);
    expect(clockAngles(9, 30).minute).toBeCloseTo(Math.PI, 12);
    expect(() => clockAngles(12, 0)).toThrow(/0 to 11 .* got 12/);
  });

  it('are minutes of the dial and back, however many turns away', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 719 }),
        fc.integer({ min: -50, max: 50 }),
        (minute, turns) => {
          const time = timeOfMinute(minute + 720 * turns);
          validateClockTime(time);
          expect(minuteOfDial(time)).toBe(minute);
        },
      ),
    );
    expect(() => timeOfMinute(Number.NaN)).toThrow(InvalidArgumentError);
  });

  it('are written as people write them', () => {
    expect(formatClockTime({ hour: 0, minute: 5 })).toBe('12:05');
    expect(formatClockTime({ hour: 10, minute: 8.9 })).toBe('10:08');
    expect(() => formatClockTime({ hour: 1, minute: 60 })).toThrow(InvalidArgumentError);
  });
});
