import {
  checkOptions,
  flag,
  type OptionChecks,
  positiveNumber,
  wholeNumber,
} from '@nn-lab/core/checks';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { checkXorWeights, mse, xorOutputs } from './xor-net.js';

/** Options of {@link trainXor}. */
export interface TrainXorOptions extends WorkOptions {
  /** What the averaged delta-rule step is multiplied by. Default 0.3. */
  readonly learningRate?: number;
  /** Give up after so many evaluations of the error. Default 1,000,000. */
  readonly maxEvaluations?: number;
  /** Keep the error and the number of misclassified cases of every evaluation. Default false. */
  readonly trace?: boolean;
}

const trainXorChecks: OptionChecks<TrainXorOptions> = {
  ...workChecks,
  learningRate: positiveNumber,
  maxEvaluations: wholeNumber(1),
  trace: flag,
};

/** How a run went, evaluation by evaluation, the initial weights first. */
export interface XorTrace {
  /** The mean squared error. */
  readonly mse: Float64Array;
  /** How many of the four cases were on the wrong side of 0.5. */
  readonly misclassified: Uint8Array;
}

/** What {@link trainXor} came to. */
export interface XorTraining {
  /** True when all four cases are right. */
  readonly solved: boolean;
  /** How often the error was evaluated, the initial weights included: one more than the steps. */
  readonly evaluations: number;
  /** The nine last weights. */
  readonly weights: Float64Array;
  /** The network's answers to (0,0), (0,1), (1,0), (1,1) with them. */
  readonly outputs: Float64Array;
  /** The mean squared error with them. */
  readonly mse: number;
  /** Present when it was asked for. */
  readonly trace?: XorTrace;
}

/**
 * Gradient descent on the four cases, until all of them are on the right side of 0.5.
 *
 * @param initialWeights - Nine, in the order of `xorNet`; they are not changed.
 * @throws ShapeError when there are not nine weights.
 * @throws InvalidArgumentError when one is not finite, or an option is out of range.
 *
 * @example
 * ```ts
 * const R = new RandomState(42);
 * const { evaluations } = await trainXor(R.normal(0, 1, 9), { learningRate: 0.3 }); // 7899
 * ```
 */
export async function trainXor(
  initialWeights: ArrayLike<number>,
  options: TrainXorOptions = {},
): Promise<XorTraining> {
  checkOptions(options, trainXorChecks);
  const work = new Work(options);
  const { learningRate = 0.3, maxEvaluations = 1_000_000, trace = false } = options;
  checkXorWeights(initialWeights);
  work.begin('training', maxEvaluations);
  const weights = Float64Array.from(initialWeights);
  const recorder = trace ? new Recorder() : undefined;
  const { evaluations, solved } = await descend(
    weights,
    learningRate,
    maxEvaluations,
    work,
    recorder,
  );
  return {
    solved,
    evaluations,
    weights,
    outputs: xorOutputs(weights),
    mse: mse(weights),
    ...(recorder ? { trace: recorder.trace(evaluations) } : {}),
  };
}

/** Grows by doubling, so that a long run costs no more than twice its length. */
class Recorder {
  #mse = new Float64Array(1024);
  #misclassified = new Uint8Array(1024);

