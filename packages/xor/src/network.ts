import {
  callback,
  checkOptions,
  type OptionChecks,
  positiveNumber,
  wholeNumber,
} from '@nn-lab/core/checks';
import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { checkFinite, checkWeights } from './checks.js';

/** Cases to learn: inputs and what is to come out. */
export interface LabelledCases {
  /** `[cases, inputs]`, row by row. */
  readonly inputs: ArrayLike<number>;
  /** `[cases, outputs]`, row by row; within [0, 1], as sigmoids reach nothing else. */
  readonly targets: ArrayLike<number>;
}

/** A fully connected network of sigmoid units. It holds no weights: they are passed in. */
export interface SigmoidNetwork {
  /** Units in each layer, the inputs first. */
  readonly layers: readonly number[];
  /** How many weights it needs. */
  readonly weightCount: number;
  /**
   * The outputs, `[cases, outputs]`, row by row.
   *
   * @param weights - Layer by layer, unit by unit, each `[bias, weights of its inputs]`.
   * @param inputs - `[cases, inputs]`, row by row.
   * @throws ShapeError when a length does not fit.
   * @throws InvalidArgumentError when there are no cases or a number is not finite.
   */
  outputs(weights: ArrayLike<number>, inputs: ArrayLike<number>): Float64Array;
  /** The mean squared error over all outputs of all cases. Throws as `outputs` does. */
  mse(weights: ArrayLike<number>, cases: LabelledCases): number;
  /** The gradient of `mse`, a number for each weight. Throws as `outputs` does. */
  gradMse(weights: ArrayLike<number>, cases: LabelledCases): Float64Array;
}

/**
 * A network of any size. `[2, 2, 1]` is the course's XOR network, with the same order of weights and
 * the same arithmetic to the last bit.
 *
 * @param layers - Units in each layer, the inputs first: at least two layers of at least one unit.
 * @throws InvalidArgumentError for anything else.
 *
 * @example
 * ```ts
 * const network = buildSigmoidNetwork([3, 4, 1]); // say, for the parity of three bits
 * const random = createRandom(1);
 * const initial = Float64Array.from({ length: network.weightCount }, () => random.normal());
 * const { weights, solved } = await trainNetwork(network, parity, initial, { learningRate: 5 });
 * ```
 */
export function buildSigmoidNetwork(layers: readonly number[]): SigmoidNetwork {
  return new Layers(layers);
}

/** Options of {@link trainNetwork}. */
export interface TrainNetworkOptions extends WorkOptions {
  /** What half the negative gradient, the averaged delta rule, is multiplied by. Default 0.3. */
  readonly learningRate?: number;
  /** Give up after so many evaluations of the error. Default 100,000. */
  readonly maxEvaluations?: number;
  /** Told the error and the number of misclassified cases of each evaluation, the initial one first. */
  readonly onEvaluation?: (evaluation: number, mse: number, misclassified: number) => void;
}

const trainNetworkChecks: OptionChecks<TrainNetworkOptions> = {
  ...workChecks,
  learningRate: positiveNumber,
  maxEvaluations: wholeNumber(1),
  onEvaluation: callback,
};

/** What {@link trainNetwork} came to. */
export interface NetworkTraining {
  /** True when every output of every case is on its target's side of 0.5. */
  readonly solved: boolean;
  /** How often the error was evaluated, the initial weights included. */
  readonly evaluations: number;
  readonly weights: Float64Array;
  readonly mse: number;
  /** How many cases have an output on the wrong side of 0.5. */
  readonly misclassified: number;
}

/**
 * Gradient descent on all cases at once, until every output is on its target's side of 0.5.
 *
 * @param network - From {@link buildSigmoidNetwork}.
 * @param initialWeights - They are not changed.
 * @throws ShapeError when a length does not fit the network.
 * @throws InvalidArgumentError when there are no cases, a number is not finite, a target is not in
 * [0, 1] or an option is out of range.
 */
export async function trainNetwork(
  network: SigmoidNetwork,
  cases: LabelledCases,
  initialWeights: ArrayLike<number>,
  options: TrainNetworkOptions = {},
): Promise<NetworkTraining> {
  checkOptions(options, trainNetworkChecks);
  const work = new Work(options);
  const { learningRate = 0.3, maxEvaluations = 100_000, onEvaluation } = options;
  work.begin('training', maxEvaluations);
  const layers = network instanceof Layers ? network : new Layers(network.layers);
  const pass = layers.passOver(initialWeights, cases);
  const { weights, step } = pass;
  for (let evaluation = 1; ; evaluation++) {
    const { mse, misclassified } = pass.run();
    onEvaluation?.(evaluation, mse, misclassified);
    if (misclassified === 0 || evaluation === maxEvaluations) {
      return { solved: misclassified === 0, evaluations: evaluation, weights, mse, misclassified };
    }
    for (let index = 0; index < weights.length; index++) {
      weights[index]! += learningRate * step[index]!;
    }
    if (work.isDue) await work.reach(evaluation);
  }
}

class Layers implements SigmoidNetwork {
  readonly layers: readonly number[];
  readonly weightCount: number;
  readonly #inputs: number;
  readonly #outputs: number;

  constructor(layers: readonly number[]) {
    if (
      !Array.isArray(layers) ||
      layers.length < 2 ||
      !layers.every((units) => Number.isSafeInteger(units) && units >= 1)
    ) {
      throw new InvalidArgumentError(
        `Expected layers as two or more whole numbers of at least 1, the inputs first, such as [2, 2, 1], got [${layers}].`,
      );
    }
    this.layers = [...layers];
    this.#inputs = layers[0]!;
    this.#outputs = layers.at(-1)!;
    this.weightCount = layers
      .slice(1)
      .reduce((sum, units, index) => sum + units * (layers[index]! + 1), 0);
  }

