import type * as tf from '@tensorflow/tfjs';
import {
  anything,
  arrayOf,
  callback,
  checkOptions,
  finiteNumber,
  type OptionChecks,
  someObject,
} from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import type { BatchMetric } from './batch-metrics.js';
import type { BatchSource } from './batch-source.js';
import { type Loss, resolveLoss } from './losses.js';
import {
  createNetworkOptimizer,
  type NetworkOptimizerOptions,
  networkOptimizerChecks,
} from './network-optimizer.js';
import { supervisedLearner } from './supervised-learner.js';
import { trainLearner } from './training-loop.js';
import {
  type Figures,
  type TrainingLoopOptions,
  type TrainingResult,
  trainingLoopChecks,
} from './training-loop-options.js';

/** Options of {@link trainModel}. */
export interface TrainModelOptions
  extends NetworkOptimizerOptions,
    Omit<TrainingLoopOptions, 'validate'> {
  /** A name, a list with one for each output, or a function of all outputs. */
  readonly loss: Loss;
  /** The factor of each output's loss, where `loss` is a list. Default 1 for each. */
  readonly lossWeights?: readonly number[];
  /** Measured on each training batch (with dropout on) and on validation. */
  readonly metrics?: Readonly<Record<string, BatchMetric>>;
  /** Further figures after each epoch, beside those of `validation`. The model is borrowed. */
  readonly validate?: (model: tf.LayersModel, epoch: number) => Figures | Promise<Figures>;
}

const trainModelChecks: OptionChecks<TrainModelOptions> = {
  ...networkOptimizerChecks,
  ...trainingLoopChecks,
  validate: callback,
  loss: anything,
  lossWeights: arrayOf(finiteNumber),
  metrics: someObject,
};

/**
 * Trains a model on batches, with validation, schedules, averaging, early stopping and checkpoints.
 *
 * Given a pure {@link BatchSource} and no layer that draws from `Math.random` (`SeededDropout`
 * instead of dropout), a run that was killed and resumed ends with byte for byte the weights of one
 * that was not, on the same backend.
 *
 * @param source - The training batches. The caller disposes the source.
 * @throws InvalidArgumentError for options that do not fit together, or a checkpoint of another run.
 * @throws ShapeError when a batch does not fit the model.
 * @throws DivergenceError when the loss or a weight is NaN or infinite.
 * @throws DataFormatError when resuming and no checkpoint can be read.
 * @throws the reason of `signal` when it is aborted, after writing a checkpoint if there are any.
 *
 * @example
 * ```ts
 * const result = await trainModel(model, source, {
 *   epochs: 10,
 *   loss: 'sparseCategoricalCrossentropy',
 *   metrics: { accuracy: accuracyOf() },
 *   optimizer: { name: 'adam' },
 *   schedule: cosineSchedule({ peak: 0.001, warmup: 0.05 }),
 * });
 * ```
 */
export async function trainModel(
  model: tf.LayersModel,
  source: BatchSource,
  options: TrainModelOptions,
): Promise<TrainingResult> {
  checkOptions(options, trainModelChecks);
  const { loss, lossWeights, metrics = {}, validate, ...others } = options;
  const { optimizer, schedule, clipNorm, ...loop } = others;
  if (Object.hasOwn(metrics, 'loss')) {
    throw new InvalidArgumentError(
      'A metric cannot be called loss, which is the name of the loss. Rename it.',
    );
  }
  const measures = { loss: resolveLoss(loss, model.outputs.length, lossWeights), metrics };
  const modelOptimizer = createNetworkOptimizer(model, { optimizer, schedule, clipNorm });
  try {
    return await trainLearner(supervisedLearner(model, modelOptimizer, measures), source, {
      ...loop,
      validate: validate && ((epoch) => validate(model, epoch)),
    });
  } finally {
    modelOptimizer.dispose();
  }
}
