import type { PerceptronMethod, PerceptronOptions } from './perceptron.js';

/**
 * The course's training: η 0.2, start weights from `RandomState(21).normal(0, 5, (257, 10))`, until
 * every training row is right or 15 epochs bring no new best; the best weights are kept.
 */
export function courseOptions(method: Exclude<PerceptronMethod, 'averaged'>): PerceptronOptions {
  return { method, learningRate: 0.2, patience: 15, seed: 21 };
}

/** What the course reports of a method, on its 1,707 training and 1,000 test digits. */
export interface CourseComparison {
  readonly trainCorrect: number;
  readonly testCorrect: number;
  /** Seconds of training, on its machine. */
  readonly seconds?: number;
}

/** The course's results of this project. */
export const courseResults: Readonly<
  Record<Exclude<PerceptronMethod, 'averaged'>, CourseComparison>
> = {
  batch: { trainCorrect: 1683, testCorrect: 881, seconds: 2.869 },
  online: { trainCorrect: 1707, testCorrect: 872, seconds: 6.729 },
};

/** The course's results of its project 1 on the same digits. */
export const projectOneResults: Readonly<Record<'nearest mean' | '3-NN', CourseComparison>> = {
  'nearest mean': { trainCorrect: 1474, testCorrect: 804 },
  '3-NN': { trainCorrect: 1671, testCorrect: 914 },
};
