import { createRandom } from '@nn-lab/core/random';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  continuity,
  mapQuality,
  matrixOf,
  neighborRecall,
  trustworthiness,
} from '../../../src/index.js';
import { useBackend } from '../../../src/node.js';
import { sklearn, train } from '../../fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

const map = matrixOf(sklearn.map);

function noise(rows: number, columns: number, seed: number) {
  const random = createRandom(seed);
  return matrixOf(
    Float32Array.from({ length: rows * columns }, () => random.normal()),
    columns,
  );
}

describe('the quality of a map', () => {
  it.each(sklearn.quality as Record<string, number>[])(
    'is what scikit-learn says, for k = $k',
    async ({ k, ...expected }) => {
      const options = { k: k! };
      const quality = await mapQuality(train, map, options);
      expect(quality.trustworthiness).toBeCloseTo(expected.trustworthiness!, 12);
      expect(quality.continuity).toBeCloseTo(expected.continuity!, 12);
      expect(quality.recall).toBeCloseTo(expected.recall!, 12);
      expect(await trustworthiness(train, map, options)).toBe(quality.trustworthiness);
      expect(await continuity(train, map, options)).toBe(quality.continuity);
      expect(await neighborRecall(train, map, options)).toBe(quality.recall);
    },
  );

  it('is 1 where the map is the data, turned and stretched', async () => {
    const data = noise(300, 2, 3);
    const turned = matrixOf(
      Float32Array.from(data.values, (_, at) => 3 * data.values[at ^ 1]! + 7),
      2,
    );
    expect(await mapQuality(data, turned)).toEqual({
      trustworthiness: 1,
      continuity: 1,
      recall: 1,
    });
  });

  it('is that of chance for a random map', async () => {
    const quality = await mapQuality(noise(600, 5, 1), noise(600, 2, 2));
    expect(quality.trustworthiness).toBeGreaterThan(0.45);
    expect(quality.trustworthiness).toBeLessThan(0.55);
    expect(quality.continuity).toBeGreaterThan(0.45);
    expect(quality.continuity).toBeLessThan(0.55);
    expect(quality.recall).toBeLessThan(0.04);
  });

  it('can be estimated from a sample, the same one for a seed', async () => {
    const whole = await mapQuality(train, map);
    const part = await mapQuality(train, map, { sample: 60 });
    expect(part).toEqual(await mapQuality(train, map, { sample: 60 }));
    expect(part).not.toEqual(await mapQuality(train, map, { sample: 60, seed: 1 }));
    expect(Math.abs(part.trustworthiness - whole.trustworthiness)).toBeLessThan(0.05);
    expect(await mapQuality(train, map, { sample: 1e6 })).toEqual(whole);
  });

  it('says what is wrong with its input', async () => {
    await expect(mapQuality(train, matrixOf([[1, 2]]))).rejects.toThrow(
      /a row for each of 120 rows, got 1/,
    );
    await expect(mapQuality(train, map, { k: 60 })).rejects.toThrow(/below half of the 120 rows/);
    await expect(mapQuality(train, map, { k: 0 })).rejects.toThrow(/got 0/);
    await expect(mapQuality(train, map, { sample: 0.5 })).rejects.toThrow(/sample/);
    const blown = { ...map, values: map.values.map(() => Number.POSITIVE_INFINITY) };
    await expect(mapQuality(train, blown)).rejects.toThrow(/the map to hold finite/);
  });
});
