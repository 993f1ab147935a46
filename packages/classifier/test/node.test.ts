import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFormatError } from '@nn-lab/core/errors';
import type { FittedModel } from '@nn-lab/core/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  classifierKinds,
  KnnClassifier,
  loadFitted,
  mapKinds,
  NearestMeanClassifier,
  Pca,
  SvmClassifier,
  saveFitted,
  Tsne,
  Umap,
  useBackend,
} from '../src/node.js';
import { labels, train } from './fixtures.js';

let folder: string;
beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'nn-classifier-fitted-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const makers: Record<string, () => Promise<FittedModel>> = {
  pca: () => new Pca({ components: 2 }).fit(train),
  tsne: () => new Tsne({ perplexity: 10, iterations: 60, exaggerationIterations: 20 }).fit(train),
  umap: () => new Umap({ epochs: 20 }).fit(train),
  'nearest mean': () => new NearestMeanClassifier().fit(train, labels),
  'k-NN': () => new KnnClassifier().fit(train, labels),
  svm: () => new SvmClassifier().fit(train, labels),
};

const kinds = [...mapKinds, ...classifierKinds];

describe('saveFitted and loadFitted', () => {
  it.each(Object.keys(makers))('keep what was fitted: %s', async (name) => {
    const fitted = await makers[name]!();
    const file = join(folder, 'new', `${name}.json`);
    await saveFitted(fitted, file);
    const loaded = await loadFitted(file, kinds);
    expect(loaded).toBeInstanceOf(fitted.constructor);
    expect(JSON.stringify(loaded)).toBe(JSON.stringify(fitted));
  });

  it('refuse a file that is foreign, cut short or absent, by name', async () => {
    const file = join(folder, 'model.json');
    await saveFitted(await new NearestMeanClassifier().fit(train, labels), file);
    const text = await readFile(file, 'utf8');
    for (const [content, message] of [
      [text.slice(0, -20), /in JSON/],
      ['', /in JSON/],
      ['[1, 2]', /a model that this package saved/],
      [text.replace('nearest-mean', 'oracle'), /got a saved oracle/],
      [text.replace('"version":1', '"version":9'), /version 1 of the format, got 9/],
    ] as const) {
      await writeFile(file, content);
      await expect(loadFitted(file, kinds)).rejects.toThrow(message);
      await expect(loadFitted(file, kinds)).rejects.toThrow(file);
      await expect(loadFitted(file, kinds)).rejects.toThrow(DataFormatError);
    }
    await expect(loadFitted(join(folder, 'absent.json'), kinds)).rejects.toThrow(
      /absent\.json, but it cannot be read: there is no such file/,
    );
  });

  it('save nothing that was not fitted', async () => {
    await expect(saveFitted(new Pca(), join(folder, 'x.json'))).rejects.toThrow(/call fit first/);
  });
});
