import * as tf from '@tensorflow/tfjs';
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
import type { Batch, BatchSource } from './batch-source.js';
import { evaluateBatches } from './evaluate-batches.js';
import { stackFigures } from './learner.js';
import { type Loss, resolveLoss } from './losses.js';
import { evaluationFigures, namesOf } from './supervised-learner.js';

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
  const names = namesOf(measures);
  const evaluate = (batch: Batch) =>
    tf.tidy(() => stackFigures(names, evaluationFigures(model, batch, measures)));
  return evaluateBatches(evaluate, names, source, work);
}
