import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { createRandom, RandomState } from '@nn-lab/core/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deltaRuleStep,
  gradMse,
  misclassifiedCases,
  mse,
  searchLazily,
  trainXor,
  xorNet,
  xorOutputs,
} from '../src/index.js';

/** h1 is OR, h2 is NAND, the output is their AND. */
const solution = [-10, 20, 20, 30, -20, -20, -30, 20, 20];
const nineWeights = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
  minLength: 9,
  maxLength: 9,
});

describe('the XOR network', () => {
  it('solves XOR with weights made by hand', () => {
    expect(Array.from(xorOutputs(solution), Math.round)).toEqual([0, 1, 1, 0]);
    expect(xorNet(0, 1, solution)).toBe(xorOutputs(solution)[1]);
    expect(misclassifiedCases(solution)).toBe(0);
    expect(mse(solution)).toBeLessThan(1e-6);
  });

  it('answers 0.5 to everything with no weights at all, which counts as 1', () => {
    const zeros = new Float64Array(9);
    expect(Array.from(xorOutputs(zeros))).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(mse(zeros)).toBe(0.25);
    expect(misclassifiedCases(zeros)).toBe(2);
  });

  it('knows the gradient of its error: numeric differences agree to 1e-9', () => {
    fc.assert(
      fc.property(nineWeights, (weights) => {
        const gradient = gradMse(weights);
        for (let index = 0; index < 9; index++) {
          expect(Math.abs(gradient[index]! - numericSlope(weights, index))).toBeLessThan(1e-9);
        }
      }),
      { seed: 42, numRuns: 100 },
    );
  });

  it('steps down the gradient: the delta rule is half of it, with the sign turned', () => {
    fc.assert(
      fc.property(nineWeights, (weights) => {
        const step = deltaRuleStep(weights);
        expect(gradMse(weights)).toEqual(step.map((value) => -2 * value));
      }),
      { seed: 42 },
    );
  });
});

/** Central differences with Richardson's extrapolation: an error of order h^4. */
function numericSlope(weights: readonly number[], index: number): number {
  const at = (offset: number) => mse(weights.map((w, i) => (i === index ? w + offset : w)));
  const central = (h: number) => (at(h) - at(-h)) / (2 * h);
  return (4 * central(5e-4) - central(1e-3)) / 3;
}

describe('training', () => {
  const initial = new RandomState(42).normal(0, 1, 9);

  it('takes the very steps of the delta rule, to the last bit', async () => {
    const weights = Float64Array.from(initial);
    for (let step = 0; step < 200; step++) {
      const change = deltaRuleStep(weights);
      for (let index = 0; index < 9; index++) weights[index]! += 0.7 * change[index]!;
    }
    const trained = await trainXor(initial, { learningRate: 0.7, maxEvaluations: 201 });
    expect(trained.weights).toEqual(weights);
    expect(trained).toMatchObject({ solved: false, evaluations: 201, mse: mse(weights) });
  });

  it('leaves the initial weights alone, and stops at once where they solve XOR already', async () => {
    const before = Float64Array.from(initial);
    await trainXor(initial, { maxEvaluations: 10 });
    expect(initial).toEqual(before);
    expect(await trainXor(solution)).toMatchObject({ solved: true, evaluations: 1 });
  });

  it('keeps a trace however long the run', async () => {
    const { trace } = await trainXor(initial, { maxEvaluations: 5000, trace: true });
    expect(trace!.mse.length).toBe(5000);
    expect(trace!.mse[0]).toBe(mse(initial));
    expect(trace!.misclassified[0]).toBe(misclassifiedCases(initial));
    expect((await trainXor(initial, { maxEvaluations: 5 })).trace).toBeUndefined();
  });
});

describe('the lazy search', () => {
  it('finds weights that solve XOR, in a stream of any kind', async () => {
    const random = createRandom(3);
    const { draws, weights } = await searchLazily(() => random.normal(0, 3));
    expect(draws).toBeGreaterThan(1);
    expect(misclassifiedCases(weights)).toBe(0);
  });

  it('gives up with an error that says so', async () => {
    await expect(searchLazily(() => 0, { maxDraws: 100 })).rejects.toThrow(/None of 100 networks/);
    await expect(searchLazily(() => 0, { maxDraws: 0 })).rejects.toThrow(InvalidArgumentError);
  });
});

describe('bad input', () => {
  it('is refused: wrong counts, NaN, options out of range', async () => {
    expect(() => xorOutputs([1, 2, 3])).toThrow(ShapeError);
    expect(() => mse([])).toThrow(/Expected 9 weights .*got 0/);
    const broken = [...solution];
    broken[4] = Number.NaN;
    for (const use of [mse, gradMse, deltaRuleStep, misclassifiedCases]) {
      expect(() => use(broken)).toThrow(/weights, got NaN at index 4/);
    }
    expect(() => xorNet(0, Number.POSITIVE_INFINITY, solution)).toThrow(InvalidArgumentError);
    await expect(trainXor(broken)).rejects.toThrow(/weights, got NaN at index 4/);
    await expect(trainXor(solution, { learningRate: 0 })).rejects.toThrow(/learningRate/);
    await expect(trainXor(solution, { learningRate: Number.NaN })).rejects.toThrow(/learningRate/);
    await expect(trainXor(solution, { maxEvaluations: 1.5 })).rejects.toThrow(/maxEvaluations/);
  });
});
