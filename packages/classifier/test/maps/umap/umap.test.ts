import { readFileSync } from 'node:fs';
import {
  DataFormatError,
  InvalidArgumentError,
  NotFittedError,
  ShapeError,
} from '@nn-lab/core/errors';
import { Work } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  exactNeighbors,
  KnnClassifier,
  type Matrix,
  mapQuality,
  matrixOf,
  takeRows,
  Umap,
  type UmapOptions,
} from '../../../src/index.js';
import { fitCurve } from '../../../src/maps/umap/curve.js';
import { memberships, neighborGraph } from '../../../src/maps/umap/memberships.js';
import { threadHost, useBackend } from '../../../src/node.js';
import { resealed } from '../../fixtures.js';
import { clusters, digits, nearestNeighborAccuracy, relativeError } from '../tsne/support.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

/** Values that umap-learn computed: see fixtures/generate.py. */
const reference = JSON.parse(
  readFileSync(new URL('./fixtures/umap-learn.json', import.meta.url), 'utf8'),
);
const short = { epochs: 30, neighbors: 8 } as const;

describe('the graph', () => {
  it("is umap-learn's, with a duplicate among the rows", async () => {
    const { rows, neighbors } = reference;
    const indices = Int32Array.from(reference.indices as number[]);
    const distances = Float32Array.from(reference.distances as number[]);
    const shares = await memberships(distances, neighbors - 1, 1, new Work());
    const graph = await neighborGraph(shares, { indices }, rows, new Work());
    const dense = new Float64Array(rows * rows);
    for (let row = 0; row < rows; row++) {
      for (let at = graph.starts[row]!; at < graph.starts[row + 1]!; at++) {
        dense[row * rows + graph.columns[at]!]! += graph.values[at]!;
      }
    }
    expect(dense.filter((value) => value > 0).length).toBeGreaterThan(rows * (neighbors - 1));
    for (let at = 0; at < dense.length; at++) {
      expect(Math.abs(dense[at]! - reference.graph[at])).toBeLessThan(1e-4);
    }
  });

  it('holds where all neighbors are at distance 0', async () => {
    expect(Array.from(await memberships(new Float32Array(10), 5, 1, new Work()))).toEqual(
      new Array(10).fill(1),
    );
  });
});

describe('the curve', () => {
  it.each(reference.curves as Record<'spread' | 'minimumDistance' | 'a' | 'b', number>[])(
    "is umap-learn's for spread $spread and minimum distance $minimumDistance",
    ({ spread, minimumDistance, a, b }) => {
      const curve = fitCurve(minimumDistance, spread);
      expect(curve.a / a).toBeCloseTo(1, 3);
      expect(curve.b / b).toBeCloseTo(1, 3);
    },
  );
});

