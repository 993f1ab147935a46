import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createDataset, parseNumberCsv } from '../../src/datasets/index.js';
import { InvalidArgumentError, ShapeError } from '../../src/errors.js';
import {
  checkMatrix,
  firstRows,
  joinRows,
  labeledRowsOf,
  matrixOf,
  takeRows,
  validateClasses,
  validateLabels,
  validateMatrix,
} from '../../src/tables/index.js';
import { Work } from '../../src/work.js';

beforeAll(() => tf.setBackend('cpu'));

describe('matrixOf', () => {
  it('lays rows one after the other', () => {
    const matrix = matrixOf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(matrix).toEqual({ rows: 2, columns: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(takeRows(matrix, [1, 1]).values).toEqual(Float32Array.of(4, 5, 6, 4, 5, 6));
  });

  it('keeps what is a matrix, or values of floats', () => {
    const values = Float32Array.of(1, 2, 3, 4);
    const matrix = matrixOf(values, 2);
    expect(matrix.values).toBe(values);
    expect(matrixOf(matrix)).toBe(matrix);
  });

  it('takes numbers that single precision does not hold in double precision', () => {
    expect(matrixOf([[1e39, 1]]).values).toEqual(Float64Array.of(1e39, 1));
    expect(matrixOf(Int32Array.of(16_777_217, 1), 2).values).toEqual(Float64Array.of(16777217, 1));
    expect(matrixOf(Int32Array.of(16_777_216, 1), 2).values).toEqual(Float32Array.of(16777216, 1));
  });

  it('takes the images of a data set, bytes and floats, with labels and without', () => {
    const shape = [1, 2, 2] as const;
    const bytes = createDataset({
      shape,
      images: Uint8Array.of(1, 2, 3, 255),
      labels: Uint8Array.of(0),
    });
    expect(matrixOf(bytes)).toEqual({ rows: 1, columns: 4, values: Float32Array.of(1, 2, 3, 255) });
    const images = Float32Array.of(0, 0.25, 0.5, 1, 1, 1, 1, 1);
    const floats = matrixOf(createDataset({ shape, images }));
    expect(floats).toEqual({ rows: 2, columns: 4, values: images });
    expect(floats.values).toBe(images);
  });

  it('takes numbers with a shape, the dimensions behind the first in the row', () => {
    const data = Uint8Array.from({ length: 12 }, (_, at) => at);
    expect(matrixOf({ shape: [3, 2, 2], data })).toEqual({
      ...{ rows: 3, columns: 4 },
      values: Float32Array.from(data),
    });
  });

  it('takes tensors, which stay as they are', async () => {
    const tensors = [
      tf.tensor2d([
        [1.5, 2],
        [3, 4],
      ]),
      tf.ones([2, 3, 1], 'int32'),
      tf.tensor2d([[true]]),
    ];
    const before = tf.memory().numTensors;
    const [floats, wholes, flags] = await Promise.all(tensors.map((tensor) => matrixOf(tensor)));
    expect(floats).toEqual({ rows: 2, columns: 2, values: Float32Array.of(1.5, 2, 3, 4) });
    expect(wholes).toEqual({ rows: 2, columns: 3, values: new Float32Array(6).fill(1) });
    expect(flags).toEqual({ rows: 1, columns: 1, values: Float32Array.of(1) });
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(tensors);
    await expect(matrixOf(tf.tensor1d([1, 2]))).rejects.toThrow(/shape \[rows, columns\].*\[2\]/);
    await expect(matrixOf(tf.tensor2d([['a']]))).rejects.toThrow(/Expected numbers, got 'a'/);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no rows', () => matrixOf([]), /at least 1 row and 1 column, got 0 and 0/],
    ['empty rows', () => matrixOf([[], []]), /got 2 and 0/],
    ['uneven rows', () => matrixOf([[1, 2], [3]]), /row 0 has 2 values and row 1 has 1/],
    ['numbers without columns', () => matrixOf([1, 2, 3]), /equally long rows/],
    ['values that do not divide', () => matrixOf([1, 2, 3], 2), /rows of 2 columns, got 3/],
    [
      'a shape that does not fit',
      () => matrixOf({ shape: [2, 2], data: [1, 2, 3] }),
      /got 3 numbers/,
    ],
    ['a shape of no columns', () => matrixOf({ shape: [2, 0], data: [] }), /got 2 and 0/],
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
    ['plain rows', () => validateMatrix([[1, 2]] as never), /got an array of 1. Make one with/],
    ['nothing', () => validateMatrix(undefined as never), /got undefined/],
    ['nothing at all', () => matrixOf(undefined as never), /got 0 and 0/],
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
      await expect(checkMatrix(matrix, { scale: [1e-36, 1e36] }, new Work())).rejects.toThrow(
        'got 1e+37 in row 1000',
      );
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
    expect(validateLabels([0, 3, 1], 3, 7)).toBe(7);
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

describe('validateClasses', () => {
  it('refuses gaps and a single class, and lets a number of classes have classes without rows', () => {
    expect(validateClasses([0, 1, 0], 3)).toBe(2);
    expect(validateClasses([0, 2, 0], 3, 4)).toBe(4);
    expect(() => validateClasses([0, 2, 0], 3)).toThrow(/no row has label 1/);
    expect(() => validateClasses([1, 1], 2, 3)).toThrow(
      /at least 2 classes, but all 2 have label 1/,
    );
    expect(() => validateClasses([0, 3], 2, 3)).toThrow(/from 0 to 2, got 3 for row 1/);
  });
});

describe('labeled rows', () => {
  const dataset = createDataset({
    shape: [1, 1, 2],
    images: Uint8Array.of(1, 2, 3, 4, 5, 6),
    labels: Uint8Array.of(0, 1, 0),
    classNames: ['even', 'odd'],
  });

  it('are the pictures of a data set with their classes', () => {
    expect(labeledRowsOf(dataset)).toEqual({
      x: { rows: 3, columns: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6) },
      labels: Int32Array.of(0, 1, 0),
      classNames: ['even', 'odd'],
      shape: [1, 1, 2],
      range: [0, 255],
    });
  });

  it('are the rows of a table with its classes', async () => {
    const { labels, ...table } = await parseNumberCsv('a,b,label\n1,2,x\n3,4.1,y\n');
    expect(labeledRowsOf({ ...table, labels: labels! })).toEqual({
      x: { rows: 2, columns: 2, values: Float64Array.of(1, 2, 3, 4.1) },
      labels: Int32Array.of(0, 1),
      classNames: ['x', 'y'],
    });
  });

  it('are cut and joined', () => {
    const rows = labeledRowsOf(dataset);
    const first = firstRows(rows, 2);
    expect(first).toMatchObject({
      x: { rows: 2, columns: 2 },
      labels: Int32Array.of(0, 1),
      range: [0, 255],
    });
    expect(first.x.values).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(firstRows(rows, 9)).toBe(rows);
    const joined = joinRows(first, {
      x: matrixOf([[0.1, 6]]),
      labels: Int32Array.of(1),
      classNames: [],
    });
    expect(joined.x).toEqual({ rows: 3, columns: 2, values: Float64Array.of(1, 2, 3, 4, 0.1, 6) });
    expect(joined.labels).toEqual(Int32Array.of(0, 1, 1));
    expect(joined.classNames).toEqual(['even', 'odd']);
  });
});
