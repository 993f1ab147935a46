import { NotFittedError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { Work } from '@nn-lab/core/work';
import { beforeAll, describe, expect, it } from 'vitest';
import { solveSvm } from '../../src/classifiers/svm/smo.js';
import { matrixOf, SvmClassifier, type SvmClassifierOptions } from '../../src/index.js';
import { useBackend } from '../../src/node.js';
import { labels, sklearn, test, train } from '../fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

interface Expected {
  readonly kernel: 'linear' | 'rbf';
  readonly C: number;
  readonly gamma?: number | 'scale';
  readonly decisions: number[][];
  readonly predicted: number[];
  readonly supportVectors: number;
}

interface FarRow {
  readonly far: number;
  readonly decisions: number[];
  readonly predicted: number[];
  readonly right: number;
}

describe('SvmClassifier', () => {
  it.each(sklearn.svm as Expected[])(
    'decides as scikit-learn decides: $kernel, C = $C, gamma $gamma',
    async ({ kernel, C, gamma = 'scale', ...expected }) => {
      const options: SvmClassifierOptions = { kernel, c: C, gamma, tolerance: 1e-6 };
      const classifier = await new SvmClassifier(options).fit(train, labels);
      const { values } = await classifier.decisions(test);
      expected.decisions.flat().forEach((decision, at) => {
        expect(Math.abs(values[at]! - decision)).toBeLessThan(2e-4 * (1 + Math.abs(decision)));
      });
      expect(Array.from(await classifier.predict(test))).toEqual(expected.predicted);
      expect(classifier.supportVectorCount).toBe(expected.supportVectors);
    },
  );

  it.each(sklearn.farRow.cases as FarRow[])(
    'decides as scikit-learn decides beside one row $far away: $right of 121 right',
    async ({ far, decisions, predicted }) => {
      const { data, labels } = sklearn.farRow;
      const x = matrixOf([...data, [-far, far]]);
      const options = { kernel: 'linear', tolerance: 1e-6 } as const;
      const classifier = await new SvmClassifier(options).fit(x, labels);
      expect(Array.from(await classifier.predict(x))).toEqual(predicted);
      const { values } = await classifier.decisions(matrixOf(data));
      decisions.forEach((decision, at) => {
        // scikit-learn's is of the second of two classes, ours of the first.
        expect(Math.abs(-values[at]! - decision)).toBeLessThan(2e-3 * (1 + Math.abs(decision)));
      });
    },
  );

  it('learns exclusive or by the rbf kernel, which the linear one cannot', async () => {
    const x = matrixOf([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const rightWith = async (kernel: 'linear' | 'rbf') => {
      const classifier = await new SvmClassifier({ kernel, c: 100, gamma: 1 }).fit(x, [0, 1, 1, 0]);
      const predicted = await classifier.predict(x);
      return [0, 1, 1, 0].filter((label, i) => predicted[i] === label).length;
    };
    expect(await rightWith('rbf')).toBe(4);
    expect(await rightWith('linear')).toBeLessThan(4);
  });

  it('does without the products of all rows when these are many', async () => {
    const random = createRandom(3);
    const rows = Array.from({ length: 4200 }, () => [random.normal(), random.normal(), 1]);
    const sides = rows.map(([a, b]) => (a! + b! > 0 ? 1 : 0));
    const classifier = await new SvmClassifier({ c: 10 }).fit(matrixOf(rows), sides);
    const predicted = await classifier.predict(matrixOf(rows));
    const right = sides.filter((side, i) => predicted[i] === side).length;
    expect(right / rows.length).toBeGreaterThan(0.99);
  });

  it('says what is wrong with its options', () => {
    expect(() => new SvmClassifier({ c: 0 })).toThrow(/`c` to be a finite number above 0, got 0/);
    expect(() => new SvmClassifier({ c: Number.NaN })).toThrow(/got NaN/);
    expect(() => new SvmClassifier({ gamma: -1 })).toThrow(/above 0 or 'scale', got -1/);
    expect(() => new SvmClassifier({ gamma: 'auto' as never })).toThrow(/got 'auto'/);
    expect(() => new SvmClassifier({ kernel: 'poly' as never })).toThrow(/got 'poly'/);
  });

  it('ends, and says how, where large values let a linear kernel circle near the solution', async () => {
    const random = createRandom(3);
    const rows = 200;
    const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);
    const overlapping = (scale: number) =>
      matrixOf(
        Array.from({ length: rows }, (_, row) =>
          Array.from(
            { length: 5 },
            (_, i) => scale * (random.normal() + (i === 0 ? labels[row]! * 2 : 0)),
          ),
        ),
      );
    const classifier = new SvmClassifier({ kernel: 'linear' });
    expect(() => classifier.converged).toThrow(NotFittedError);
    await classifier.fit(overlapping(1), labels);
    expect(classifier.converged).toBe(true);
    const x = overlapping(1000);
    await classifier.fit(x, labels);
    expect(classifier.converged).toBe(false);
    // The best plane between normal clouds two deviations apart is right about 84 times in 100.
    const right = (await classifier.predict(x)).filter(
      (label, row) => label === labels[row],
    ).length;
    expect(right / rows).toBeGreaterThan(0.75);
    expect(() => SvmClassifier.fromJSON(classifier.toJSON()).converged).toThrow(NotFittedError);
  });
});

describe('solveSvm', () => {
  it('finds the solution that is known in closed form', async () => {
    // Two points at distance 2 on a line, apart at 0: alpha = 2 / 2² for each, and no threshold.
    const kernel = [
      [1, -1],
      [-1, 1],
    ];
    const problem = {
      signs: Int8Array.of(1, -1),
      diagonal: Float64Array.of(1, 1),
      row: (i: number) => Float32Array.from(kernel[i]!),
    };
    const { coefficients, rho } = await solveSvm(problem, 10, 1e-6, new Work());
    expect(Array.from(coefficients)).toEqual([0.5, -0.5]);
    expect(rho).toBe(0);
    const bounded = await solveSvm(problem, 0.25, 1e-6, new Work());
    expect(Array.from(bounded.coefficients)).toEqual([0.25, -0.25]);
  });

  it('satisfies the conditions of optimality', async () => {
    const random = createRandom(9);
    const count = 60;
    const points = Array.from({ length: count }, () => [random.normal(), random.normal()]);
    const signs = Int8Array.from(points, ([a, b]) =>
      a! * b! + 0.3 * random.normal() > 0 ? 1 : -1,
    );
    const kernel = points.map(([a, b]) =>
      Float32Array.from(points, ([c, d]) => Math.exp(-((a! - c!) ** 2 + (b! - d!) ** 2))),
    );
    const c = 3;
    const problem = {
      signs,
      diagonal: new Float64Array(count).fill(1),
      row: (i: number) => kernel[i]!,
    };
    const { coefficients, rho } = await solveSvm(problem, c, 1e-6, new Work());
    expect(Math.abs(coefficients.reduce((sum, value) => sum + value))).toBeLessThan(1e-9);
    for (let i = 0; i < count; i++) {
      const alpha = coefficients[i]! * signs[i]!;
      const margin =
        signs[i]! * (coefficients.reduce((sum, value, j) => sum + value * kernel[i]![j]!, 0) - rho);
      expect(alpha).toBeGreaterThanOrEqual(0);
      expect(alpha).toBeLessThanOrEqual(c);
      if (alpha === 0) expect(margin).toBeGreaterThan(1 - 1e-5);
      else if (alpha === c) expect(margin).toBeLessThan(1 + 1e-5);
      else expect(Math.abs(margin - 1)).toBeLessThan(1e-5);
    }
  });
});
