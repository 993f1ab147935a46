import { describe, expect, it } from 'vitest';
import { matrixOf, NearestMeanClassifier } from '../../src/index.js';
import { labels, sklearn, test, train } from '../fixtures.js';

describe('NearestMeanClassifier', () => {
  it('predicts what scikit-learn predicts', async () => {
    const classifier = await new NearestMeanClassifier().fit(train, labels);
    expect(Array.from(await classifier.predict(test))).toEqual(sklearn.nearestMean);
  });

  it('knows the means, their distances, and the pairs in order', async () => {
    const x = matrixOf([
      [0, 0],
      [2, 0],
      [1, 3],
      [1, 5],
      [5, 0],
    ]);
    const classifier = await new NearestMeanClassifier().fit(x, [0, 0, 1, 1, 2]);
    expect(classifier.means).toEqual(
      matrixOf([
        [1, 0],
        [1, 4],
        [5, 0],
      ]),
    );
    expect(classifier.meanDistances().map((row) => Array.from(row))).toEqual([
      [0, 4, 4],
      [4, 0, Math.sqrt(32)],
      [4, Math.sqrt(32), 0],
    ]);
    expect(classifier.pairsByDistance()).toEqual([
      { classes: [0, 1], distance: 4 },
      { classes: [0, 2], distance: 4 },
      { classes: [1, 2], distance: Math.sqrt(32) },
    ]);
  });

  it('gives a row that is as near to two means to the lower class', async () => {
    const classifier = await new NearestMeanClassifier().fit(matrixOf([[1], [3]]), [1, 0]);
    expect(Array.from(await classifier.predict(matrixOf([[2], [1.9], [2.1]])))).toEqual([0, 1, 0]);
  });
});
