import { InvalidArgumentError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { describe, expect, it } from 'vitest';
import { measureSuccess, trainXor } from '../src/index.js';

describe('the success rate', () => {
  it('counts the initialisations from which training solves XOR', () => {
    const options = { count: 60, maxEvaluations: 3000, seed: 5 };
    const measured = measureSuccess(2, 'uniform', options);
    const random = createRandom(5).fork('uniform');
    const runs = Array.from({ length: 60 }, () =>
      trainXor(
        Float64Array.from({ length: 9 }, () => random.uniform(-1, 1)),
        { learningRate: 2, maxEvaluations: 3000 },
      ),
    ).filter(({ solved }) => solved);
    expect(measured.solved).toBe(runs.length);
    expect(measured.rate).toBe(runs.length / 60);
    expect(Array.from(measured.evaluations)).toEqual(
      runs.map(({ evaluations }) => evaluations).sort((a, b) => a - b),
    );
  });

  it('gives an interval of Wilson round the share', () => {
    // 50 of 100: (0.5 + z²/200 ± z/2 · √(0.01 + z²/10000)) / (1 + z²/100), z = 1.96
    const { interval, solved, rate } = measureSuccess(5, 'normal', {
      count: 200,
      maxEvaluations: 2000,
    });
    expect(solved).toBeGreaterThan(100);
    const z = 1.96;
    const spread = Math.sqrt((rate * (1 - rate)) / 200 + (z * z) / 160_000);
    const low = (rate + (z * z) / 400 - z * spread) / (1 + (z * z) / 200);
    const high = (rate + (z * z) / 400 + z * spread) / (1 + (z * z) / 200);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });

  it('uses the same initial weights for every learning rate, others for another seed', () => {
    const one = { count: 1, maxEvaluations: 1, seed: 1 };
    const solvedAtOnce = (seed: number) =>
      measureSuccess(3, 'normal', { ...one, count: 2000, maxEvaluations: 200, seed }).solved;
    expect(measureSuccess(3, 'normal', one)).toEqual({
      ...measureSuccess(4, 'normal', one),
      learningRate: 3,
    });
    expect(solvedAtOnce(1)).toBe(solvedAtOnce(1));
    expect(solvedAtOnce(1)).not.toBe(solvedAtOnce(2));
  });

  it('refuses what cannot be measured', () => {
    expect(() => measureSuccess(0, 'normal')).toThrow(InvalidArgumentError);
    expect(() => measureSuccess(1, 'normal', { count: 0 })).toThrow(/count/);
    expect(() => measureSuccess(1, 'cauchy' as never)).toThrow(/'normal' or 'uniform'/);
  });
});
