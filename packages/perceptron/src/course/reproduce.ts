import type { WorkOptions } from '@nn-lab/core/work';
import { type Evaluation, evaluate } from '../evaluation.js';
import type { LoadedRows } from '../loaded-rows.js';
import {
  Perceptron,
  type PerceptronMethod,
  type PerceptronOptions,
  type PerceptronTraining,
} from '../perceptron.js';

/**
 * The course's training: η 0.2, start weights from `RandomState(21).normal(0, 5, (257, 10))`, until
 * every training row is right or 15 epochs bring no new best; the best weights are kept.
 */
export function courseOptions(method: Exclude<PerceptronMethod, 'averaged'>): PerceptronOptions {
  return { method, learningRate: 0.2, patience: 15, seed: 21 };
}

/** A method's training and what came of it. */
export interface MethodResult {
  readonly method: PerceptronMethod;
  readonly perceptron: Perceptron;
  readonly training: PerceptronTraining;
  /** Median seconds of a training, measured without recording test accuracies. */
  readonly seconds: number;
  readonly train: Evaluation;
  readonly test: Evaluation;
}

const timings = 5;

/** Trains by a method as the course did, or with averaged weights, and measures it. */
export async function reproduceMethod(
  method: PerceptronMethod,
  { train, test }: Pick<LoadedRows, 'train' | 'test'>,
  stop: WorkOptions = {},
): Promise<MethodResult> {
  const options = method === 'averaged' ? { method } : courseOptions(method);
  const times: number[] = [];
  for (let round = 0; round < timings; round++) {
    const began = performance.now();
    await new Perceptron(options).fit(train.x, train.labels, stop);
    times.push((performance.now() - began) / 1000);
  }
  const seconds = times.sort((a, b) => a - b)[timings >> 1]!;
  const perceptron = new Perceptron(options);
  const { training } = await perceptron.fit(train.x, train.labels, { test, ...stop });
  return {
    method,
    perceptron,
    training,
    seconds,
    train: await evaluate(perceptron, train, stop),
    test: await evaluate(perceptron, test, stop),
  };
}
