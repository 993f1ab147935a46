import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { exactNeighbors, type Matrix, matrixOf } from '../../src/index.js';
import { useBackend } from '../../src/node.js';
import { sklearn, test, train } from '../fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

/** Every distance in double precision, sorted with the order of the data for ties. */
function bySorting(data: Matrix, queries: Matrix, k: number, excludeSelf = false): number[] {
  return Array.from({ length: queries.rows }, (_, query) => {
    const distances = Array.from({ length: data.rows }, (_, row) => {
      let sum = 0;
      for (let column = 0; column < data.columns; column++) {
        const at = queries.values[query * data.columns + column]!;
        sum += (at - data.values[row * data.columns + column]!) ** 2;
      }
      return { row, sum };
    });
    return distances
      .filter(({ row }) => !excludeSelf || row !== query)
      .sort((a, b) => a.sum - b.sum || a.row - b.row)
      .slice(0, k)
      .map(({ row }) => row);
  }).flat();
}

describe('exactNeighbors', () => {
  it('finds the rows and distances that scikit-learn finds', async () => {
    const { indices, distances } = await exactNeighbors(train, test, sklearn.neighbors.k);
    expect(Array.from(indices)).toEqual(sklearn.neighbors.indices.flat());
    const expected: number[] = sklearn.neighbors.distances.flat();
    expected.forEach((distance, at) => {
      expect(distances[at]).toBeCloseTo(distance, 5);
    });
  });

  it('agrees with sorting every distance, ties and duplicates included', async () => {
    const grid = fc.integer({ min: -2, max: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }).chain((columns) =>
          fc.record({
            data: fc.array(fc.array(grid, { minLength: columns, maxLength: columns }), {
              minLength: 2,
              maxLength: 200,
            }),
            offset: fc.constantFrom(0, 1000, -30000),
          }),
        ),
        fc.nat(),
        fc.boolean(),
        async ({ data: rows, offset }, chosen, excludeSelf) => {
          const data = matrixOf(rows.map((row) => row.map((value) => value + offset)));
          const k = 1 + (chosen % (data.rows - (excludeSelf ? 1 : 0)));
          const { indices } = await exactNeighbors(data, data, k, { excludeSelf });
          expect(Array.from(indices)).toEqual(bySorting(data, data, k, excludeSelf));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('orders what float32 cannot tell apart', async () => {
    // Distances from the origin of 1000 and next to nothing more: their float32 squares are equal.
    const rows = Array.from({ length: 50 }, (_, i) => [1000, (50 - i) / 4096, 0]);
    const data = matrixOf(rows);
    const { indices } = await exactNeighbors(data, matrixOf([[0, 0, 0]]), 50);
    expect(Array.from(indices)).toEqual(rows.map((_, i) => 49 - i));
  });

  it('measures along columns that are constant in the data, but not in the queries', async () => {
    const data = matrixOf([
      [1e6, 1],
      [1e6, 2],
      [1e6, 5],
    ]);
    const queries = matrixOf([
      [1e6 + 3, 5],
      [0, 1.1],
    ]);
    const { indices, distances } = await exactNeighbors(data, queries, 3);
    expect(Array.from(indices)).toEqual([2, 1, 0, 0, 1, 2]);
    expect(Array.from(distances.subarray(0, 3))).toEqual([3, Math.fround(Math.sqrt(18)), 5]);
    const same = matrixOf([
      [7, 7],
      [7, 7],
    ]);
    const found = await exactNeighbors(
      same,
      matrixOf([
        [7, 7],
        [4, 3],
      ]),
      2,
    );
    expect(Array.from(found.indices)).toEqual([0, 1, 0, 1]);
    expect(Array.from(found.distances)).toEqual([0, 0, 5, 5]);
  });

  it('crosses the borders of blocks, of data and of queries', async () => {
    const random = createRandom(1);
    const data = matrixOf(
      Float32Array.from({ length: 2 * 8200 }, () => random.integer(0, 90)),
      2,
    );
    const queries = matrixOf(
      Float32Array.from({ length: 2 * 2100 }, () => random.integer(0, 90)),
      2,
    );
    const { indices } = await exactNeighbors(data, queries, 4);
    const some = [0, 255, 256, 2047, 2048, 2099];
    for (const query of some) {
      const one = matrixOf(queries.values.slice(2 * query, 2 * query + 2), 2);
      expect(Array.from(indices.subarray(4 * query, 4 * query + 4))).toEqual(
        bySorting(data, one, 4),
      );
    }
  });

  it('keeps no tensors', async () => {
    const before = tf.memory().numTensors;
    await exactNeighbors(train, test, 3);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what is wrong with its input', async () => {
    const data = matrixOf([
      [0, 1],
      [2, 3],
    ]);
    await expect(exactNeighbors(data, data, 3)).rejects.toThrow(/`k` .* from 1 to 2.* got 3/);
    await expect(exactNeighbors(data, data, 2, { excludeSelf: true })).rejects.toThrow(/1 to 1/);
    await expect(exactNeighbors(data, data, 0)).rejects.toThrow(InvalidArgumentError);
    await expect(exactNeighbors(data, matrixOf([[1, 2, 3]]), 1)).rejects.toThrow(
      /queries to have 2 columns like the data, got 3/,
    );
    await expect(
      exactNeighbors(data, matrixOf([[1, 2]]), 1, { excludeSelf: true }),
    ).rejects.toThrow(ShapeError);
    const missing = { rows: 1, columns: 2, values: Float32Array.of(1, Number.NaN) };
    await expect(exactNeighbors(data, missing, 1)).rejects.toThrow(/NaN in row 0, column 1/);
  });
});
