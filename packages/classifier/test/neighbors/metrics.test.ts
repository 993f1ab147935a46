import { parseFitted } from '@nn-lab/core/models';
import { createRandom } from '@nn-lab/core/random';
import { beforeAll, describe, expect, it } from 'vitest';
import { classifierKinds, mapKinds } from '../../src/fitted.js';
import {
  approximateNeighbors,
  exactNeighbors,
  KnnClassifier,
  type Metric,
  mapQuality,
  matrixOf,
  Tsne,
  trustworthiness,
  Umap,
} from '../../src/index.js';
import { useBackend } from '../../src/node.js';
import { labels, rowsOf, sklearn, test, train } from '../fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

interface MetricReference {
  readonly metric: Metric;
  readonly distances: number[][];
  readonly indices: number[][];
  readonly predicted: number[];
  readonly trustworthiness: number;
}

const definitions: Readonly<Record<Metric, (a: number[], b: number[]) => number>> = {
  euclidean: (a, b) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0)),
  manhattan: (a, b) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0),
  cosine: (a, b) => {
    const product = (c: number[], d: number[]) =>
      c.reduce((sum, value, i) => sum + value * d[i]!, 0);
    return 1 - product(a, b) / Math.sqrt(product(a, a) * product(b, b));
  },
  correlation: (a, b) => {
    const centered = (row: number[]) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      return row.map((value) => value - mean);
    };
    return definitions.cosine(centered(a), centered(b));
  },
};

describe.each(sklearn.metrics as MetricReference[])('the metric $metric', (expected) => {
  const { metric } = expected;

  it('finds the neighbors that scikit-learn finds', async () => {
    const { indices, distances } = await exactNeighbors(train, test, 7, { metric });
    expect([...indices]).toEqual(expected.indices.flat());
    expected.distances.flat().forEach((distance, at) => {
      expect(distances[at]).toBeCloseTo(distance, 5);
    });
  });

  it('classifies as scikit-learn does, also after saving', async () => {
    const options = { k: 5, weights: 'distance', metric } as const;
    const knn = await new KnnClassifier(options).fit(train, labels);
    expect([...(await knn.predict(test))]).toEqual(expected.predicted);
    const loaded = parseFitted(JSON.stringify(knn), 'saved', [
      ...mapKinds,
      ...classifierKinds,
    ]) as KnnClassifier;
    expect([...(await loaded.predict(test))]).toEqual(expected.predicted);
    expect(() => new KnnClassifier({ engine: 'ml-knn', metric })).toThrow(/metric 'euclidean'/);
  });

  it('judges a map as scikit-learn does', async () => {
    const map = matrixOf(sklearn.map);
    const found = await trustworthiness(train, map, { k: 5, metric });
    expect(found).toBeCloseTo(expected.trustworthiness, 10);
    expect((await mapQuality(train, map, { k: 5, metric })).trustworthiness).toBe(found);
  });

  it('chooses neighbors for maps, exactly of narrow rows', async () => {
    const wanted = await exactNeighbors(train, train, 6, { metric, excludeSelf: true });
    expect(await approximateNeighbors(train, 6, { metric })).toEqual(wanted);
    const random = createRandom(3).fork('metrics');
    const wide = Array.from({ length: 200 }, (_, row) =>
      Array.from({ length: 80 }, (_, column) => random.normal() + (column % 4 === row % 4 ? 2 : 0)),
    );
    const found = await approximateNeighbors(matrixOf(wide), 10, { metric, candidates: 6 });
    let right = 0;
    wide.forEach((row, i) => {
      const distances = wide.map((other) => definitions[metric](row, other));
      const near = [...wide.keys()]
        .filter((other) => other !== i)
        .sort((a, b) => distances[a]! - distances[b]!);
      for (let at = 10 * i; at < 10 * (i + 1); at++) {
        expect(found.distances[at]).toBeCloseTo(distances[found.indices[at]!]!, 5);
        if (near.slice(0, 10).includes(found.indices[at]!)) right++;
      }
    });
    expect(right / 2000).toBeGreaterThan(0.9);
  });

  it.each([
    ['UMAP', () => new Umap({ metric, neighbors: 8, epochs: 60 })],
    ['t-SNE', () => new Tsne({ metric, perplexity: 8, iterations: 300 })],
  ])('makes and keeps a map by %s', async (_, make) => {
    const map = await make().fit(train);
    const { trustworthiness } = await mapQuality(train, map.map, { metric });
    expect(trustworthiness).toBeGreaterThan(0.85);
    const loaded = parseFitted(JSON.stringify(map), 'saved', [
      ...mapKinds,
      ...classifierKinds,
    ]) as Umap;
    const placed = await loaded.transform(train);
    expect(placed).toEqual(await map.transform(train));
    const away = rowsOf(placed).map((row, i) => definitions.euclidean(row, rowsOf(map.map)[i]!));
    const across = rowsOf(placed).map((row) => definitions.euclidean(row, rowsOf(map.map)[0]!));
    expect(away.toSorted((a, b) => a - b)[60]!).toBeLessThan(Math.max(...across) / 8);
  });
});

describe('directions', () => {
  it.each<[Metric, number[][], number[]]>([
    [
      'cosine',
      [
        [1, 2],
        [2, 4],
        [0, 0],
        [0, 0],
        [-1, -2],
        [1e-30, 2e-30],
        [1e30, 2e30],
      ],
      [0, 0, 1, 1, 2, 0, 0],
    ],
    [
      'correlation',
      [
        [1, 2, 3],
        [10, 20, 30],
        [0.1, 0.1, 0.1],
        [7, 7, 7],
        [3, 2, 1],
        [1e8, 1e8 + 1, 1e8 + 2],
      ],
      [0, 0, 1, 1, 2, 0],
    ],
  ])('by %s: any length, opposite ones, and none', async (metric, rows, expected) => {
    const x = matrixOf(rows);
    const { indices, distances } = await exactNeighbors(x, x, rows.length, { metric });
    expected.forEach((distance, row) => {
      const at = indices.subarray(0, rows.length).indexOf(row);
      expect(distances[at]).toBeCloseTo(distance, 12);
    });
    const none = indices.subarray(2 * rows.length, 2 * rows.length + 2);
    expect([...none].sort()).toEqual([2, 3]);
    expect(distances[2 * rows.length + 1]).toBe(0);
  });

  it('tell apart what single precision would not', async () => {
    const x = matrixOf([0, 3e-9, 1e-9, 2e-9].map((angle) => [Math.cos(angle), Math.sin(angle)]));
    const { indices } = await exactNeighbors(x, x, 4, { metric: 'cosine' });
    expect([...indices.subarray(0, 4)]).toEqual([0, 2, 3, 1]);
  });

  it('refuse a metric that there is not', async () => {
    await expect(exactNeighbors(train, test, 1, { metric: 'cosin' as Metric })).rejects.toThrow(
      /`metric`.*cosine.*got/,
    );
  });
});
