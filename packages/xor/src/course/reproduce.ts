import {
  checkOptions,
  checkValue,
  flag,
  type OptionChecks,
  wholeNumber,
} from '@nn-lab/core/checks';
import { RandomState } from '@nn-lab/core/random';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { searchLazily } from '../lazy-search.js';
import type { Initialisation } from '../success-rate.js';
import { trainXor, type XorTraining } from '../train-xor.js';

/** One training run of the course. */
export interface CourseRun extends XorTraining {
  readonly learningRate: number;
  readonly init: Initialisation;
  /** The nine weights it began with. */
  readonly initialWeights: Float64Array;
}

/** Options of {@link courseRuns}. */
export interface CourseRunsOptions extends WorkOptions {
  /** As of `trainXor`. Default false. */
  readonly trace?: boolean;
}

const courseRunsChecks: OptionChecks<CourseRunsOptions> = { ...workChecks, trace: flag };

const seed = 42;

/**
 * The course's training runs, in its order: learning rates 0.3, 0.6 and 0.8 from the same N(0, 1)
 * weights, then 0.3 from U(-1, 1) weights. Its comparison of the two initialisations sets the last
 * beside the first. All weights are drawn from the one stream `RandomState(42)`.
 */
export async function courseRuns(options: CourseRunsOptions = {}): Promise<CourseRun[]> {
  checkOptions(options, courseRunsChecks);
  const work = new Work(options);
  const { trace = false, signal } = options;
  const stream = new RandomState(seed);
  const normal = stream.normal(0, 1, 9);
  const uniform = stream.uniform(-1, 1, 9);
  const settings = [
    { learningRate: 0.3, init: 'normal', initialWeights: normal },
    { learningRate: 0.6, init: 'normal', initialWeights: normal },
    { learningRate: 0.8, init: 'normal', initialWeights: normal },
    { learningRate: 0.3, init: 'uniform', initialWeights: uniform },
  ] as const;
  const runs: CourseRun[] = [];
  work.begin('runs', settings.length);
  for (const { learningRate, init, initialWeights } of settings) {
    const training = await trainXor(initialWeights, { learningRate, trace, signal });
    runs.push({ learningRate, init, initialWeights, ...training });
    await work.reach(runs.length);
  }
  return runs;
}

/**
 * The draws that each of the course's eight lazy searches takes: mean 131,891, from 8,992 to 393,348.
 *
 * The course states only these three figures. No eight searches in a row of one stream have them
 * ({@link oneStreamLazyCounts}); four in each of two sittings do, both from `RandomState(42)` anew:
 * four after the normal and the uniform weights were drawn, four after the normal weights alone.
 */
export async function courseLazyCounts(options: WorkOptions = {}): Promise<number[]> {
  checkOptions(options, workChecks);
  const work = new Work(options);
  const afterBoth = new RandomState(seed);
  afterBoth.normal(0, 1, 9);
  afterBoth.uniform(-1, 1, 9);
  const afterNormal = new RandomState(seed);
  afterNormal.normal(0, 1, 9);
  return searches([...Array(4).fill(afterBoth), ...Array(4).fill(afterNormal)], work);
}

/** The draws of lazy searches in a row in the stream that the training runs have drawn from. */
export async function oneStreamLazyCounts(count = 8, options: WorkOptions = {}): Promise<number[]> {
  checkValue('count', count, wholeNumber(1));
  checkOptions(options, workChecks);
  const work = new Work(options);
  const stream = new RandomState(seed);
  stream.normal(0, 1, 9);
  stream.uniform(-1, 1, 9);
  return searches(Array(count).fill(stream), work);
}

/** One search after another, each in the stream that stands in its place. */
async function searches(streams: readonly RandomState[], work: Work): Promise<number[]> {
  const counts: number[] = [];
  work.begin('searches', streams.length);
  for (const stream of streams) {
    const { draws } = await searchLazily(() => stream.normal(), { signal: work.signal });
    counts.push(draws);
    await work.reach(counts.length);
  }
  return counts;
}
