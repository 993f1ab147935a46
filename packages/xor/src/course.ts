import { RandomState } from '@nn-lab/core/random';
import { searchLazily } from './lazy-search.js';
import type { Initialisation } from './success-rate.js';
import { trainXor, type XorTraining } from './train-xor.js';

/** One training run of the course. */
export interface CourseRun extends XorTraining {
  readonly learningRate: number;
  readonly init: Initialisation;
  /** The nine weights it began with. */
  readonly initialWeights: Float64Array;
}

const seed = 42;

/**
 * The course's training runs, in its order: learning rates 0.3, 0.6 and 0.8 from the same N(0, 1)
 * weights, then 0.3 from U(-1, 1) weights. Its comparison of the two initialisations sets the last
 * beside the first. All weights are drawn from the one stream `RandomState(42)`.
 */
export function courseRuns(options: { readonly trace?: boolean } = {}): CourseRun[] {
  const { trace = false } = options;
  const stream = new RandomState(seed);
  const normal = stream.normal(0, 1, 9);
  const uniform = stream.uniform(-1, 1, 9);
  const run = (
    learningRate: number,
    init: Initialisation,
    initialWeights: Float64Array,
  ): CourseRun => ({
    learningRate,
    init,
    initialWeights,
    ...trainXor(initialWeights, { learningRate, trace }),
  });
  return [
    run(0.3, 'normal', normal),
    run(0.6, 'normal', normal),
    run(0.8, 'normal', normal),
    run(0.3, 'uniform', uniform),
  ];
}

/**
 * The draws that each of the course's eight lazy searches takes: mean 131,891, from 8,992 to 393,348.
 *
 * The course states only these three figures. No eight searches in a row of one stream have them
 * ({@link oneStreamLazyCounts}); four in each of two sittings do, both from `RandomState(42)` anew:
 * four after the normal and the uniform weights were drawn, four after the normal weights alone.
 */
export function courseLazyCounts(options: { onSearch?: (done: number) => void } = {}): number[] {
  const { onSearch } = options;
  const afterBoth = new RandomState(seed);
  afterBoth.normal(0, 1, 9);
  afterBoth.uniform(-1, 1, 9);
  const afterNormal = new RandomState(seed);
  afterNormal.normal(0, 1, 9);
  return [...searches(afterBoth, 4, onSearch), ...searches(afterNormal, 4, onSearch, 4)];
}

/** The draws of lazy searches in a row in the stream that the training runs have drawn from. */
export function oneStreamLazyCounts(
  count = 8,
  options: { onSearch?: (done: number) => void } = {},
): number[] {
  const stream = new RandomState(seed);
  stream.normal(0, 1, 9);
  stream.uniform(-1, 1, 9);
  return searches(stream, count, options.onSearch);
}

function searches(
  stream: RandomState,
  count: number,
  onSearch?: (done: number) => void,
  before = 0,
): number[] {
  return Array.from({ length: count }, (_, index) => {
    const { draws } = searchLazily(() => stream.normal());
    onSearch?.(before + index + 1);
    return draws;
  });
}