describe('a map', () => {
  it('parts clusters that started mixed', async () => {
    const { x, labels } = clusters(300);
    const umap = new Umap({ initialization: 'random' });
    const run = await umap.start(x);
    expect(nearestNeighborAccuracy(run.progress.readMap(), labels)).toBeLessThan(0.5);
    run.step(500);
    run.finish();
    run.dispose();
    expect(nearestNeighborAccuracy(umap.map, labels)).toBeGreaterThan(0.95);
  });

  it('of digits keeps neighbors as well as that of umap-js', async () => {
    const { x, labels } = await digits(500);
    const own = await new Umap().fit(x);
    const other = await new Umap({ engine: 'umap-js', negativeSamples: 5 }).fit(x);
    const quality = await mapQuality(x, own.map);
    const otherQuality = await mapQuality(x, other.map);
    expect(quality.trustworthiness).toBeGreaterThan(otherQuality.trustworthiness - 0.005);
    expect(quality.recall).toBeGreaterThan(otherQuality.recall - 0.02);
    expect(nearestNeighborAccuracy(own.map, labels)).toBeGreaterThan(
      nearestNeighborAccuracy(other.map, labels) - 0.04,
    );
  });

  it('is the same for the same seed, and another for another', async () => {
    const { x } = clusters(200);
    const mapOf = async (options: UmapOptions) =>
      (await new Umap({ ...short, ...options }).fit(x)).map;
    for (const engine of ['simd', 'umap-js'] as const) {
      const first = await mapOf({ engine, seed: 1 });
      expect(await mapOf({ engine, seed: 1, threadHost, threads: 3 })).toEqual(first);
      expect(await mapOf({ engine, seed: 2 })).not.toEqual(first);
    }
  });

  it('made step by step is the one made at once, and can be stopped', async () => {
    const { x } = clusters(120);
    const umap = new Umap(short);
    const run = await umap.start(x);
    expect(() => umap.map).toThrow(NotFittedError);
    while (!run.isDone) run.step(7);
    run.finish();
    run.dispose();
    const epochs: number[] = [];
    const whole = await new Umap(short).fit(x, {
      onProgress: ({ stage, done }) => {
        if (stage === 'map') epochs.push(done);
      },
      epochsBetweenProgress: 12,
    });
    expect(umap.map).toEqual(whole.map);
    expect(epochs).toEqual([12, 24, 30]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(new Umap(short).fit(x, { signal })).rejects.toThrow('enough');
  });

  it('takes neighbors that are known', async () => {
    const { x } = clusters(120);
    const neighbors = await exactNeighbors(x, x, 7, { excludeSelf: true });
    const known = await new Umap(short).fit(x, { neighbors });
    expect(known.map).toEqual((await new Umap(short).fit(x)).map);
  });

  it('leaves no tensor behind', async () => {
    const { x } = clusters(120);
    await new Umap(short).fit(x);
    const before = tf.memory().numTensors;
    const umap = await new Umap(short).fit(x);
    await umap.transform(takeRows(x, [1, 2, 3]));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('each option reaches its place', () => {
  const { x } = clusters(90);
  const mapWith = async (options: UmapOptions) =>
    (await new Umap({ ...short, ...options }).fit(x)).map;

  it.each<[string, UmapOptions]>([
    ['neighbors', { neighbors: 9 }],
    ['minimumDistance', { minimumDistance: 0.3 }],
    ['minimumDistance 0', { minimumDistance: 0 }],
    ['spread', { spread: 1.5 }],
    ['epochs', { epochs: 31 }],
    ['learningRate', { learningRate: 0.9 }],
    ['repulsionStrength', { repulsionStrength: 1.1 }],
    ['repulsionStrength 0', { repulsionStrength: 0 }],
    ['negativeSamples', { negativeSamples: 4 }],
    ['initialization', { initialization: 'random' }],
    ['a given start', { initialization: Float32Array.from({ length: 180 }, (_, at) => at % 7) }],
    ['engine', { engine: 'umap-js' }],
    ['seed', { seed: 7 }],
  ])('%s', async (_, options) => {
    expect(await mapWith(options)).not.toEqual(await mapWith({}));
  });
});

describe('new rows', () => {
  it('land among their own kind, those of the map near their own place', async () => {
    const { x, labels } = await digits(700);
    const old = Array.from({ length: 600 }, (_, row) => row);
    const fresh = Array.from({ length: 100 }, (_, row) => 600 + row);
    const umap = await new Umap().fit(takeRows(x, old));
    const placed = await umap.transform(takeRows(x, fresh));
    const judge = await new KnnClassifier({ k: 5 }).fit(umap.map, labels.subarray(0, 600));
    const predicted = await judge.predict(placed);
    expect(fresh.filter((row, at) => labels[row] === predicted[at]).length).toBeGreaterThan(75);

    const again = await umap.transform(takeRows(x, old));
    const distances = old.map((row) =>
      Math.hypot(
        again.values[2 * row]! - umap.map.values[2 * row]!,
        again.values[2 * row + 1]! - umap.map.values[2 * row + 1]!,
      ),
    );
    const width = Math.max(...umap.map.values) - Math.min(...umap.map.values);
    expect(distances.sort((a, b) => a - b)[300]! / width).toBeLessThan(0.05);
  });

  it('do not depend on each other, nor on the threads', async () => {
    const { x } = clusters(320);
    const old = Array.from({ length: 300 }, (_, row) => row);
    const umap = await new Umap(short).fit(takeRows(x, old));
    const threaded = await new Umap({ ...short, threadHost, threads: 3 }).fit(takeRows(x, old));
    const fresh = takeRows(x, [300, 301, 302, 303]);
    const together = await umap.transform(fresh);
    const alone = await umap.transform(takeRows(x, [302]));
    expect(relativeError(alone.values, together.values.subarray(4, 6))).toBeLessThan(1e-3);
    expect(await threaded.transform(fresh)).toEqual(together);
    expect(await umap.transform(fresh, { epochs: 5 })).not.toEqual(together);
  });

  it('must be as wide as the others', async () => {
    const { x } = clusters(90);
    const umap = await new Umap(short).fit(x);
    await expect(umap.transform(matrixOf([[1, 2]]))).rejects.toThrow(ShapeError);
    await expect(new Umap().transform(x)).rejects.toThrow(NotFittedError);
  });
});

describe('a saved map', () => {
  it('places new rows like the one that was saved', async () => {
    const { x } = clusters(100);
    const umap = await new Umap({ ...short, minimumDistance: 0.3, seed: 9 }).fit(x);
    const loaded = Umap.fromJSON(JSON.parse(JSON.stringify(umap)));
    expect(loaded.map).toEqual(umap.map);
    const fresh = takeRows(clusters(200).x, [150, 160]);
    expect(await loaded.transform(fresh)).toEqual(await umap.transform(fresh));
  });

  it('takes no more neighbors than there are rows, whatever a file says', async () => {
    const { x } = clusters(90);
    const umap = await new Umap(short).fit(x);
    const saved = umap.toJSON();
    const options = { ...saved.options, neighbors: 2 ** 50 };
    const placed = await Umap.fromJSON(resealed(saved, { options })).transform(x, { epochs: 2 });
    const all = resealed(saved, { options: { ...options, neighbors: 90 } });
    expect(placed).toEqual(await Umap.fromJSON(all).transform(x, { epochs: 2 }));
  });

  it('is refused by name when it is none, or damaged', async () => {
    const saved = (await new Umap(short).fit(clusters(90).x)).toJSON();
    for (const damaged of [
      undefined,
      { ...saved, type: 'tsne' },
      resealed(saved, { options: { ...saved.options, negativeSamples: 1e9 } }),
      resealed(saved, { rows: 91 }),
      resealed(saved, { map: saved.values }),
      resealed(saved, { options: undefined }),
      resealed(saved, { options: { ...saved.options, spread: 'wide' } }),
    ]) {
      expect(() => Umap.fromJSON(damaged, 'map.json')).toThrow(DataFormatError);
      expect(() => Umap.fromJSON(damaged, 'map.json')).toThrow(/map\.json/);
    }
  });
});

describe('bad input', () => {
  const { x } = clusters(40);

  it.each<[string, Matrix, RegExp]>([
    ['three rows', takeRows(x, [0, 1, 2]), /at least 4 rows/],
    ['more neighbors than rows', takeRows(x, [0, 1, 2, 3, 4, 5]), /at most 6 neighbors/],
    ['NaN', { rows: 4, columns: 1, values: Float32Array.of(1, 2, Number.NaN, 3) }, /finite/],
  ])('is refused: %s', async (_, rows, message) => {
    await expect(new Umap().fit(rows)).rejects.toThrow(message);
  });

  it.each<[string, UmapOptions]>([
    ['neighbors', { neighbors: 1 }],
    ['minimumDistance', { minimumDistance: 2 }],
    ['spread', { spread: 0 }],
    ['epochs', { epochs: 0 }],
    ['learningRate', { learningRate: 0 }],
    ['repulsionStrength', { repulsionStrength: -1 }],
    ['negativeSamples', { negativeSamples: 0 }],
    ['engine', { engine: 'magic' as 'simd' }],
    ['initialization', { initialization: 'spectral' as 'pca' }],
    ['seed', { seed: -1 }],
    ['threads', { threads: 0 }],
  ])('is refused: %s out of its range', (name, options) => {
    expect(() => new Umap(options)).toThrow(InvalidArgumentError);
    expect(() => new Umap(options)).toThrow(new RegExp(name));
  });

  it('that is poor but possible gives a finite map: duplicates, one feature, four rows', async () => {
    const duplicates = matrixOf(
      new Float32Array(400).map((_, at) => Math.floor(at / 200)),
      4,
    );
    const same = matrixOf(new Float32Array(120).fill(1), 3);
    const narrow = matrixOf(
      Float32Array.from({ length: 50 }, (_, at) => at),
      1,
    );
    for (const rows of [duplicates, same, narrow, takeRows(x, [0, 1, 2, 3])]) {
      const neighbors = Math.min(8, rows.rows);
      const { map } = await new Umap({ neighbors }).fit(rows);
      expect(map.values.every(Number.isFinite)).toBe(true);
      expect(new Set(map.values).size).toBeGreaterThan(rows.rows);
    }
  });
});
