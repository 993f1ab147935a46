import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotFittedError } from '@nn-lab/core/errors';
import type { Classifier, ClassifierKind } from '@nn-lab/core/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// Not a dependency: a classifier of another package stands in for those of this one.
import { Perceptron } from '../../../perceptron/src/index.js';
import { readTrained, trainedText } from '../../src/node/trained-classifier.js';
import {
  classifierKinds,
  crossValidate,
  KnnClassifier,
  loadFitted,
  NearestMeanClassifier,
  SvmClassifier,
  saveFitted,
  useBackend,
} from '../../src/node.js';
import { labels, test, train } from '../fixtures.js';

let folder: string;
beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'nn-classifier-contract-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const kinds: readonly ClassifierKind[] = [...classifierKinds, Perceptron];

/** Every classifier, as nothing but a classifier. */
const makers: readonly [string, () => Classifier][] = [
  ['nearest mean', () => new NearestMeanClassifier()],
  ['k-NN', () => new KnnClassifier()],
  ['SVM', () => new SvmClassifier()],
  ['perceptron', () => new Perceptron()],
];

describe.each(makers)('%s', (name, create) => {
  it('is judged by cross-validation', async () => {
    const { accuracy } = await crossValidate(create, train, labels, { folds: 3 });
    expect(accuracy).toBeGreaterThan(0.5);
  });

  it('predicts the class of the largest score', async () => {
    const classifier = await create().fit(train, labels);
    const scores = await classifier.scores(test);
    const { classCount, featureCount } = classifier;
    expect([classCount, featureCount]).toEqual([Math.max(...labels) + 1, train.columns]);
    expect([scores.rows, scores.columns]).toEqual([test.rows, classCount]);
    const best = Array.from({ length: test.rows }, (_, row) => {
      const own = scores.values.subarray(row * classCount, (row + 1) * classCount);
      return own.indexOf(Math.max(...own));
    });
    expect(Array.from(await classifier.predict(test))).toEqual(best);
  });

  it('is loaded as what it is, whichever it is', async () => {
    const classifier = await create().fit(train, labels);
    const file = join(folder, `${name}.json`);
    await saveFitted(classifier, file);
    const loaded: Classifier = await loadFitted(file, kinds);
    expect(loaded).toBeInstanceOf(classifier.constructor);
    expect(await loaded.predict(test)).toEqual(await classifier.predict(test));
  });

  it('is what the commands keep and find again', async () => {
    const classifier = await create().fit(train, labels);
    const file = join(folder, `${name}-trained.json`);
    const shape = [1, train.columns, 1] as const;
    const text = trainedText(classifier, {
      x: train,
      labels: Int32Array.from(labels),
      classNames: ['a', 'b', 'c'],
      shape,
      range: [0, 1],
    });
    await writeFile(file, text);
    const trained = await readTrained(file, kinds);
    expect(await trained.classifier.predict(test)).toEqual(await classifier.predict(test));
  });

  it('forgets what it learned when it is disposed of', async () => {
    const classifier = await create().fit(train, labels);
    classifier.dispose();
    await expect(classifier.predict(test)).rejects.toThrow(NotFittedError);
    expect(() => classifier.classCount).toThrow(NotFittedError);
    expect(() => classifier.toJSON()).toThrow(NotFittedError);
  });
});
