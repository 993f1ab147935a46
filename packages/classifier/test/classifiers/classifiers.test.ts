import { DataFormatError, NotFittedError, ShapeError } from '@nn-lab/core/errors';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Classifier,
  KnnClassifier,
  matrixOf,
  NearestMeanClassifier,
  SvmClassifier,
} from '../../src/index.js';
import { useBackend } from '../../src/node.js';
import { labels, test, train } from '../fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

const kinds = [
  {
    name: 'nearest mean',
    create: () => new NearestMeanClassifier(),
    load: NearestMeanClassifier.fromJSON,
  },
  { name: 'k-NN', create: () => new KnnClassifier(), load: KnnClassifier.fromJSON },
  {
    name: 'k-NN by distance',
    create: () => new KnnClassifier({ k: 5, weights: 'distance' }),
    load: KnnClassifier.fromJSON,
  },
  {
    name: 'ml-knn',
    create: () => new KnnClassifier({ engine: 'ml-knn' }),
    load: KnnClassifier.fromJSON,
  },
  {
    name: 'linear SVM',
    create: () => new SvmClassifier({ kernel: 'linear' }),
    load: SvmClassifier.fromJSON,
  },
  { name: 'RBF SVM', create: () => new SvmClassifier(), load: SvmClassifier.fromJSON },
] satisfies {
  name: string;
  create(): Classifier;
  load(json: unknown, source?: string): Classifier;
}[];

describe.each(kinds)('$name', ({ create, load }) => {
  it('tells apart what lies apart, the constant feature aside', async () => {
    const rows = [
      [0, 0, 9],
      [0, 1, 9],
      [1, 0, 9],
      [8, 8, 9],
      [8, 9, 9],
      [9, 8, 9],
    ];
    const classifier = await create().fit(
      matrixOf([...rows, ...rows]),
      [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1],
    );
    const predicted = await classifier.predict(
      matrixOf([
        [1, 1, 9],
        [7, 7, 9],
        [0, 0, 9],
      ]),
    );
    expect(Array.from(predicted)).toEqual([0, 1, 0]);
  });

  it('takes duplicates with contradicting labels', async () => {
    const classifier = await create().fit(matrixOf(new Array(6).fill([1, 2])), [0, 1, 0, 1, 0, 1]);
    expect([0, 1]).toContain((await classifier.predict(matrixOf([[1, 2]])))[0]);
  });

  it('is the same after a round trip through JSON', async () => {
    const classifier = await create().fit(train, labels);
    const text = JSON.stringify(classifier);
    const loaded = load(JSON.parse(text));
    expect(JSON.stringify(loaded)).toBe(text);
    expect(await loaded.predict(test)).toEqual(await classifier.predict(test));
  });

  it('refuses what it has not saved, or what was damaged, by name', async () => {
    const saved = JSON.parse(JSON.stringify(await create().fit(train, labels)));
    expect(() => load({}, 'model.json')).toThrow(/model\.json: expected a model that this package/);
    expect(() => load({ ...saved, type: 'other' }, 'model.json')).toThrow(/saved other/);
    for (const field of Object.keys(saved)) {
      const { [field]: _, ...rest } = saved;
      expect(() => load(rest, 'model.json')).toThrow(DataFormatError);
      expect(() => load(rest, 'model.json')).toThrow(/^model\.json: /);
    }
    const changed = JSON.stringify(saved).replace(
      /("base64":".{8})(.)/,
      (_, before, at) => `${before}${at === 'A' ? 'B' : 'A'}`,
    );
    expect(() => load(JSON.parse(changed), 'model.json')).toThrow(/check sum/);
  });

  it('keeps no tensors', async () => {
    const before = tf.memory().numTensors;
    await (await create().fit(train, labels)).predict(test);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what is wrong with its input', async () => {
    const x = matrixOf([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    await expect(create().predict(x)).rejects.toThrow(NotFittedError);
    expect(() => create().toJSON()).toThrow(/call fit first/);
    await expect(create().fit(x, [0, 0, 0])).rejects.toThrow(/at least 2 classes, but all 3/);
    await expect(create().fit(x, [0, 2, 2])).rejects.toThrow(/no row has label 1/);
    await expect(create().fit(x, [1, 2, 2])).rejects.toThrow(/no row has label 0/);
    await expect(create().fit(x, [0, 1.5, 2])).rejects.toThrow(/got 1.5 for row 1/);
    await expect(create().fit(x, [0, 1])).rejects.toThrow(/one label a row, 3, got 2/);
    const missing = { ...x, values: x.values.map((value) => (value === 3 ? Number.NaN : value)) };
    await expect(create().fit(missing, [0, 1, 1])).rejects.toThrow(
      /the training data to hold finite numbers, got NaN in row 1, column 1/,
    );
    await expect(
      create().fit({ rows: 0, columns: 2, values: new Float32Array() }, []),
    ).rejects.toThrow(/at least 1 row/);
    const fitted = await create().fit(train, labels);
    await expect(fitted.predict(x)).rejects.toThrow(ShapeError);
    await expect(fitted.predict(x)).rejects.toThrow(/6 columns like the training data, got 2/);
  });
});
