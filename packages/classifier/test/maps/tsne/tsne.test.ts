import {
  DataFormatError,
  InvalidArgumentError,
  NotFittedError,
  ShapeError,
} from '@nn-lab/core/errors';
import { encodeFloats } from '@nn-lab/core/models';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  exactNeighbors,
  KnnClassifier,
  type Matrix,
  matrixOf,
  Tsne,
  type TsneFitOptions,
  type TsneOptions,
  takeRows,
} from '../../../src/index.js';
import { threadHost, useBackend } from '../../../src/node.js';
import { resealed } from '../../fixtures.js';
import {
  clusters,
  digits,
  loadReference,
  nearestNeighborAccuracy,
  relativeError,
} from './support.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

const short = { iterations: 60, exaggerationIterations: 30, perplexity: 8 } as const;

describe('the gradient', () => {
  const reference = loadReference();
  const { rows, perplexity } = reference;
  const x = matrixOf(reference.x, reference.columns);
  const map = Float32Array.from(reference.map);

  async function startAt(initialization: Float32Array, options: TsneOptions) {
    return new Tsne({ perplexity, initialization, ...options }).start(x);
  }

  it.each([
    ['exact', 1e-4],
    ['barnes-hut', 5e-3],
    ['fft', 2e-2],
  ] as const)("is scikit-learn's, by %s repulsion", async (repulsion, limit) => {
    const run = await startAt(map, { repulsion, theta: 0.2 });
    expect(relativeError(run.gradient(), reference.gradient)).toBeLessThan(limit);
    expect(Math.abs(run.klDivergence() - reference.divergence)).toBeLessThan(limit / 10);
    run.dispose();
  });

  it('is the slope of the divergence', async () => {
    const run = await startAt(map, { repulsion: 'exact' });
    const gradient = run.gradient();
    run.dispose();
    for (let at = 0; at < gradient.length; at += 7) {
      const moved = (by: number) => {
        const other = Float64Array.from(map);
        other[at]! += by;
        return divergence(reference.joint, other);
      };
      const slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
      expect(Math.abs(gradient[at]! - slope)).toBeLessThan(1e-6);
    }
  });

  /** sum p log(p / q), in double precision. */
  function divergence(joint: readonly number[], points: Float64Array): number {
    let normalizer = 0;
    let total = 0;
    const near = (i: number, j: number) =>
      1 /
      (1 + (points[2 * i]! - points[2 * j]!) ** 2 + (points[2 * i + 1]! - points[2 * j + 1]!) ** 2);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        if (i === j) continue;
        normalizer += near(i, j);
        const p = joint[i * rows + j]!;
        if (p > 0) total += p * Math.log(p / near(i, j));
      }
    }
    return total + Math.log(normalizer);
  }
});

