import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { InvalidArgumentError, ShapeError } from '../../src/errors.js';
import {
  bootstrapInterval,
  cyclicError,
  meanAbsoluteError,
  meanSquaredError,
  summarizeErrors,
  timeErrorMinutes,
} from '../../src/metrics/index.js';
import { createRandom } from '../../src/random/index.js';
import type { Progress } from '../../src/work.js';

/** Computed by NumPy, SciPy and scikit-learn: fixtures/make_metrics_fixtures.py. */
const { errors: numpy, regression: sklearn } = JSON.parse(
  readFileSync(new URL('./fixtures/metrics.json', import.meta.url), 'utf8'),
);

const mean = (sample: Float64Array) => sample.reduce((sum, x) => sum + x, 0) / sample.length;

describe('cyclicError', () => {
  const circle = fc.double({ min: -1e4, max: 1e4, noNaN: true });
  const period = fc.double({ min: 0.1, max: 1e3, noNaN: true });

  it('is a metric on the circle, of at most half the way round', () => {
    fc.assert(
      fc.property(circle, circle, circle, period, (a, b, c, around) => {
        const rounding = 1e-11;
        const apart = cyclicError(a, b, around);
        expect(apart).toBeGreaterThanOrEqual(0);
        expect(apart).toBeLessThanOrEqual(around / 2);
        expect(cyclicError(a, a, around)).toBe(0);
        expect(cyclicError(b, a, around)).toBe(apart);
        expect(cyclicError(a + around, b, around)).toBeCloseTo(apart, 10);
        expect(cyclicError(a, c, around)).toBeLessThanOrEqual(
          apart + cyclicError(b, c, around) + rounding,
        );
      }),
    );
  });

  it('of arrays is that of each pair', () => {
    expect(cyclicError([350, 90], Float32Array.of(10, 60), 360)).toEqual(Float64Array.of(20, 30));
  });

  it('refuses what is no point on a circle', () => {
    expect(() => cyclicError(1, 2, 0)).toThrow('Expected a positive, finite period, got 0.');
    expect(() => cyclicError(Number.NaN, 2, 1)).toThrow('got NaN and 2');
    expect(() => cyclicError([1, 2], [1], 5)).toThrow(ShapeError);
    expect(() => cyclicError([], [], 5)).toThrow(InvalidArgumentError);
    expect(() => cyclicError([1, Number.NaN], [1, 2], 5)).toThrow('got NaN at index 1');
    expect(() => cyclicError(1, [1] as unknown as number, 5)).toThrow('one of each');
  });
});

describe('timeErrorMinutes', () => {
  const minutes = (time: string) => {
    const [hour, minute] = time.split(':').map(Number);
    return 60 * hour! + minute!;
  };

  it.each([
    ['23:50', '0:10', 20],
    ['11:55', '0:05', 10],
    ['6:00', '12:00', 360],
    ['3:00', '15:00', 0],
    ['9:00', '2:00', 300],
    ['4:17', '4:17', 0],
  ])('%s and %s are %d minutes apart', (a, b, expected) => {
    expect(timeErrorMinutes(minutes(a), minutes(b))).toBe(expected);
  });

  it('takes arrays of fractional minutes', () => {
    expect(timeErrorMinutes([719.5, 30], [0, 30.25])).toEqual(Float64Array.of(0.5, 0.25));
  });
});

describe('mean errors', () => {
  it('agree with scikit-learn', () => {
    const { predicted } = sklearn;
    expect(meanAbsoluteError(predicted, numpy.values)).toBeCloseTo(sklearn.meanAbsoluteError, 12);
    expect(meanSquaredError(predicted, numpy.values)).toBeCloseTo(sklearn.meanSquaredError, 11);
  });

  it('refuse unequal lengths, nothing, and NaN', () => {
    expect(() => meanAbsoluteError([1], [1, 2])).toThrow(ShapeError);
    expect(() => meanSquaredError([], [])).toThrow(InvalidArgumentError);
    expect(() => meanSquaredError([1], [Number.NaN])).toThrow('in actual, got NaN');
  });
});

