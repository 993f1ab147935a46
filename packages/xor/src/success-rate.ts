import {
  checkOptions,
  checkValue,
  type OptionChecks,
  oneOf,
  positiveNumber,
  wholeNumber,
} from '@nn-lab/core/checks';
import { createRandom } from '@nn-lab/core/random';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { descend } from './train-xor.js';

/** Where initial weights come from: N(0, 1) or U(-1, 1). */
export type Initialisation = 'normal' | 'uniform';

/** Options of {@link measureSuccess}. */
export interface MeasureSuccessOptions extends WorkOptions {
  /** How many initialisations are tried. Default 1,000. */
  readonly count?: number;
  /** Steps after which a run counts as stuck, the initial evaluation included. Default 10,000. */
  readonly maxEvaluations?: number;
  /** Seed of the initial weights: the same for every learning rate. Default 42. */
  readonly seed?: number;
}

const measureSuccessChecks: OptionChecks<MeasureSuccessOptions> = {
  ...workChecks,
  count: wholeNumber(1),
  maxEvaluations: wholeNumber(1),
  seed: wholeNumber(0),
};

/** How many initialisations end in a network that solves XOR. */
export interface SuccessMeasurement {
  readonly learningRate: number;
  readonly init: Initialisation;
  readonly count: number;
  readonly maxEvaluations: number;
  readonly solved: number;
  /** The share that is solved. */
  readonly rate: number;
  /** The 95 % interval of that share (Wilson, 1927). */
  readonly interval: readonly [low: number, high: number];
  /** The evaluations that each solved run took, ascending. */
  readonly evaluations: Uint32Array;
}

/**
 * Trains from many initialisations and counts how many solve XOR.
 *
 * Run n begins with the same weights whatever the learning rate, so that rates are compared on equal
 * ground.
 *
 * @throws InvalidArgumentError when an argument is out of range.
 */
export async function measureSuccess(
  learningRate: number,
  init: Initialisation,
  options: MeasureSuccessOptions = {},
): Promise<SuccessMeasurement> {
  checkValue('learningRate', learningRate, positiveNumber);
  checkValue('init', init, oneOf('normal', 'uniform'));
  checkOptions(options, measureSuccessChecks);
  const work = new Work(options);
  const { count = 1000, maxEvaluations = 10_000, seed = 42 } = options;
  const random = createRandom(seed).fork(init);
  const weights = new Float64Array(9);
  const taken = new Uint32Array(count);
  let solved = 0;
  // A single run has its turns, but its progress is not that of the whole.
  const turns = new Work({ signal: options.signal });
  work.begin('runs', count);
  for (let run = 0; run < count; run++) {
    for (let index = 0; index < 9; index++) {
      weights[index] = init === 'normal' ? random.normal() : random.uniform(-1, 1);
    }
    const outcome = await descend(weights, learningRate, maxEvaluations, turns);
    if (outcome.solved) taken[solved++] = outcome.evaluations;
    await work.reach(run + 1);
  }
  return {
    learningRate,
    init,
    count,
    maxEvaluations,
    solved,
    rate: solved / count,
    interval: wilsonInterval(solved, count),
    evaluations: taken.slice(0, solved).sort(),
  };
}

/** Of a share of k in n, at 95 %: unlike k/n ± 2 standard errors it stays within 0 and 1. */
function wilsonInterval(k: number, n: number): [low: number, high: number] {
  const z = 1.959963984540054;
  const middle = (k + (z * z) / 2) / (n + z * z);
  const reach = (z / (n + z * z)) * Math.sqrt((k * (n - k)) / n + (z * z) / 4);
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}
