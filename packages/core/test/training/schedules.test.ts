import { describe, expect, it } from 'vitest';
import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  type LearningRateSchedule,
  oneCycleSchedule,
  stepSchedule,
} from '../../src/training/index.js';

const ratesOf = (schedule: LearningRateSchedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => schedule(step, steps));
const near = (values: number[]) => values.map((value) => expect.closeTo(value, 10));

describe('a learning-rate schedule', () => {
  it('is constant', () => {
    expect(ratesOf(constantSchedule(0.1), 3)).toEqual([0.1, 0.1, 0.1]);
  });

  it('is half a cosine from the peak to the final rate', () => {
    expect(ratesOf(cosineSchedule({ peak: 1, final: 0.2 }), 5)).toEqual(
      near([1, 0.6 + 0.4 * Math.SQRT1_2, 0.6, 0.6 - 0.4 * Math.SQRT1_2, 0.2]),
    );
  });

  it('warms up linearly and reaches the peak', () => {
    const rates = ratesOf(cosineSchedule({ peak: 0.8, warmup: 0.4 }), 10);
    expect(rates.slice(0, 5)).toEqual(near([0.2, 0.4, 0.6, 0.8, 0.8]));
    expect(rates[9]).toBeCloseTo(0, 10);
  });

  it('falls at milestones', () => {
    const schedule = stepSchedule({ initial: 1, factor: 0.5, milestones: [0.5, 0.75] });
    expect(ratesOf(schedule, 8)).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  it('falls by the same factor at every step', () => {
    expect(ratesOf(exponentialSchedule({ initial: 1, final: 0.001 }), 4)).toEqual(
      near([1, 0.1, 0.01, 0.001]),
    );
  });

  it('rises and falls in one cycle', () => {
    const rates = ratesOf(
      oneCycleSchedule({ peak: 1, warmup: 0.3, initialDivisor: 10, finalDivisor: 10 }),
      10,
    );
    // Up over steps 0 to 2, down over steps 2 to 9.
    expect(rates[0]).toBeCloseTo(0.1, 10);
    expect(rates[1]).toBeCloseTo(0.55, 10);
    expect(rates[2]).toBeCloseTo(1, 10);
    expect(rates[9]).toBeCloseTo(0.01, 10);
    expect([...rates.slice(2)].sort((a, b) => b - a)).toEqual(rates.slice(2));
  });

  it.each([1, 2, 3, 7])('is a number at each of %i steps', (steps) => {
    const schedules = [
      cosineSchedule({ peak: 1, warmup: 0.5 }),
      exponentialSchedule({ initial: 1, final: 0.1 }),
      oneCycleSchedule({ peak: 1 }),
      stepSchedule({ initial: 1, milestones: [0.5] }),
    ];
    for (const schedule of schedules) {
      for (const rate of ratesOf(schedule, steps)) {
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(1);
      }
    }
  });

  it('refuses rates and shares that cannot be', () => {
    expect(() => constantSchedule(0)).toThrow(/`learningRate` to be a finite number above 0/);
    expect(() => cosineSchedule({ peak: Number.NaN })).toThrow(/peak/);
    expect(() => cosineSchedule({ peak: 1, final: -1 })).toThrow(/final/);
    expect(() => cosineSchedule({ peak: 1, warmup: 1 })).toThrow(
      /`warmup` to be a number from 0 to below 1/,
    );
    expect(() => stepSchedule({ initial: 1, milestones: [2] })).toThrow(/milestones/);
    expect(() => exponentialSchedule({ initial: 1, final: 0 })).toThrow(/final/);
    expect(() => oneCycleSchedule({ peak: -1 })).toThrow(/peak/);
  });
});