describe('summarizeErrors', () => {
  it('agrees with NumPy', async () => {
    const summary = await summarizeErrors(numpy.values, {
      thresholds: numpy.within.map(([threshold]: [number]) => threshold),
      quantiles: numpy.quantiles.map(([probability]: [number]) => probability),
    });
    expect(summary.count).toBe(300);
    for (const name of ['mean', 'median', 'std', 'min', 'max'] as const) {
      expect(summary[name]).toBeCloseTo(numpy[name], 12);
    }
    expect(summary.within.map(({ threshold, share }) => [threshold, share])).toEqual(numpy.within);
    summary.quantiles.forEach(({ probability, value }, index) => {
      expect(probability).toBe(numpy.quantiles[index][0]);
      expect(value).toBeCloseTo(numpy.quantiles[index][1], 12);
    });
    expect(summary).not.toHaveProperty('intervals');
  });

  it('agrees with SciPy’s bootstrap to its own noise', async () => {
    const { intervals, within } = await summarizeErrors(numpy.values, {
      thresholds: [3],
      random: createRandom(1),
      resamples: 20_000,
    });
    const close = (ours: readonly number[], theirs: readonly number[]) => {
      const width = theirs[1]! - theirs[0]!;
      expect(Math.abs(ours[0]! - theirs[0]!)).toBeLessThan(0.04 * width);
      expect(Math.abs(ours[1]! - theirs[1]!)).toBeLessThan(0.04 * width);
    };
    close(intervals!.mean, numpy.meanInterval);
    close(intervals!.median, numpy.medianInterval);
    close(within[0]!.interval!, numpy.within3Interval);
  });

  it('gives the same intervals for the same stream, whatever the order of the errors', async () => {
    const reversed = Float32Array.from(numpy.values).reverse();
    const once = await summarizeErrors(Float32Array.from(numpy.values), {
      random: createRandom(5),
    });
    expect(await summarizeErrors(reversed, { random: createRandom(5) })).toEqual(once);
    expect(await summarizeErrors(reversed, { random: createRandom(6) })).not.toEqual(once);
  });

  it('counts negative errors by their size', async () => {
    const summary = await summarizeErrors([-4, -1, 0, 1], { thresholds: [1] });
    expect(summary.within).toEqual([{ threshold: 1, share: 0.75 }]);
    expect([summary.min, summary.max, summary.mean]).toEqual([-4, 1, -1]);
  });

  it('sums up a single error', async () => {
    const summary = await summarizeErrors([7], { random: createRandom(0) });
    expect(summary).toMatchObject({ mean: 7, median: 7, std: 0, min: 7, max: 7 });
    expect(summary.intervals).toEqual({ confidence: 0.95, mean: [7, 7], median: [7, 7] });
  });

  it('leaves its input as it was, and is ready for JSON', async () => {
    const errors = [3, 1, 2];
    const summary = await summarizeErrors(errors, { random: createRandom(0), thresholds: [2] });
    expect(errors).toEqual([3, 1, 2]);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it('refuses nothing, NaN, and options out of range', async () => {
    await expect(summarizeErrors([])).rejects.toThrow(
      'Expected at least one value in errors, got none.',
    );
    await expect(summarizeErrors([1, Number.NaN])).rejects.toThrow('got NaN at index 1');
    await expect(summarizeErrors([1], { thresholds: [-1] })).rejects.toThrow('got [-1]');
    await expect(summarizeErrors([1], { quantiles: [2] })).rejects.toThrow('got [2]');
    const random = createRandom(0);
    await expect(summarizeErrors([1], { random, confidence: 1 })).rejects.toThrow('got 1');
    await expect(summarizeErrors([1], { random, resamples: 0 })).rejects.toThrow('got 0');
  });
});

describe('bootstrapInterval', () => {
  it('covers the true mean about as often as it says', async () => {
    const random = createRandom(3);
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const sample = Float64Array.from({ length: 60 }, () => random.normal(10, 2));
      const options = { random, resamples: 300, confidence: 0.9 };
      const [low, high] = await bootstrapInterval(sample, mean, options);
      if (low <= 10 && 10 <= high) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.83);
    expect(covered / 200).toBeLessThan(0.96);
  });

  it('hands over ascending resamples of the values', async () => {
    const values = [5, 1, 3];
    const seen = new Set<string>();
    await bootstrapInterval(
      values,
      (sample) => {
        expect([...sample].sort((a, b) => a - b)).toEqual([...sample]);
        expect(sample.every((value) => values.includes(value))).toBe(true);
        seen.add(sample.join());
        return sample[0]!;
      },
      { random: createRandom(0) },
    );
    expect(seen.size).toBe(10); // every multiset of three out of three
  });

  it('gives turns, in which it can be stopped, with the same outcome', async () => {
    const values = Float64Array.from({ length: 500 }, (_, i) => i % 97);
    const whole = await bootstrapInterval(values, mean, { random: createRandom(4) });
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
    try {
      const told: Progress[] = [];
      const onProgress = (progress: Progress) => void told.push(progress);
      const options = { random: createRandom(4), onProgress };
      expect(await bootstrapInterval(values, mean, options)).toEqual(whole);
      expect(told.at(-1)).toEqual({ stage: 'resampling', done: 1000, total: 1000 });
      const stop = new AbortController();
      setImmediate(() => stop.abort(new Error('enough')));
      const stopped = { random: createRandom(4), signal: stop.signal };
      await expect(bootstrapInterval(values, mean, stopped)).rejects.toThrow('enough');
    } finally {
      clock.mockRestore();
    }
  });

  it('refuses options that it does not know, by name', async () => {
    const options = { random: createRandom(4), resample: 10 };
    await expect(bootstrapInterval([1], mean, options)).rejects.toThrow(
      'Unknown option `resample`, did you mean `resamples`?',
    );
    await expect(summarizeErrors([1], { threshold: [1] } as object)).rejects.toThrow(
      'did you mean `thresholds`?',
    );
  });
});
