import { InvalidArgumentError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { describe, expect, it } from 'vitest';
import { measureSuccess, trainXor } from '../src/index.js';

describe('the success rate', () => {
  it('counts the initialisations from which training solves XOR', async () => {
    const options = { count: 60, maxEvaluations: 3000, seed: 5 };
    const measured = await measureSuccess(2, 'uniform', options);
    const random = createRandom(5).fork('uniform');
    const initial = Array.from({ length: 60 }, () =>
      Float64Array.from({ length: 9 }, () => random.uniform(-1, 1)),
    );
    const trained = await Promise.all(
      initial.map((weights) => trainXor(weights, { learningRate: 2, maxEvaluations: 3000 })),
    );
    const runs = trained.filter(({ solved }) => solved);
    expect(measured.solved).toBe(runs.length);
    expect(measured.rate).toBe(runs.length / 60);
    expect(Array.from(measured.evaluations)).toEqual(
      runs.map(({ evaluations }) => evaluations).sort((a, b) => a - b),
    );
  });

  it('gives an interval of Wilson round the share', async () => {
    // 50 of 100: (0.5 + z²/200 ± z/2 · √(0.01 + z²/10000)) / (1 + z²/100), z = 1.96
    const { interval, solved, rate } = await measureSuccess(5, 'normal', {
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

  it('uses the same initial weights for every learning rate, others for another seed', async () => {
    const one = { count: 1, maxEvaluations: 1, seed: 1 };
    const solvedAtOnce = async (seed: number) => {
      const options = { count: 2000, maxEvaluations: 200, seed };
      return (await measureSuccess(3, 'normal', options)).solved;
    };
    expect(await measureSuccess(3, 'normal', one)).toEqual({
      ...(await measureSuccess(4, 'normal', one)),
      learningRate: 3,
    });
    expect(await solvedAtOnce(1)).toBe(await solvedAtOnce(1));
    expect(await solvedAtOnce(1)).not.toBe(await solvedAtOnce(2));
  });

  it('refuses what cannot be measured', async () => {
    await expect(measureSuccess(0, 'normal')).rejects.toThrow(InvalidArgumentError);
    await expect(measureSuccess(1, 'normal', { count: 0 })).rejects.toThrow(/count/);
    await expect(measureSuccess(1, 'cauchy' as never)).rejects.toThrow(/'normal', 'uniform'/);
  });
});
