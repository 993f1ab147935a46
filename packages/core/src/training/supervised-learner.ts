import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';
import type { BatchMetric } from './batch-metrics.js';
import { type Batch, examplesIn, inputsOf, targetsOf } from './batch-source.js';
import { createLearner, type Learner } from './learner.js';
import type { LossFunction } from './losses.js';
import { type NetworkOptimizer, requireScalar } from './network-optimizer.js';

/** What is measured on each batch, and in which order. */
export interface Measures {
  readonly loss: LossFunction;
  readonly metrics: Readonly<Record<string, BatchMetric>>;
}

/** The names of the figures that a step or an evaluation gives: `loss`, then the metrics. */
export function namesOf(measures: Measures): string[] {
  return ['loss', ...Object.keys(measures.metrics)];
}

/** A model that learns to give the targets of its batches. */
export function supervisedLearner(
  model: tf.LayersModel,
  optimizer: NetworkOptimizer,
  measures: Measures,
): Learner {
  const { loss, metrics } = measures;
  return createLearner({
    optimizers: optimizer,
    losses: ['loss'],
    metrics: Object.keys(metrics),
    step(batch: Batch) {
      const targets = requireFittingBatch(model, batch);
      return optimizer.minimize(() => {
        const outputs = outputsOf(model.apply(batch.inputs, { training: true }) as ModelOutput);
        return { loss: loss(outputs, targets), ...measured(metrics, outputs, targets) };
      });
    },
    evaluate: (batch) => evaluationFigures(model, batch, measures),
  });
}

/**
 * Loss (with penalties) and metrics of one batch with the model as it predicts: no dropout, moving
 * statistics. Call it in a `tf.tidy`.
 */
export function evaluationFigures(
  model: tf.LayersModel,
  batch: Batch,
  { loss: lossOf, metrics }: Measures,
): Record<string, tf.Scalar> {
  const targets = requireFittingBatch(model, batch);
  const outputs = outputsOf(model.apply(batch.inputs, { training: false }) as ModelOutput);
  const loss = requireScalar('loss', lossOf(outputs, targets));
  const penalties = model.calculateLosses();
  return {
    loss: penalties.length > 0 ? tf.addN([loss, ...penalties]) : loss,
    ...measured(metrics, outputs, targets),
  };
}

function measured(
  metrics: Measures['metrics'],
  outputs: tf.Tensor[],
  targets: tf.Tensor[],
): Record<string, tf.Scalar> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [name, metric(outputs, targets)]),
  );
}

type ModelOutput = tf.Tensor | tf.Tensor[];

function outputsOf(output: ModelOutput): tf.Tensor[] {
  return Array.isArray(output) ? output : [output];
}

function requireFittingBatch(model: tf.LayersModel, batch: Batch): tf.Tensor[] {
  if (!batch.targets) {
    throw new ShapeError(
      'Expected batches with targets, got inputs only. To train a model to give its inputs back, use reconstructionBatches.',
    );
  }
  const targets = targetsOf(batch);
  const inputs = inputsOf(batch);
  if (inputs.length !== model.inputs.length) {
    throw new ShapeError(
      `Expected ${model.inputs.length} inputs in a batch, one for each input of the model, but the source gave ${inputs.length}.`,
    );
  }
  inputs.forEach(({ shape }, index) => {
    const expected = model.inputs[index]!.shape;
    const fits =
      shape.length === expected.length &&
      shape.every((size, axis) => expected[axis] == null || expected[axis] === size);
    if (!fits) {
      throw new ShapeError(
        `Expected batches of inputs [${expected.map((size) => size ?? 'batch')}], as the model takes them, but the source gave [${shape}].`,
      );
    }
  });
  if (targets.length !== model.outputs.length) {
    throw new ShapeError(
      `Expected ${model.outputs.length} targets in a batch, one for each output of the model, but the source gave ${targets.length}.`,
    );
  }
  const examples = examplesIn(batch);
  for (const { shape } of [...inputs, ...targets]) {
    if (shape[0] !== examples || examples === 0) {
      throw new ShapeError(
        `Expected inputs and targets of one number of examples, at least 1, but the source gave inputs [${inputs[0]!.shape}] and [${shape}] beside them.`,
      );
    }
  }
  return targets;
}
