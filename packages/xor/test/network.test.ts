import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { describe, expect, it } from 'vitest';
import { courseRuns } from '../src/course/index.js';
import { buildSigmoidNetwork, deltaRuleStep, mse, trainNetwork, xorOutputs } from '../src/index.js';

const xor = { inputs: [0, 0, 0, 1, 1, 0, 1, 1], targets: [0, 1, 1, 0] };

/** The parity of three bits: XOR one dimension up. */
const parity = {
  inputs: Array.from({ length: 8 }, (_, n) => [n >> 2, (n >> 1) & 1, n & 1]).flat(),
  targets: Array.from({ length: 8 }, (_, n) => ((n >> 2) ^ (n >> 1) ^ n) & 1),
};

const normalWeights = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};

describe('a network of any size', () => {
  it('is the XOR network for layers 2-2-1, to the last bit', () => {
    const network = buildSigmoidNetwork([2, 2, 1]);
    expect(network.weightCount).toBe(9);
    for (let seed = 0; seed < 20; seed++) {
      const weights = normalWeights(9, seed);
      expect(network.outputs(weights, xor.inputs)).toEqual(xorOutputs(weights));
      expect(network.mse(weights, xor)).toBe(mse(weights));
      expect(network.gradMse(weights, xor)).toEqual(deltaRuleStep(weights).map((s) => -2 * s));
    }
  });

  it("repeats the course's runs to the same weights", async () => {
    const network = buildSigmoidNetwork([2, 2, 1]);
    for (const { initialWeights, learningRate, evaluations, weights } of await courseRuns()) {
      const trained = await trainNetwork(network, xor, initialWeights, { learningRate });
      expect(trained).toMatchObject({ solved: true, evaluations, misclassified: 0 });
      expect(trained.weights).toEqual(weights);
    }
  });

  it.each([[[3, 5, 4, 2]], [[1, 1]], [[4, 3]], [[2, 6, 1, 6, 3]]])(
    'knows the gradient of its error: layers %j agree with numeric differences to 1e-9',
    (layers) => {
      const network = buildSigmoidNetwork(layers);
      const random = createRandom(7);
      const weights = normalWeights(network.weightCount, 1);
      const cases = {
        inputs: Array.from({ length: 5 * layers[0]! }, () => random.normal()),
        targets: Array.from({ length: 5 * layers.at(-1)! }, () => random.uniform()),
      };
      const gradient = network.gradMse(weights, cases);
      expect(gradient.length).toBe(network.weightCount);
      for (let index = 0; index < weights.length; index++) {
        const at = (offset: number) => {
          const moved = Float64Array.from(weights);
          moved[index]! += offset;
          return network.mse(moved, cases);
        };
        const central = (h: number) => (at(h) - at(-h)) / (2 * h);
        const slope = (4 * central(5e-4) - central(1e-3)) / 3;
        expect(Math.abs(gradient[index]! - slope)).toBeLessThan(1e-9);
      }
    },
  );

  it('learns the parity of three bits', async () => {
    const network = buildSigmoidNetwork([3, 6, 1]);
    const errors: number[] = [];
    const { solved, weights, evaluations } = await trainNetwork(
      network,
      parity,
      normalWeights(network.weightCount, 2),
      { learningRate: 5, onEvaluation: (_, error) => errors.push(error) },
    );
    expect(solved).toBe(true);
    expect(errors).toHaveLength(evaluations);
    expect(errors.at(-1)!).toBeLessThan(errors[0]!);
    expect(Array.from(network.outputs(weights, parity.inputs), Math.round)).toEqual(parity.targets);
  });

  it('says when it gave up', async () => {
    const network = buildSigmoidNetwork([2, 2, 1]);
    const given = await trainNetwork(network, xor, normalWeights(9, 0), { maxEvaluations: 3 });
    expect(given).toMatchObject({ solved: false, evaluations: 3 });
    expect(given.misclassified).toBeGreaterThan(0);
  });
});

describe('bad input', () => {
  it('is refused: layers, lengths, NaN, targets that sigmoids cannot reach', async () => {
    for (const layers of [[], [2], [2, 0, 1], [2, 1.5], [2, Number.NaN]]) {
      expect(() => buildSigmoidNetwork(layers)).toThrow(InvalidArgumentError);
    }
    const network = buildSigmoidNetwork([2, 2, 1]);
    const weights = normalWeights(9, 0);
    expect(() => network.outputs(weights.slice(1), xor.inputs)).toThrow(/Expected 9 weights/);
    expect(() => network.outputs(weights, [1, 2, 3])).toThrow(ShapeError);
    expect(() => network.outputs(weights, [])).toThrow(/at least one case/);
    expect(() => network.outputs(weights, [Number.NaN, 1])).toThrow(/NaN at index 0/);
    expect(() => network.mse(weights, { ...xor, targets: [0, 1] })).toThrow(ShapeError);
    expect(() => network.mse(weights, { ...xor, targets: [0, 1, 2, 0] })).toThrow(/from 0 to 1/);
    await expect(trainNetwork(network, xor, weights, { learningRate: -1 })).rejects.toThrow(
      InvalidArgumentError,
    );
  });
});
