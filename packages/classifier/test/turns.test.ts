import type { Progress, WorkOptions } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  approximateNeighbors,
  continuity,
  crossValidate,
  exactNeighbors,
  KnnClassifier,
  type Matrix,
  mapQuality,
  NearestMeanClassifier,
  neighborRecall,
  Pca,
  SvmClassifier,
  selectClassifier,
  Tsne,
  trustworthiness,
  Umap,
} from '../src/index.js';
import { clusters } from './maps/tsne/support.js';

const { x, labels } = clusters(96, 3);
const wide: Matrix = {
  rows: 8,
  columns: 1200,
  values: new Float32Array(9600).map((_, i) => i % 7),
};
const broad: Matrix = {
  rows: 240,
  columns: 120,
  values: new Float32Array(28_800).map((_, i) => (i * i) % 251),
};
const knn = new KnnClassifier();
const plane = new SvmClassifier({ kernel: 'linear' });
const svm = new SvmClassifier();
const mean = new NearestMeanClassifier();
const pca = new Pca({ components: 2 });
const tsne = new Tsne({ iterations: 20, perplexity: 5 });
const umap = new Umap({ epochs: 10, neighbors: 5 });
let map: Matrix;

beforeAll(async () => {
  for (const classifier of [knn, plane, svm, mean]) await classifier.fit(x, labels);
  await pca.fit(x);
  await tsne.fit(x);
  await umap.fit(x);
  map = umap.map;
});

afterEach(() => vi.restoreAllMocks());

/** Makes each look at the clock come 20 ms after the last, so that a turn is due at every chance. */
function hasten() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
}

const works: Record<string, (options: WorkOptions) => Promise<unknown>> = {
  exactNeighbors: (options) => exactNeighbors(x, x, 3, options),
  'approximateNeighbors, exact': (options) => approximateNeighbors(x, 3, options),
  approximateNeighbors: (options) => approximateNeighbors(x, 3, { components: 1, ...options }),
  'KnnClassifier.predict': (options) => knn.predict(x, options),
  'KnnClassifier.probabilities': (options) => knn.probabilities(x, options),
  'KnnClassifier.neighbors': (options) => knn.neighbors(x, options),
  'KnnClassifier.predict by ml-knn': async (options) =>
    (await new KnnClassifier({ engine: 'ml-knn' }).fit(x, labels)).predict(x, options),
  'SvmClassifier.fit': async (options) =>
    (await new SvmClassifier().fit(x, labels, options)).toJSON(),
  'SvmClassifier.predict': (options) => svm.predict(x, options),
  'SvmClassifier.decisions of planes': (options) => plane.decisions(x, options),
  'NearestMeanClassifier.fit': async (options) =>
    (await new NearestMeanClassifier().fit(x, labels, options)).toJSON(),
  'NearestMeanClassifier.predict': (options) => mean.predict(x, options),
  'Pca.fit': async (options) => (await new Pca().fit(x, options)).toJSON(),
  'Pca.fit of wide rows': async (options) => (await new Pca().fit(wide, options)).toJSON(),
  'Pca.fit of a few leading components': async (options) =>
    (await new Pca({ components: 4 }).fit(broad, options)).toJSON(),
  'Pca.transform': (options) => pca.transform(x, options),
  'Pca.inverseTransform': async (options) => pca.inverseTransform(await pca.transform(x), options),
  'Tsne.fit': async (options) =>
    (await new Tsne({ iterations: 20, perplexity: 5 }).fit(x, options)).toJSON(),
  'Tsne.fit by FFT': async (options) =>
    (await new Tsne({ iterations: 4, perplexity: 5, repulsion: 'fft' }).fit(x, options)).toJSON(),
  'Tsne.transform': (options) => tsne.transform(x, options),
  'Umap.fit': async (options) =>
    (await new Umap({ epochs: 10, neighbors: 5 }).fit(x, options)).toJSON(),
  'Umap.fit by umap-js': async (options) =>
    (await new Umap({ epochs: 10, neighbors: 5, engine: 'umap-js' }).fit(x, options)).toJSON(),
  'Umap.transform': (options) => umap.transform(x, options),
  mapQuality: (options) => mapQuality(x, map, options),
  trustworthiness: (options) => trustworthiness(x, map, options),
  continuity: (options) => continuity(x, map, options),
  neighborRecall: (options) => neighborRecall(x, map, options),
  crossValidate: (options) => crossValidate(() => new SvmClassifier(), x, labels, options),
  selectClassifier: async (options) => {
    const create = () => new NearestMeanClassifier();
    const [best] = await selectClassifier([{ name: 'mean', create }], x, labels, options);
    return best!.result;
  },
};

describe.each(Object.entries(works))('%s', (_, run) => {
  it('gives others a turn, in which they can stop it, and leaves no tensor behind', async () => {
    await run({});
    const before = tf.memory().numTensors;
    hasten();
    const reason = new Error('enough');
    const stop = new AbortController();
    setImmediate(() => stop.abort(reason));
    await expect(run({ signal: stop.signal })).rejects.toBe(reason);
    await expect(run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('comes to the same in the smallest parts, and tells how far it is', async () => {
    const whole = await run({});
    hasten();
    const told: Progress[] = [];
    expect(await run({ onProgress: (progress) => void told.push(progress) })).toEqual(whole);
    expect(told.length).toBeGreaterThan(0);
    for (const [index, { stage, done, total }] of told.entries()) {
      expect(stage).toMatch(/./);
      expect(done).toBeGreaterThanOrEqual(0);
      expect(done).toBeLessThanOrEqual(total);
      const last = told[index - 1];
      if (last?.stage === stage && last.done < last.total) {
        expect(done).toBeGreaterThanOrEqual(last.done);
      }
    }
    const end = told.at(-1)!;
    expect(end.done).toBe(end.total);
  });

  it('hands on what a listener throws', async () => {
    const onProgress = () => {
      throw new RangeError('of the caller');
    };
    await expect(run({ onProgress })).rejects.toThrow(new RangeError('of the caller'));
  });
});

it('leaves what was fitted before a stopped fit as it was', async () => {
  const others = clusters(60, 2);
  const fitted = [
    await new SvmClassifier().fit(x, labels),
    await new NearestMeanClassifier().fit(x, labels),
    await new Pca({ components: 2 }).fit(x),
    await new Tsne({ iterations: 20, perplexity: 5 }).fit(x),
    await new Umap({ epochs: 10, neighbors: 5 }).fit(x),
  ];
  hasten();
  for (const one of fitted) {
    const before = JSON.stringify(one);
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    const { signal } = stop;
    const fit =
      'predict' in one
        ? one.fit(others.x, others.labels, { signal })
        : one.fit(others.x, { signal });
    await expect(fit).rejects.toThrow('aborted');
    expect(JSON.stringify(one)).toBe(before);
  }
});
