import { createRandom } from '@nn-lab/core/random';
import { Work } from '@nn-lab/core/work';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { symmetricEigenpairs } from '../../../src/maps/pca/symmetric-eigenpairs.js';

describe('symmetricEigenpairs', () => {
  it.each([1, 2, 3, 40])('finds the closed form of a chain of %i springs', async (size) => {
    const chain = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      chain[i * size + i] = 2;
      if (i > 0) {
        chain[i * size + i - 1] = -1;
        chain[(i - 1) * size + i] = -1;
      }
    }
    const { values, vectors } = await symmetricEigenpairs(chain, size, new Work());
    for (let k = 0; k < size; k++) {
      const angle = ((k + 1) * Math.PI) / (size + 1);
      expect(values[k]).toBeCloseTo(2 - 2 * Math.cos(angle), 12);
      const sign = Math.sign(vectors[k * size]!);
      for (let i = 0; i < size; i++) {
        const entry = Math.sqrt(2 / (size + 1)) * Math.sin((i + 1) * angle);
        expect(sign * vectors[k * size + i]!).toBeCloseTo(entry, 12);
      }
    }
  });

  it.each([
    ['zeros', () => 0],
    ['ones, all but one of whose values are 0', () => 1],
    ['a diagonal', (i: number, j: number) => (i === j ? 7 - i : 0)],
    ['blocks', (i: number, j: number) => (i % 3 === j % 3 ? 1 / (1 + i + j) : 0)],
  ])('comes to the bits of ml-matrix for a matrix of %s', async (_, entry) => {
    await expectBits(
      Float64Array.from({ length: 144 }, (_, at) => entry(Math.floor(at / 12), at % 12)),
    );
  });

  it('comes to the bits of ml-matrix for random matrices', async () => {
    const random = createRandom(3);
    for (const size of [2, 5, 30, 61]) {
      const matrix = new Float64Array(size * size);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) {
          matrix[i * size + j] = random.normal();
          matrix[j * size + i] = matrix[i * size + j]!;
        }
      }
      await expectBits(matrix);
    }
  });
});

async function expectBits(matrix: Float64Array): Promise<void> {
  const size = Math.sqrt(matrix.length);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    Matrix.from1DArray(size, size, matrix),
    { assumeSymmetric: true },
  );
  const { values, vectors } = await symmetricEigenpairs(matrix, size, new Work());
  expect([...values]).toEqual([...realEigenvalues]);
  expect([...vectors]).toEqual(eigenvectorMatrix.transpose().to1DArray());
}
