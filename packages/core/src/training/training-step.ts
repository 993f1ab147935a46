import * as tf from '@tensorflow/tfjs';
import { InvalidArgumentError, ShapeError } from '../errors.js';
import type { BatchMetric } from './batch-metrics.js';
import { type Batch, examplesIn, inputsOf, targetsOf } from './batch-source.js';
import { clipByGlobalNorm } from './gradient-clipping.js';
import type { LossFunction } from './losses.js';

/** What is measured on each batch, and in which order. */
export interface Measures {
  readonly loss: LossFunction;
  readonly metrics: Readonly<Record<string, BatchMetric>>;
}

/** The names of the figures that a step or an evaluation gives: `loss`, then the metrics. */
export function namesOf(measures: Measures): string[] {
  return ['loss', ...Object.keys(measures.metrics)];
}

/** The parts of a model that a step works on, found once. */
export interface TrainedModel {
  readonly model: tf.LayersModel;
  readonly variables: readonly tf.Variable[];
  /** The variables that a constraint projects after each step. */
  readonly constrained: readonly tf.LayerVariable[];
}

/** @throws InvalidArgumentError when the model has nothing to train. */
export function trainedModel(model: tf.LayersModel): TrainedModel {
  const weights = model.trainableWeights;
  if (weights.length === 0) {
    throw new InvalidArgumentError(
      'Expected a model with trainable weights, but it has none. Are all its layers frozen, or is it not built yet?',
    );
  }
  return {
    model,
    variables: weights.map((weight) => weight.read() as tf.Variable),
    constrained: weights.filter((weight) => weight.constraint != null),
  };
}

/**
 * One optimizer step on one batch: forward in training mode (which moves the statistics of batch
 * normalisation), loss and penalties, gradients, update, constraints.
 *
 * @returns `[1 + metrics]`: the loss before the step, with penalties, and the metrics.
 */
export function trainingStep(
  { model, variables, constrained }: TrainedModel,
  batch: Batch,
  measures: Measures,
  optimizer: tf.Optimizer,
  clipNorm: number | undefined,
): tf.Tensor1D {
  const targets = requireFittingBatch(model, batch);
  const figures: tf.Scalar[] = [];
  let failure: { readonly error: unknown } | undefined;
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        try {
          const outputs = outputsOf(model.apply(batch.inputs, { training: true }) as ModelOutput);
          let total = requireScalar('loss', measures.loss(outputs, targets));
          for (const penalty of model.calculateLosses()) total = tf.add(total, penalty);
          for (const [name, metric] of Object.entries(measures.metrics)) {
            figures.push(tf.keep(requireScalar(name, metric(outputs, targets))));
          }
          return total;
        } catch (error) {
          // tfjs frees what it saved for the gradients only after a backward pass: give it one.
          failure = { error };
          return tf.sum(variables[0]!) as tf.Scalar;
        }
      }, variables as tf.Variable[]);
      if (failure) throw failure.error;

      const learnt = variables.filter((variable) => grads[variable.name]);
      let gradients = learnt.map((variable) => grads[variable.name]!);
      if (clipNorm !== undefined) gradients = clipByGlobalNorm(gradients, clipNorm);
      const byName = new Map(learnt.map((variable, index) => [variable.name, gradients[index]!]));
      // Slots go by position: a variable without a gradient keeps its place with null.
      const named = variables.map(({ name }) => ({ name, tensor: byName.get(name) ?? null }));
      optimizer.applyGradients(named as Parameters<tf.Optimizer['applyGradients']>[0]);

      // tfjs assigns past a layer's constraint when it trains.
      for (const weight of constrained) {
        const variable = weight.read() as tf.Variable;
        variable.assign(weight.constraint.apply(variable) as never);
      }
      return tf.stack([value, ...figures]) as tf.Tensor1D;
    });
  } finally {
    tf.dispose(figures);
  }
}

/**
 * Loss and metrics of one batch with the model as it predicts (no dropout, moving statistics).
 *
 * @returns `[1 + metrics]`, the loss with penalties first.
 */
export function evaluationStep(
  model: tf.LayersModel,
  batch: Batch,
  measures: Measures,
): tf.Tensor1D {
  const targets = requireFittingBatch(model, batch);
  return tf.tidy(() => {
    const outputs = outputsOf(model.apply(batch.inputs, { training: false }) as ModelOutput);
    const loss = requireScalar('loss', measures.loss(outputs, targets));
    const total = [loss, ...model.calculateLosses()];
    const figures = Object.entries(measures.metrics).map(([name, metric]) =>
      requireScalar(name, metric(outputs, targets)),
    );
    return tf.stack([total.length > 1 ? tf.addN(total) : loss, ...figures]) as tf.Tensor1D;
  });
}

type ModelOutput = tf.Tensor | tf.Tensor[];

function outputsOf(output: ModelOutput): tf.Tensor[] {
  return Array.isArray(output) ? output : [output];
}

function requireFittingBatch(model: tf.LayersModel, batch: Batch): tf.Tensor[] {
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

function requireScalar(name: string, value: tf.Tensor): tf.Scalar {
  if (value.size !== 1) {
    throw new ShapeError(
      `Expected ${name} to be one number for the whole batch, but got shape [${value.shape}]. Average it, for instance by tf.mean.`,
    );
  }
  return (value.rank === 0 ? value : tf.reshape(value, [])) as tf.Scalar;
}