  add(index: number, error: number, misclassified: number): void {
    if (index === this.#mse.length) {
      const [mse, wrong] = [this.#mse, this.#misclassified];
      this.#mse = new Float64Array(2 * index);
      this.#mse.set(mse);
      this.#misclassified = new Uint8Array(2 * index);
      this.#misclassified.set(wrong);
    }
    this.#mse[index] = error;
    this.#misclassified[index] = misclassified;
  }

  trace(length: number): XorTrace {
    return {
      mse: this.#mse.slice(0, length),
      misclassified: this.#misclassified.slice(0, length),
    };
  }
}

/** Evaluations between two looks at the clock: a millisecond or so. */
const evaluationsPerLook = 5000;

interface Descent {
  readonly evaluations: number;
  readonly solved: boolean;
}

/** The loop itself, on unchecked arguments: changes the weights in place. */
export async function descend(
  weights: Float64Array,
  learningRate: number,
  maxEvaluations: number,
  work: Work,
  recorder?: Recorder,
): Promise<Descent> {
  let before = 0;
  for (;;) {
    const pause = before + evaluationsPerLook;
    const run = descendUntil(pause, weights, learningRate, maxEvaluations, before, recorder);
    if (run.solved || run.evaluations >= maxEvaluations) return run;
    before = run.evaluations;
    if (work.isDue) await work.reach(before);
  }
}

/**
 * The part of the loop from `before` evaluations up to the step after `pause` of them. The arithmetic is that of
 * `deltaRuleStep`, operation by operation, written out for the four cases so that everything stays
 * in registers: a product with an input of 0 adds nothing, and one with 1 changes nothing.
 */
function descendUntil(
  pause: number,
  weights: Float64Array,
  learningRate: number,
  maxEvaluations: number,
  before: number,
  recorder: Recorder | undefined,
): Descent {
  let w0 = weights[0]!;
  let w1 = weights[1]!;
  let w2 = weights[2]!;
  let w3 = weights[3]!;
  let w4 = weights[4]!;
  let w5 = weights[5]!;
  let w6 = weights[6]!;
  let w7 = weights[7]!;
  let w8 = weights[8]!;
  let evaluations = before;
  let solved = false;
  for (;;) {
    // Cases (0,0), (0,1), (1,0), (1,1): hidden units a and b, output y.
    const a00 = 1 / (1 + Math.exp(-w0));
    const b00 = 1 / (1 + Math.exp(-w3));
    const y00 = 1 / (1 + Math.exp(-(w6 + w7 * a00 + w8 * b00)));
    const a01 = 1 / (1 + Math.exp(-(w0 + w2)));
    const b01 = 1 / (1 + Math.exp(-(w3 + w5)));
    const y01 = 1 / (1 + Math.exp(-(w6 + w7 * a01 + w8 * b01)));
    const a10 = 1 / (1 + Math.exp(-(w0 + w1)));
    const b10 = 1 / (1 + Math.exp(-(w3 + w4)));
    const y10 = 1 / (1 + Math.exp(-(w6 + w7 * a10 + w8 * b10)));
    const a11 = 1 / (1 + Math.exp(-(w0 + w1 + w2)));
    const b11 = 1 / (1 + Math.exp(-(w3 + w4 + w5)));
    const y11 = 1 / (1 + Math.exp(-(w6 + w7 * a11 + w8 * b11)));

    if (recorder) {
      const error = y00 * y00 + (1 - y01) * (1 - y01) + (1 - y10) * (1 - y10) + y11 * y11;
      const wrong = Number(y00 >= 0.5) + Number(y01 < 0.5) + Number(y10 < 0.5) + Number(y11 >= 0.5);
      recorder.add(evaluations, error / 4, wrong);
    }
    evaluations++;
    solved = y00 < 0.5 && y01 >= 0.5 && y10 >= 0.5 && y11 < 0.5;
    if (solved || evaluations >= maxEvaluations) break;

    const d00 = -y00 * y00 * (1 - y00);
    const d01 = (1 - y01) * y01 * (1 - y01);
    const d10 = (1 - y10) * y10 * (1 - y10);
    const d11 = -y11 * y11 * (1 - y11);
    const p00 = w7 * d00 * (a00 * (1 - a00));
    const p01 = w7 * d01 * (a01 * (1 - a01));
    const p10 = w7 * d10 * (a10 * (1 - a10));
    const p11 = w7 * d11 * (a11 * (1 - a11));
    const q00 = w8 * d00 * (b00 * (1 - b00));
    const q01 = w8 * d01 * (b01 * (1 - b01));
    const q10 = w8 * d10 * (b10 * (1 - b10));
    const q11 = w8 * d11 * (b11 * (1 - b11));

    // A division by 4 is exact: it could as well be a product.
    w0 += learningRate * ((p00 + p01 + p10 + p11) / 4);
    w1 += learningRate * ((p10 + p11) / 4);
    w2 += learningRate * ((p01 + p11) / 4);
    w3 += learningRate * ((q00 + q01 + q10 + q11) / 4);
    w4 += learningRate * ((q10 + q11) / 4);
    w5 += learningRate * ((q01 + q11) / 4);
    w6 += learningRate * ((d00 + d01 + d10 + d11) / 4);
    w7 += learningRate * ((d00 * a00 + d01 * a01 + d10 * a10 + d11 * a11) / 4);
    w8 += learningRate * ((d00 * b00 + d01 * b01 + d10 * b10 + d11 * b11) / 4);
    if (evaluations >= pause) break;
  }
  weights.set([w0, w1, w2, w3, w4, w5, w6, w7, w8]);
  return { evaluations, solved };
}
