import { DataFormatError, NotFittedError, ShapeError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Matrix, matrixOf, Pca } from '../../../src/index.js';
import { useBackend } from '../../../src/node.js';
import { resealed, rowsOf, sklearn } from '../../fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

interface Expected {
  readonly name: string;
  readonly data: number[][];
  readonly components: number[][];
  readonly variance: number[];
  readonly ratio: number[];
}

/** Every entry within a tolerance. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    expect(Math.abs(actual[at]! - expected[at]!)).toBeLessThanOrEqual(tolerance);
  }
}

/** Rows of normal numbers of `rank` dimensions, the later ones the smaller. */
function lowRank(rows: number, columns: number, rank: number): Matrix {
  const random = createRandom(5);
  const normal = (count: number) => Array.from({ length: count }, () => random.normal());
  const directions = Array.from({ length: rank }, () => normal(columns));
  return matrixOf(
    Array.from({ length: rows }, () => {
      const weights = normal(rank);
      return directions[0]!.map((_, column) =>
        weights.reduce((sum, weight, i) => sum + (weight * directions[i]![column]!) / (i + 1), 4),
      );
    }),
  );
}

describe('Pca', () => {
  it.each(sklearn.pca as Expected[])('finds what scikit-learn finds: $name', async (expected) => {
    const pca = await new Pca({ components: expected.components.length }).fit(
      matrixOf(expected.data),
    );
    const largest = expected.variance[0]!;
    expectClose(pca.explainedVariance, expected.variance, 1e-6 * largest);
    expectClose(pca.explainedVarianceRatio, expected.ratio, 1e-6);
    rowsOf(pca.components).forEach((component, i) => {
      const other = expected.components[i]!;
      const sign = Math.sign(component.reduce((sum, value, at) => sum + value * other[at]!, 0));
      expectClose(
        component,
        other.map((value) => sign * value),
        1e-4,
      );
      const bySize = component.toSorted((a, b) => Math.abs(b) - Math.abs(a));
      expect(bySize[0]).toBeGreaterThan(0);
    });
  });

  it('gives coordinates whose variances are those explained, and which lead back', async () => {
    const data = lowRank(200, 30, 30);
    const pca = await new Pca().fit(data);
    const coordinates = await pca.transform(data);
    for (let component = 0; component < 30; component += 7) {
      const along = rowsOf(coordinates).map((row) => row[component]!);
      const variance = along.reduce((sum, value) => sum + value * value, 0) / 199;
      expect(Math.abs(variance - pca.explainedVariance[component]!)).toBeLessThan(
        1e-6 * pca.explainedVariance[0]!,
      );
    }
    const back = await pca.inverseTransform(coordinates);
    expectClose(back.values, data.values, 1e-4);
  });

  it('finds equal variances, each with a direction of its own', async () => {
    // The identity thrice: all 120 directions but one are equal, and none may come twice.
    const rows = Array.from({ length: 360 }, (_, row) =>
      Array.from({ length: 120 }, (_, column) => (row % 120 === column ? 1 : 0)),
    );
    const pca = await new Pca({ components: 12 }).fit(matrixOf(rows));
    expectClose(pca.explainedVariance, new Array(12).fill(3 / 359), 1e-7);
    expectOrthonormal(pca.components);
  });

  it('serves fewer rows than columns', async () => {
    const data = lowRank(20, 1500, 6);
    const pca = await new Pca({ components: 10 }).fit(data);
    expectOrthonormal(pca.components);
    const explained = pca.explainedVarianceRatio.subarray(0, 6).reduce((a, b) => a + b);
    expect(explained).toBeCloseTo(1, 5);
    const back = await pca.inverseTransform(await pca.transform(data));
    expectClose(back.values, data.values, 1e-4);
  });

  it('ignores columns that are constant', async () => {
    const data = lowRank(50, 5, 5);
    const widened = matrixOf(rowsOf(data).map((row) => [7, ...row, 0]));
    const [narrow, wide] = await Promise.all([
      new Pca({ components: 3 }).fit(data),
      new Pca({ components: 3 }).fit(widened),
    ]);
    rowsOf(wide.components).forEach((component, i) => {
      expect([component[0], component[6]]).toEqual([0, 0]);
      expectClose(component.slice(1, 6), rowsOf(narrow.components)[i]!, 1e-5);
    });
  });

  it('is the same after a round trip through JSON', async () => {
    const data = lowRank(40, 8, 8);
    const pca = await new Pca({ components: 3 }).fit(data);
    const text = JSON.stringify(pca);
    const loaded = Pca.fromJSON(JSON.parse(text));
    expect(JSON.stringify(loaded)).toBe(text);
    expect(await loaded.transform(data)).toEqual(await pca.transform(data));
  });

  it('refuses what it has not saved, or what was damaged, by name', async () => {
    const saved = (await new Pca({ components: 2 }).fit(lowRank(9, 4, 4))).toJSON();
    const { base64 } = saved.components;
    const damaged = base64.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    for (const [json, message] of [
      [{ hello: 1 }, /pca\.json: expected a model that this package saved/],
      [null, /pca\.json: expected a model/],
      [{ ...saved, version: 2 }, /pca\.json: expected version 1 .* got 2/],
      [{ ...saved, type: 'knn' }, /pca\.json: expected a saved pca, got a saved knn/],
      [resealed(saved, { components: undefined }), /numbers are missing/],
      [resealed(saved, { components: saved.mean }), /expected 8 numbers, got 4/],
      [{ ...saved, components: { ...saved.components, base64: damaged } }, /check sum/],
      [resealed(saved, { components: { ...saved.components, base64: '!' } }), /not base64/],
    ] as const) {
      expect(() => Pca.fromJSON(json, 'pca.json')).toThrow(message);
      expect(() => Pca.fromJSON(json, 'pca.json')).toThrow(DataFormatError);
    }
  });

  it('keeps no tensors', async () => {
    const before = tf.memory().numTensors;
    const pca = await new Pca({ components: 2 }).fit(lowRank(30, 6, 6));
    await pca.inverseTransform(await pca.transform(lowRank(30, 6, 6)));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what is wrong with its input', async () => {
    const data = lowRank(9, 4, 4);
    expect(() => new Pca({ components: 0 })).toThrow(/`components` .* got 0/);
    expect(() => new Pca().mean).toThrow(NotFittedError);
    await expect(new Pca({ components: 5 }).fit(data)).rejects.toThrow(/at most 4 for 9 rows of 4/);
    await expect(new Pca().fit(matrixOf([[1, 2]]))).rejects.toThrow(/at least 2 rows/);
    await expect(
      new Pca().fit(
        matrixOf([
          [1, 2],
          [1, 2],
        ]),
      ),
    ).rejects.toThrow(/differ from each/);
    const pca = await new Pca({ components: 2 }).fit(data);
    await expect(pca.transform(matrixOf([[1, 2, 3]]))).rejects.toThrow(ShapeError);
    await expect(pca.inverseTransform(data)).rejects.toThrow(/2 columns like there are comp/);
  });
});

function expectOrthonormal(components: Matrix): void {
  const rows = rowsOf(components);
  rows.forEach((a, i) => {
    rows.forEach((b, j) => {
      const product = a.reduce((sum, value, at) => sum + value * b[at]!, 0);
      expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-5);
    });
  });
}
