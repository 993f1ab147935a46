import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { Work } from '@nn-lab/core/work';
import { describe, expect, it, vi } from 'vitest';
import { matrixOf, takeRows, validateLabels, validateMatrix } from '../src/index.js';
import { checkMatrix } from '../src/matrix.js';

describe('matrixOf', () => {
  it('lays rows one after the other', () => {
    const matrix = matrixOf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(matrix).toEqual({ rows: 2, columns: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(takeRows(matrix, [1, 1]).values).toEqual(Float32Array.of(4, 5, 6, 4, 5, 6));
  });

  it('keeps a Float32Array', () => {
    const values = Float32Array.of(1, 2, 3, 4);
    expect(matrixOf(values, 2).values).toBe(values);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no rows', () => matrixOf([]), /at least 1 row and 1 column, got 0 and 0/],
    ['empty rows', () => matrixOf([[], []]), /got 2 and 0/],
    ['uneven rows', () => matrixOf([[1, 2], [3]]), /row 0 has 2 values and row 1 1/],
    ['numbers without columns', () => matrixOf([1, 2, 3]), /equally long rows/],
    ['values that do not divide', () => matrixOf([1, 2, 3], 2), /rows of 2 columns, got 3/],
    [
      'NaN',
      () =>
        matrixOf([
          [1, 2],
          [3, Number.NaN],
        ]),
      /NaN in row 1, column 1/,
    ],
    ['infinity', () => matrixOf([[1, Number.NEGATIVE_INFINITY]]), /-Infinity in row 0, column 1/],
    ['what overflows float32', () => matrixOf([[1e39]]), /Infinity in row 0/],
    ['plain rows', () => validateMatrix([[1, 2]] as never), /got an array of 1. Make one with/],
    ['nothing', () => validateMatrix(undefined as never), /got undefined/],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(/Expected/);
  });
});

describe('validateMatrix', () => {
  it('refuses an option that it does not know, by name', () => {
    const options = { minimumRow: 2 } as object;
    expect(() => validateMatrix(matrixOf([[1]]), options)).toThrow(
      'Unknown option `minimumRow`, did you mean `minimumRows`?',
    );
  });

  it('gives turns as a part of other work, and judges all values alike', async () => {
    const values = Float64Array.from({ length: 4096 }, (_, i) => i);
    values[4000] = Number.NaN;
    const matrix = { rows: 1024, columns: 4, values };
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
    try {
      const turn = vi.fn();
      setImmediate(turn);
      await expect(checkMatrix(matrix, {}, new Work())).rejects.toThrow(
        'NaN in row 1000, column 0',
      );
      expect(turn).toHaveBeenCalled();
      values[4000] = 1e37;
      await expect(checkMatrix(matrix, {}, new Work())).rejects.toThrow('got 1e+37 in row 1000');
      values[4000] = 4000;
      await checkMatrix(matrix, {}, new Work());
    } finally {
      clock.mockRestore();
    }
  });
});

describe('validateLabels', () => {
  it('counts the classes', () => {
    expect(validateLabels([0, 3, 1], 3)).toBe(4);
  });

  it.each<[string, unknown, RegExp]>([
    ['negative', [0, -1], /got -1 for row 1/],
    ['fractional', [0.5, 1], /got 0.5 for row 0/],
    ['NaN', [Number.NaN, 1], /got NaN/],
    ['huge', [1e9, 1], /at most 9999/],
    ['text', ['a', 'b'], /got 'a' for row 0/],
  ])('refuses %s labels', (_, labels, message) => {
    expect(() => validateLabels(labels as number[], 2)).toThrow(message);
    expect(() => validateLabels(labels as number[], 2)).toThrow(InvalidArgumentError);
  });

  it('refuses another number of labels than rows', () => {
    expect(() => validateLabels([0, 1], 3)).toThrow(ShapeError);
  });
});