  outputs(weights: ArrayLike<number>, inputs: ArrayLike<number>): Float64Array {
    this.#checkWeights(weights);
    const count = this.#checkInputs(inputs);
    const held = Float64Array.from(weights);
    const activations = this.#activations();
    const outputs = new Float64Array(count * this.#outputs);
    for (let one = 0; one < count; one++) {
      this.#forward(held, inputs, one, activations);
      outputs.set(activations.at(-1)!, one * this.#outputs);
    }
    return outputs;
  }

  mse(weights: ArrayLike<number>, cases: LabelledCases): number {
    return this.passOver(weights, cases).run().mse;
  }

  gradMse(weights: ArrayLike<number>, cases: LabelledCases): Float64Array {
    const pass = this.passOver(weights, cases);
    pass.run();
    return pass.step.map((step) => -2 * step);
  }

  /**
   * Buffers for one pass after another over the same cases: `run` reads `weights`, which the caller
   * may change in between, and leaves the averaged delta-rule step in `step`.
   */
  passOver(initialWeights: ArrayLike<number>, { inputs, targets }: LabelledCases) {
    this.#checkWeights(initialWeights);
    const count = this.#checkInputs(inputs);
    this.#checkTargets(targets, count);
    const weights = Float64Array.from(initialWeights);
    const step = new Float64Array(this.weightCount);
    const activations = this.#activations();
    const deltas = this.#activations();
    const result = { mse: 0, misclassified: 0 };
    const run = () => {
      step.fill(0);
      let sum = 0;
      let misclassified = 0;
      const outputs = activations.at(-1)!;
      for (let one = 0; one < count; one++) {
        this.#forward(weights, inputs, one, activations);
        let right = true;
        for (let unit = 0; unit < this.#outputs; unit++) {
          const y = outputs[unit]!;
          const target = targets[one * this.#outputs + unit]!;
          sum += (target - y) * (target - y);
          if (y >= 0.5 !== target >= 0.5) right = false;
          deltas.at(-1)![unit] = (target - y) * y * (1 - y);
        }
        if (!right) misclassified++;
        this.#backward(weights, activations, deltas, step);
      }
      const averaged = count * this.#outputs;
      for (let index = 0; index < step.length; index++) step[index]! /= averaged;
      result.mse = sum / averaged;
      result.misclassified = misclassified;
      return result;
    };
    return { weights, step, run };
  }

  /** One array a layer. */
  #activations(): Float64Array[] {
    return this.layers.map((units) => new Float64Array(units));
  }

  #forward(
    weights: Float64Array,
    inputs: ArrayLike<number>,
    one: number,
    activations: Float64Array[],
  ): void {
    const first = activations[0]!;
    for (let index = 0; index < first.length; index++) {
      first[index] = inputs[one * first.length + index]!;
    }
    let at = 0;
    for (let layer = 1; layer < activations.length; layer++) {
      const from = activations[layer - 1]!;
      const to = activations[layer]!;
      for (let unit = 0; unit < to.length; unit++) {
        let sum = weights[at++]!;
        for (let index = 0; index < from.length; index++) sum += weights[at++]! * from[index]!;
        to[unit] = 1 / (1 + Math.exp(-sum));
      }
    }
  }

  /** Adds one case's delta rule to `step`, from the deltas of the last layer. */
  #backward(
    weights: Float64Array,
    activations: readonly Float64Array[],
    deltas: readonly Float64Array[],
    step: Float64Array,
  ): void {
    let at = weights.length;
    for (let layer = activations.length - 1; layer > 0; layer--) {
      const from = activations[layer - 1]!;
      const delta = deltas[layer]!;
      const before = deltas[layer - 1]!;
      at -= delta.length * (from.length + 1);
      before.fill(0);
      for (let unit = 0; unit < delta.length; unit++) {
        const row = at + unit * (from.length + 1);
        const own = delta[unit]!;
        step[row]! += own;
        for (let index = 0; index < from.length; index++) {
          step[row + 1 + index]! += own * from[index]!;
          before[index]! += weights[row + 1 + index]! * own;
        }
      }
      for (let index = 0; index < from.length; index++) {
        before[index]! *= from[index]! * (1 - from[index]!);
      }
    }
  }

  #checkWeights(weights: ArrayLike<number>): void {
    const order = `for layers ${this.layers.join('-')}, unit by unit [bias, weights of its inputs]`;
    checkWeights(weights, this.weightCount, order);
  }

  #checkInputs(inputs: ArrayLike<number>): number {
    if (inputs.length === 0) {
      throw new InvalidArgumentError('Expected at least one case, got none.');
    }
    if (inputs.length % this.#inputs !== 0) {
      throw new ShapeError(
        `Expected inputs of shape [cases, ${this.#inputs}], got ${inputs.length} numbers.`,
      );
    }
    checkFinite(inputs, 'inputs');
    return inputs.length / this.#inputs;
  }

  #checkTargets(targets: ArrayLike<number>, count: number): void {
    if (targets.length !== count * this.#outputs) {
      throw new ShapeError(
        `Expected targets of shape [${count}, ${this.#outputs}], one row for each case, got ${targets.length} numbers.`,
      );
    }
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index]!;
      if (!(target >= 0 && target <= 1)) {
        throw new InvalidArgumentError(
          `Expected targets from 0 to 1, which sigmoids can reach, got ${target} at index ${index}.`,
        );
      }
    }
  }
}