describe('a map', () => {
  it.each(['exact', 'barnes-hut', 'fft'] as const)(
    'parts clusters that started mixed, by %s repulsion',
    async (repulsion) => {
      const { x, labels } = clusters(300);
      const tsne = new Tsne({ initialization: 'random', repulsion, iterations: 500, threadHost });
      const run = await tsne.start(x);
      expect(nearestNeighborAccuracy(run.progress.readMap(), labels)).toBeLessThan(0.5);
      run.step(500);
      run.finish();
      run.dispose();
      expect(nearestNeighborAccuracy(tsne.map, labels)).toBeGreaterThan(0.95);
    },
  );

  it('of digits puts like to like, the better the lower its divergence', async () => {
    const { x, labels } = await digits(600);
    const seen: Parameters<NonNullable<TsneFitOptions['onProgress']>>[0][] = [];
    const tsne = await new Tsne({ iterations: 400, perplexity: 20, threadHost }).fit(x, {
      onProgress: (progress) => {
        if (progress.stage === 'map') seen.push(progress);
      },
    });
    expect(nearestNeighborAccuracy(tsne.map, labels)).toBeGreaterThan(0.8);
    expect(tsne.iterations).toBe(400);
    expect(seen.map(({ done }) => done)).toEqual([50, 100, 150, 200, 250, 300, 350, 400]);
    const after = seen.slice(5).map(({ klDivergence }) => klDivergence!);
    expect(after).toEqual([...after].sort((a, b) => b - a));
    expect(tsne.klDivergence).toBeLessThan(1.2);
  });

  it('is the same for the same seed on any number of threads, and another for another', async () => {
    const { x } = clusters(700, 4);
    for (const repulsion of ['exact', 'barnes-hut', 'fft'] as const) {
      const options = { ...short, repulsion, threadHost };
      const one = await new Tsne({ ...options, threads: 1 }).fit(x);
      const three = await new Tsne({ ...options, threads: 3 }).fit(x);
      expect(three.map.values).toEqual(one.map.values);
    }
    const random = { ...short, initialization: 'random' } as const;
    const first = await new Tsne({ ...random, seed: 1 }).fit(x);
    const again = await new Tsne({ ...random, seed: 1 }).fit(x);
    const other = await new Tsne({ ...random, seed: 2 }).fit(x);
    expect(again.map.values).toEqual(first.map.values);
    expect(other.map.values).not.toEqual(first.map.values);
  });

  it('made step by step is the one made at once', async () => {
    const { x } = clusters(120);
    const whole = await new Tsne(short).fit(x);
    const tsne = new Tsne(short);
    const run = await tsne.start(x);
    expect(() => tsne.map).toThrow(NotFittedError);
    const frames: Matrix[] = [];
    while (!run.isDone) frames.push(run.step(25).readMap());
    run.finish();
    run.dispose();
    expect(frames.length).toBe(3);
    expect(frames[0]!.values).not.toEqual(frames[1]!.values);
    expect(tsne.map.values).toEqual(whole.map.values);
    expect(tsne.klDivergence).toBe(whole.klDivergence);
  });

  it('can be stopped, and takes neighbors that are known', async () => {
    const { x } = clusters(120);
    const stop = new AbortController();
    const fit = new Tsne(short).fit(x, {
      iterationsBetweenProgress: 10,
      onProgress: ({ stage, done }) => {
        if (stage === 'map' && done === 20) stop.abort(new Error('enough'));
      },
      signal: stop.signal,
    });
    await expect(fit).rejects.toThrow('enough');
    const neighbors = await exactNeighbors(x, x, 25, { excludeSelf: true });
    const known = await new Tsne(short).fit(x, { neighbors });
    expect(known.map.values).toEqual((await new Tsne(short).fit(x)).map.values);
  });

  it('leaves no tensor behind', async () => {
    const { x } = clusters(120);
    await new Tsne(short).fit(x);
    const before = tf.memory().numTensors;
    const tsne = await new Tsne(short).fit(x);
    await tsne.transform(takeRows(x, [1, 2, 3]));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('each option reaches its place', () => {
  const { x } = clusters(90);
  const base: TsneOptions = {
    ...short,
    initialization: 'random',
    repulsion: 'exact',
    learningRate: 30,
  };
  const mapWith = async (options: TsneOptions) =>
    (await new Tsne({ ...base, ...options }).fit(x)).map.values;

  it.each<[string, TsneOptions]>([
    ['perplexity', { perplexity: 12 }],
    ['initialization', { initialization: 'pca' }],
    ['a given start', { initialization: Float32Array.from({ length: 180 }, (_, at) => at % 7) }],
    ['iterations', { iterations: 61 }],
    ['exaggerationIterations', { exaggerationIterations: 20 }],
    ['earlyExaggeration', { earlyExaggeration: 5 }],
    ['learningRate', { learningRate: 31 }],
    ['learningRate auto', { learningRate: 'auto' }],
    ['initialMomentum', { initialMomentum: 0.6 }],
    ['finalMomentum', { finalMomentum: 0.7 }],
    ['minimumGain', { minimumGain: 0.9 }],
    ['repulsion', { repulsion: 'barnes-hut' }],
    ['seed', { seed: 7 }],
  ])('%s', async (_, options) => {
    expect(await mapWith(options)).not.toEqual(await mapWith({}));
  });

  it('theta and gridSpacing, each with its method only', async () => {
    const tree = { repulsion: 'barnes-hut' } as const;
    expect(await mapWith({ ...tree, theta: 0.9 })).not.toEqual(await mapWith(tree));
    expect(await mapWith({ ...tree, gridSpacing: 0.5 })).toEqual(await mapWith(tree));
    const grid = { repulsion: 'fft' } as const;
    expect(await mapWith({ ...grid, gridSpacing: 0.5 })).not.toEqual(await mapWith(grid));
    expect(await mapWith({ ...grid, theta: 0.9 })).toEqual(await mapWith(grid));
  });

  it('patience and minimumGradientNorm end the work early', async () => {
    const restless = { ...base, iterations: 6000, learningRate: 3000 };
    const settled = await new Tsne({ ...restless, patience: 0 }).fit(x);
    expect(settled.iterations).toBeLessThan(6000);
    expect((await new Tsne({ ...restless, patience: 10_000 }).fit(x)).iterations).toBe(6000);
    const flat = await new Tsne({ ...base, iterations: 5000, minimumGradientNorm: 1 }).fit(x);
    expect(flat.iterations).toBe(50);
  });
});

describe('new rows', () => {
  it('land among their own kind, those of the map near their own place', async () => {
    const { x, labels } = await digits(700);
    const old = Array.from({ length: 600 }, (_, row) => row);
    const fresh = Array.from({ length: 100 }, (_, row) => 600 + row);
    const tsne = await new Tsne({ iterations: 500, threadHost }).fit(takeRows(x, old));
    const placed = await tsne.transform(takeRows(x, fresh));
    const judge = await new KnnClassifier({ k: 5 }).fit(tsne.map, labels.subarray(0, 600));
    const predicted = await judge.predict(placed);
    const right = fresh.filter((row, at) => labels[row] === predicted[at]).length;
    expect(right).toBeGreaterThan(75);

    const again = await tsne.transform(takeRows(x, old));
    const distances = old.map((row) =>
      Math.hypot(
        again.values[2 * row]! - tsne.map.values[2 * row]!,
        again.values[2 * row + 1]! - tsne.map.values[2 * row + 1]!,
      ),
    );
    const width = Math.max(...tsne.map.values) - Math.min(...tsne.map.values);
    expect(distances.sort((a, b) => a - b)[300]! / width).toBeLessThan(0.03);
  });

  it.each([400, 2100])('do not depend on each other, on a map of %i', async (rows) => {
    const { x } = clusters(rows + 20);
    const old = Array.from({ length: rows }, (_, row) => row);
    const tsne = await new Tsne({ ...short, threadHost }).fit(takeRows(x, old));
    const together = await tsne.transform(takeRows(x, [rows, rows + 1, rows + 2, rows + 3]));
    const alone = await tsne.transform(takeRows(x, [rows + 2]));
    expect(relativeError(alone.values, together.values.subarray(4, 6))).toBeLessThan(1e-3);
  });

  it('must be as wide as the others', async () => {
    const { x } = clusters(90);
    const tsne = await new Tsne(short).fit(x);
    await expect(tsne.transform(matrixOf([[1, 2]]))).rejects.toThrow(ShapeError);
    await expect(new Tsne().transform(x)).rejects.toThrow(NotFittedError);
    await expect(tsne.transform(x, { perplexity: 1000 })).rejects.toThrow(InvalidArgumentError);
  });
});

describe('a saved map', () => {
  it('places new rows like the one that was saved', async () => {
    const { x } = clusters(100);
    const tsne = await new Tsne(short).fit(
      takeRows(
        x,
        Array.from({ length: 90 }, (_, at) => at),
      ),
    );
    const fresh = takeRows(x, [90, 91, 92]);
    const loaded = Tsne.fromJSON(JSON.parse(JSON.stringify(tsne)));
    expect(loaded.map.values).toEqual(tsne.map.values);
    expect(loaded.klDivergence).toBe(tsne.klDivergence);
    expect((await loaded.transform(fresh)).values).toEqual((await tsne.transform(fresh)).values);
  });

  it('is refused by name when it is none, or damaged', async () => {
    const { x } = clusters(90);
    const saved = (await new Tsne(short).fit(x)).toJSON();
    for (const damaged of [
      null,
      {},
      { ...saved, type: 'umap' },
      resealed(saved, { rows: 89 }),
      resealed(saved, { map: { ...saved.map, base64: saved.values.base64 } }),
      resealed(saved, { figures: saved.map }),
      resealed(saved, { figures: encodeFloats(Float64Array.of(1, 1e-300)) }),
      resealed(saved, { figures: encodeFloats(Float64Array.of(1, 90 * 90 * 3)) }),
      resealed(saved, { metric: 'cosin' }),
    ]) {
      expect(() => Tsne.fromJSON(damaged, 'map.json')).toThrow(DataFormatError);
      expect(() => Tsne.fromJSON(damaged, 'map.json')).toThrow(/map\.json/);
    }
    expect(() => new Tsne().toJSON()).toThrow(NotFittedError);
  });
});

describe('bad input', () => {
  const { x } = clusters(40);

  it.each<[string, Matrix, RegExp]>([
    ['three rows', takeRows(x, [0, 1, 2]), /at least 4 rows/],
    ['too large a perplexity', takeRows(x, [0, 1, 2, 3, 4, 5, 6, 7]), /perplexity of at most 7/],
    ['NaN', { rows: 4, columns: 1, values: Float32Array.of(1, 2, Number.NaN, 3) }, /finite/],
  ])('is refused: %s', async (_, rows, message) => {
    await expect(new Tsne().fit(rows)).rejects.toThrow(message);
  });

  it.each<[string, TsneOptions]>([
    ['perplexity', { perplexity: 0 }],
    ['iterations', { iterations: 0 }],
    ['earlyExaggeration', { earlyExaggeration: 0.5 }],
    ['learningRate', { learningRate: 0 }],
    ['finalMomentum', { finalMomentum: 1 }],
    ['repulsion', { repulsion: 'magic' as 'exact' }],
    ['initialization', { initialization: 'spectral' as 'pca' }],
    ['theta', { theta: -1 }],
    ['gridSpacing', { gridSpacing: 0 }],
    ['seed', { seed: 1.5 }],
    ['threads', { threads: 0 }],
  ])('is refused: %s out of its range', (name, options) => {
    expect(() => new Tsne(options)).toThrow(InvalidArgumentError);
    expect(() => new Tsne(options)).toThrow(new RegExp(name));
  });

  it('is refused: a start or neighbors of another size', async () => {
    const start = new Tsne({ ...short, initialization: new Float32Array(7) }).fit(x);
    await expect(start).rejects.toThrow(ShapeError);
    const neighbors = { indices: new Int32Array(41), distances: new Float32Array(41) };
    await expect(new Tsne(short).fit(x, { neighbors })).rejects.toThrow(ShapeError);
    const own = { indices: new Int32Array(400), distances: new Float32Array(400) };
    await expect(new Tsne(short).fit(x, { neighbors: own })).rejects.toThrow(/other rows/);
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
      const perplexity = Math.min(8, rows.rows - 1);
      const { map } = await new Tsne({ ...short, iterations: 200, perplexity }).fit(rows);
      expect(map.values.every(Number.isFinite)).toBe(true);
      expect(new Set(map.values).size).toBeGreaterThan(rows.rows);
    }
  });
});
