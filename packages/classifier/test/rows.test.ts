import { InvalidArgumentError } from '@nn-lab/core/errors';
import { matrixOf } from '@nn-lab/core/tables';
import { describe, expect, it } from 'vitest';
import { NearestMeanClassifier } from '../src/index.js';
import { validateRows } from '../src/rows.js';

describe('rows whose distances are computed', () => {
  it.each<[string, number[][], RegExp]>([
    ['what overflows single precision', [[1e39]], /holds as Infinity in row 0, column 0/],
    ['what is too large to be squared', [[1, 2e36]], /got 2e\+36 in row 0, column 1/],
    ['what vanishes', [[1e-40], [0]], /scale from 1e-36 to 1e\+36, got 1e-40/],
  ])('are not %s', (_, rows, message) => {
    expect(() => validateRows(matrixOf(rows))).toThrow(message);
    expect(() => validateRows(matrixOf(rows))).toThrow(InvalidArgumentError);
  });

  it('may all be 0, and near 0 where they go with others', () => {
    validateRows(matrixOf([[0], [0]]));
    const columns = { count: 1, of: 'the training data' };
    validateRows(matrixOf([[1e-300]]), { columns });
    expect(() => validateRows(matrixOf([[1e39]]), { columns })).toThrow(/Infinity in row 0/);
  });

  it('are refused by what learns from them', async () => {
    const x = matrixOf([[1e39], [1]]);
    await expect(new NearestMeanClassifier().fit(x, [0, 1])).rejects.toThrow(/Infinity in row 0/);
  });
});
