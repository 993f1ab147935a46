import { InvalidArgumentError } from '@nn-lab/core/errors';
import { beforeAll, describe, expect, it } from 'vitest';
import { KnnClassifier, type KnnWeights, matrixOf } from '../../src/index.js';
import { useBackend } from '../../src/node.js';
import { labels, sklearn, test, train } from '../fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

interface Expected {
  readonly k: number;
  readonly weights: KnnWeights;
  readonly predicted: number[];
  readonly probabilities: number[][];
}

describe('KnnClassifier', () => {
  it.each(sklearn.knn as Expected[])(
    'predicts what scikit-learn predicts: k = $k, weights $weights',
    async ({ k, weights, predicted, probabilities }) => {
      const classifier = await new KnnClassifier({ k, weights }).fit(train, labels);
      expect(Array.from(await classifier.predict(test))).toEqual(predicted);
      const { values } = await classifier.probabilities(test);
      probabilities.flat().forEach((probability, at) => {
        expect(values[at]).toBeCloseTo(probability, 6);
      });
    },
  );

  it('gives even votes to the lower class, and equal distances to the first row', async () => {
    const x = matrixOf([[1], [-1], [3], [-3]]);
    const at0 = matrixOf([[0]]);
    const predict = async (k: number, order: number[]) =>
      (await (await new KnnClassifier({ k }).fit(x, order)).predict(at0))[0];
    expect(await predict(1, [1, 0, 0, 0])).toBe(1);
    expect(await predict(1, [0, 1, 0, 0])).toBe(0);
    expect(await predict(2, [1, 0, 0, 0])).toBe(0);
    expect(await predict(3, [1, 0, 1, 0])).toBe(1);
  });

  it('lets only coincident neighbors vote by distance', async () => {
    const x = matrixOf([[0], [0], [1e-3], [2e-3], [3e-3]]);
    const byDistance = new KnnClassifier({ k: 5, weights: 'distance' });
    await byDistance.fit(x, [0, 1, 1, 1, 1]);
    const { values } = await byDistance.probabilities(matrixOf([[0]]));
    expect(Array.from(values)).toEqual([0.5, 0.5]);
  });

  it('gives the neighbors that vote', async () => {
    const classifier = await new KnnClassifier({ k: 7 }).fit(train, labels);
    const { indices } = await classifier.neighbors(test);
    expect(Array.from(indices)).toEqual(sklearn.neighbors.indices.flat());
  });

  it('has ml-knn as an engine, which agrees where votes are not even', async () => {
    const ours = await new KnnClassifier({ k: 1 }).fit(train, labels);
    const theirs = await new KnnClassifier({ k: 1, engine: 'ml-knn' }).fit(train, labels);
    expect(await theirs.predict(test)).toEqual(await ours.predict(test));
    await expect(theirs.neighbors(test)).rejects.toThrow(/engine 'exact', got 'ml-knn'/);
    await expect(theirs.probabilities(test)).rejects.toThrow(InvalidArgumentError);
  });

  it('says what is wrong with its options', async () => {
    expect(() => new KnnClassifier({ k: 0 })).toThrow(/`k` to be a whole number from 1, got 0/);
    expect(() => new KnnClassifier({ weights: 'near' as never })).toThrow(/got 'near'/);
    expect(() => new KnnClassifier({ engine: 'fast' as never })).toThrow(/got 'fast'/);
    expect(() => new KnnClassifier({ engine: 'ml-knn', weights: 'distance' })).toThrow(/ml-knn/);
    await expect(new KnnClassifier({ k: 3 }).fit(matrixOf([[0], [1]]), [0, 1])).rejects.toThrow(
      /from 1 to 2.* got 3/,
    );
  });
});
