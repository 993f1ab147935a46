import { InvalidArgumentError } from '@nn-lab/core/errors';
import { beforeAll, describe, expect, it } from 'vitest';
import { approximateNeighbors, exactNeighbors, matrixOf, Umap } from '../../src/index.js';
import { useBackend } from '../../src/node.js';
import { clusters, digits } from '../maps/tsne/support.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

describe('approximate neighbors', () => {
  it('are nearly the exact ones of digits, with true distances, nearest first', async () => {
    const { x } = await digits(600);
    const k = 14;
    const exact = await exactNeighbors(x, x, k, { excludeSelf: true });
    const near = await approximateNeighbors(x, k);
    let found = 0;
    for (let row = 0; row < x.rows; row++) {
      const wanted = new Set(exact.indices.subarray(row * k, (row + 1) * k));
      const got = near.indices.subarray(row * k, (row + 1) * k);
      found += got.filter((index) => wanted.has(index)).length;
      expect(got).not.toContain(row);
      expect(new Set(got).size).toBe(k);
    }
    expect(found / (x.rows * k)).toBeGreaterThan(0.97);
    let worst = 0;
    let isOrdered = true;
    for (let at = 0; at < near.distances.length; at++) {
      const row = Math.floor(at / k);
      let sum = 0;
      for (let c = 0; c < 256; c++) {
        sum += (x.values[row * 256 + c]! - x.values[near.indices[at]! * 256 + c]!) ** 2;
      }
      worst = Math.max(worst, Math.abs(near.distances[at]! - Math.sqrt(sum)));
      if (at % k > 0 && near.distances[at]! < near.distances[at - 1]!) isOrdered = false;
    }
    expect(worst).toBeLessThan(1e-5);
    expect(isOrdered).toBe(true);
  });

  it('get better with more components and candidates', async () => {
    const { x } = await digits(300);
    const exact = await exactNeighbors(x, x, 10, { excludeSelf: true });
    const misses = async (components: number, candidates: number) => {
      const { indices } = await approximateNeighbors(x, 10, { components, candidates });
      return indices.filter(
        (index, at) => !exact.indices.subarray(at - (at % 10), at - (at % 10) + 10).includes(index),
      ).length;
    };
    expect(await misses(10, 2)).toBeLessThan(await misses(10, 1));
    expect(await misses(30, 1)).toBeLessThan(await misses(10, 1));
  });

  it('are the exact ones of narrow rows', async () => {
    const { x } = clusters(100);
    expect(await approximateNeighbors(x, 5)).toEqual(
      await exactNeighbors(x, x, 5, { excludeSelf: true }),
    );
  });

  it('make a map', async () => {
    const { x } = await digits(300);
    const neighbors = await approximateNeighbors(x, 7, { components: 20 });
    const { map } = await new Umap({ neighbors: 8, epochs: 20 }).fit(x, { neighbors });
    expect(map.rows).toBe(300);
  });

  it('refuse what cannot be', async () => {
    const x = matrixOf([[1], [2], [3]]);
    await expect(approximateNeighbors(x, 3)).rejects.toThrow(InvalidArgumentError);
    await expect(approximateNeighbors(x, 1, { components: 0 })).rejects.toThrow(/components/);
    await expect(approximateNeighbors(x, 1, { candidates: 0.5 })).rejects.toThrow(/candidates/);
  });
});
