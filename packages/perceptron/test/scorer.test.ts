import { InvalidArgumentError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { Work } from '@nn-lab/core/work';
import { describe, expect, it } from 'vitest';
import { createScorer } from '../src/scorer.js';

async function filled(classes: number, rows: number, columns: number, plain: boolean) {
  const random = createRandom(3);
  const values = Float64Array.from({ length: rows * columns }, () => random.normal());
  const scorer = await createScorer({ rows, columns, values }, classes, new Work(), plain);
  for (let index = 0; index < scorer.width; index++) {
    for (let label = 0; label < classes; label++) {
      scorer.weights[index * scorer.stride + label] = random.normal();
    }
  }
  return scorer;
}

describe('scoring', () => {
  it.each([2, 3, 4, 5, 9, 10, 11, 12, 13, 24, 25, 63, 64, 65, 200])(
    'with SIMD gives the bits of a plain loop, for %i classes',
    async (classes) => {
      for (const [rows, columns] of [
        [1, 1],
        [7, 16],
        [4, 257],
      ] as const) {
        const fast = await filled(classes, rows, columns, false);
        const plain = await filled(classes, rows, columns, true);
        expect(fast.x.buffer.byteLength % 65_536).toBe(0); // WebAssembly's memory, not the plain one
        fast.score(0, rows);
        plain.score(0, rows);
        expect(fast.scores).toEqual(plain.scores);
        expect(plain.scores.some((score) => score !== 0)).toBe(true);
      }
    },
  );

  it.each([2, 5, 10])(
    'adds rows to weights as a plain loop does, for %i classes',
    async (classes) => {
      const fast = await filled(classes, 4, 9, false);
      const plain = await filled(classes, 4, 9, true);
      const before = fast.weights.slice();
      for (const scorer of [fast, plain]) {
        scorer.addRow(scorer.weights, 2, 1, 0.3);
        scorer.addRow(scorer.gathered, 3, 0, -1.7);
      }
      expect(fast.weights).toEqual(plain.weights);
      expect(fast.gathered).toEqual(plain.gathered);
      for (let index = 0; index < fast.weights.length; index++) {
        const isOfClass = index % fast.stride === 1;
        expect(fast.weights[index] !== before[index]).toBe(isOfClass);
      }
    },
  );

  it('scores the rows that are asked for and no others', async () => {
    const all = await filled(3, 6, 4, false);
    const some = await filled(3, 6, 4, false);
    all.score(0, 6);
    some.score(2, 4);
    const { stride } = all;
    expect(some.scores.slice(2 * stride, 4 * stride)).toEqual(
      all.scores.slice(2 * stride, 4 * stride),
    );
    expect(some.scores.slice(0, 2 * stride).every((score) => score === 0)).toBe(true);
    expect(some.scores.slice(4 * stride).every((score) => score === 0)).toBe(true);
    some.score(5, 5);
    expect(some.scores.slice(4 * stride).every((score) => score === 0)).toBe(true);
  });

  it('refuses what does not fit into a memory', async () => {
    const values = new Float64Array(0);
    const huge = { rows: 1e6, columns: 1e4, values };
    await expect(createScorer(huge, 10, new Work())).rejects.toThrow(InvalidArgumentError);
  });
});
