import { InvalidArgumentError } from '@nn-lab/core/errors';
import { Work } from '@nn-lab/core/work';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionalProbabilities, jointProbabilities } from '../../../src/maps/tsne/affinities.js';
import { loadReference } from './support.js';

const reference = loadReference();
const { rows, columns, perplexity } = reference;
const k = reference.indices.length / rows;
const indices = Int32Array.from(reference.indices);
const distances = Float32Array.from(reference.indices, (other, at) => {
  const row = Math.floor(at / k);
  let sum = 0;
  for (let c = 0; c < columns; c++) {
    sum += (reference.x[row * columns + c]! - reference.x[other * columns + c]!) ** 2;
  }
  return Math.sqrt(sum);
});

function perplexityOf(probabilities: ArrayLike<number>): number {
  let entropy = 0;
  for (let j = 0; j < probabilities.length; j++) {
    const p = probabilities[j]!;
    if (p > 0) entropy -= p * Math.log(p);
  }
  return Math.exp(entropy);
}

describe('conditional probabilities', () => {
  it("are scikit-learn's", () => {
    const found = conditionalProbabilities(distances, k, perplexity);
    for (let at = 0; at < found.length; at++) {
      expect(Math.abs(found[at]! - reference.conditional[at]!)).toBeLessThan(2e-5);
    }
  });

  it('have the perplexity asked for and sum to 1, whatever the distances', () => {
    const distance = fc.double({ min: 0.01, max: 1000, noNaN: true });
    const distanceRows = fc.uniqueArray(distance, { minLength: 6, maxLength: 40 });
    fc.assert(
      fc.property(distanceRows, fc.double({ min: 0.3, max: 0.9, noNaN: true }), (row, share) => {
        const wanted = 1 + share * (row.length - 1);
        const found = conditionalProbabilities(Float32Array.from(row), row.length, wanted);
        expect(found.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
        // Distances that differ by no more than single precision resolves have no exact solution.
        const sorted = Float32Array.from(row).sort();
        fc.pre(sorted.every((value, at) => at === 0 || value / sorted[at - 1]! > 1.001));
        expect(perplexityOf(found) / wanted).toBeCloseTo(1, 2);
      }),
    );
  });

  it('share equally among neighbors that are equally near, even if there are too many of them', () => {
    const found = conditionalProbabilities(new Float32Array(8).fill(3), 8, 2);
    expect(Array.from(found)).toEqual(new Array(8).fill(1 / 8));
    const duplicates = Float32Array.of(0, 0, 0, 0, 5, 6, 7, 8);
    const most = conditionalProbabilities(duplicates, 8, 2);
    expect(most.subarray(0, 4).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 4);
    expect(new Set(most.subarray(0, 4)).size).toBe(1);
  });

  it('do not underflow where all neighbors are far away', () => {
    const far = Float32Array.from({ length: 20 }, (_, at) => 1e6 + at);
    expect(perplexityOf(conditionalProbabilities(far, 20, 5))).toBeCloseTo(5, 2);
  });

  it('refuse a perplexity beyond the neighbors', () => {
    expect(() => conditionalProbabilities(new Float32Array(8), 8, 9)).toThrow(InvalidArgumentError);
    expect(() => conditionalProbabilities(new Float32Array(8), 8, 0.5)).toThrow(/from 1 to/);
  });
});

describe('joint probabilities', async () => {
  const joint = await jointProbabilities(
    conditionalProbabilities(distances, k, perplexity),
    { indices },
    rows,
    new Work(),
  );
  const dense = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) {
    for (let at = joint.starts[row]!; at < joint.starts[row + 1]!; at++) {
      dense[row * rows + joint.columns[at]!]! += joint.values[at]!;
    }
  }

  it("are scikit-learn's", () => {
    for (let at = 0; at < dense.length; at++) {
      expect(Math.abs(dense[at]! - reference.joint[at]!)).toBeLessThan(5e-7);
    }
  });

  it('sum to 1 and are symmetric', () => {
    expect(dense.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < i; j++) expect(dense[i * rows + j]).toBe(dense[j * rows + i]);
    }
  });

  it('have each pair once, in rows of multiples of four', () => {
    for (let row = 0; row < rows; row++) {
      const [start, end] = [joint.starts[row]!, joint.starts[row + 1]!];
      expect((end - start) % 4).toBe(0);
      const kept = Array.from(joint.columns.subarray(start, end)).filter(
        (_, at) => joint.values[start + at]! > 0,
      );
      expect(new Set(kept).size).toBe(kept.length);
      expect(kept).not.toContain(row);
    }
  });
});
