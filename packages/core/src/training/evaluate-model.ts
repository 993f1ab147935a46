import type * as tf from '@tensorflow/tfjs';
import {
  anything,
  arrayOf,
  checkOptions,
  finiteNumber,
  type OptionChecks,
  someObject,
} from '../checks/index.js';
import { ensureBackend } from '../ensure-backend.js';
import { Work, type WorkOptions, workChecks } from '../work.js';
import type { BatchMetric } from './batch-metrics.js';
import { type BatchSource, disposeBatch, examplesIn } from './batch-source.js';
import { type Loss, resolveLoss } from './losses.js';
import { evaluationStep, type Measures, namesOf } from './training-step.js';

export interface EvaluateModelOptions extends WorkOptions {
  readonly loss: Loss;
  /** The factor of each output's loss, where `loss` is a list. */
  readonly lossWeights?: readonly number[];
  readonly metrics?: Readonly<Record<string, BatchMetric>>;
}

const evaluateModelChecks: OptionChecks<EvaluateModelOptions> = {
  ...workChecks,
  loss: anything,
  lossWeights: arrayOf(finiteNumber),
  metrics: someObject,
};

/**
 * Loss (penalties of regularizers included) and metrics of a model over all batches of a source's
 * epoch 0, averaged over the examples. The model runs as it predicts: no dropout, moving statistics.
 *
 * @returns `loss` and each metric by its name.
 * @throws ShapeError when a batch does not fit the model.
 */
export async function evaluateModel(
  model: tf.LayersModel,
  source: BatchSource,
  options: EvaluateModelOptions,
): Promise<Record<string, number>> {
  checkOptions(options, evaluateModelChecks);
  const work = new Work(options);
  const { loss, lossWeights, metrics = {} } = options;
  const measures = { loss: resolveLoss(loss, model.outputs.length, lossWeights), metrics };
  await ensureBackend();
  return evaluateBatches(model, source, measures, work);
}

/** The figures of `evaluateModel`, as a part of longer work. */
export async function evaluateBatches(
  model: tf.LayersModel,
  source: BatchSource,
  measures: Measures,
  work: Work,
  onBatch?: (batch: number) => void,
): Promise<Record<string, number>> {
  const sums = new Sums(namesOf(measures));
  work.begin('evaluating', source.batchesPerEpoch);
  for (let index = 0; index < source.batchesPerEpoch; index++) {
    const batch = await source.batch(0, index);
    let figures: tf.Tensor1D | undefined;
    try {
      figures = evaluationStep(model, batch, measures);
      sums.add(await figures.data(), examplesIn(batch));
    } finally {
      disposeBatch(batch);
      figures?.dispose();
    }
    onBatch?.(index + 1);
    await work.reach(index + 1);
  }
  return sums.means();
}

/** Sums of figures over examples. */
export class Sums {
  #sums: number[];
  #examples: number;

  constructor(
    readonly names: readonly string[],
    sums: Readonly<Record<string, number>> = {},
    examples = 0,
  ) {
    this.#sums = names.map((name) => sums[name] ?? 0);
    this.#examples = examples;
  }

  get examples(): number {
    return this.#examples;
  }

  /** Takes in the means of so many examples, in the order of the names. */
  add(means: ArrayLike<number>, examples: number): void {
    for (let index = 0; index < this.#sums.length; index++) {
      this.#sums[index]! += means[index]! * examples;
    }
    this.#examples += examples;
  }

  sums(): Record<string, number> {
    return Object.fromEntries(this.names.map((name, index) => [name, this.#sums[index]!]));
  }

  means(): Record<string, number> {
    const examples = Math.max(1, this.#examples);
    return Object.fromEntries(
      this.names.map((name, index) => [name, this.#sums[index]! / examples]),
    );
  }
}
