import { InvalidArgumentError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { checkCount, checkPositive } from './checks.js';
import { descend } from './train-xor.js';

/** Where initial weights come from: N(0, 1) or U(-1, 1). */
export type Initialisation = 'normal' | 'uniform';

/** Options of {@link measureSuccess}. */
export interface MeasureSuccessOptions {
  /** How many initialisations are tried. Default 1,000. */
  readonly count?: number;
  /** Steps after which a run counts as stuck, the initial evaluation included. Default 10,000. */
  readonly maxEvaluations?: number;
  /** Seed of the initial weights: the same for every learning rate. Default 42. */
  readonly seed?: number;
}

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
export function measureSuccess(
  learningRate: number,
  init: Initialisation,
  options: MeasureSuccessOptions = {},
): SuccessMeasurement {
  const { count = 1000, maxEvaluations = 10_000, seed = 42 } = options;
  checkPositive(learningRate, 'learningRate');
  checkCount(count, 'count');
  checkCount(maxEvaluations, 'maxEvaluations');
  if (init !== 'normal' && init !== 'uniform') {
    throw new InvalidArgumentError(`Expected init 'normal' or 'uniform', got '${init}'.`);
  }
  const random = createRandom(seed).fork(init);
  const weights = new Float64Array(9);
  const taken = new Uint32Array(count);
  let solved = 0;
  for (let run = 0; run < count; run++) {
    for (let index = 0; index < 9; index++) {
      weights[index] = init === 'normal' ? random.normal() : random.uniform(-1, 1);
    }
    const outcome = descend(weights, learningRate, maxEvaluations);
    if (outcome.solved) taken[solved++] = outcome.evaluations;
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
