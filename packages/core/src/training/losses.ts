import * as tf from '@tensorflow/tfjs';
import { InvalidArgumentError, ShapeError } from '../errors.js';

/** The loss of a batch from all outputs and all targets of a model: a differentiable scalar. */
export type LossFunction = (outputs: tf.Tensor[], targets: tf.Tensor[]) => tf.Scalar;

/** The loss of a batch from one output and its target: a differentiable scalar. */
export type OutputLoss = (output: tf.Tensor, target: tf.Tensor) => tf.Scalar;

/**
 * Losses by name, each averaged over the batch.
 *
 * - `meanSquaredError`, `meanAbsoluteError`, `huber` (delta 1): output and target of equal shape;
 * - `binaryCrossentropy`: probabilities and targets in [0, 1] of equal shape;
 * - `categoricalCrossentropy`: probabilities `[batch, classes]` and one-hot targets of that shape;
 * - `sparseCategoricalCrossentropy`: probabilities and class numbers `[batch]` or `[batch, 1]`;
 * - `softmaxCrossentropy`, `sparseSoftmaxCrossentropy`: the same two from logits, which is faster
 *   and exact where a probability underflows.
 */
export type LossName =
  | 'meanSquaredError'
  | 'meanAbsoluteError'
  | 'huber'
  | 'binaryCrossentropy'
  | 'categoricalCrossentropy'
  | 'sparseCategoricalCrossentropy'
  | 'softmaxCrossentropy'
  | 'sparseSoftmaxCrossentropy';

/**
 * What a model is trained to minimise: a function of all outputs, a name or a function for a model
 * with one output, or a list of those, one for each output.
 */
export type Loss = LossFunction | LossName | readonly (LossName | OutputLoss)[];

/**
 * Turns any form of loss into one function of all outputs and targets.
 *
 * @param lossWeights the factor of each output's loss in the sum; 1 where not given.
 * @throws InvalidArgumentError for an unknown name, or lists that do not match the outputs.
 */
export function resolveLoss(
  loss: Loss,
  outputCount: number,
  lossWeights?: readonly number[],
): LossFunction {
  if (typeof loss === 'function') {
    if (lossWeights) {
      throw new InvalidArgumentError(
        'lossWeights goes with a list of losses, one for each output, but `loss` is one function of all outputs. Weigh the parts inside that function.',
      );
    }
    return loss;
  }
  const losses = (typeof loss === 'string' ? [loss] : loss).map(resolveOutputLoss);
  if (losses.length !== outputCount) {
    throw new InvalidArgumentError(
      `Expected ${outputCount} losses, one for each output of the model, but got ${losses.length}.`,
    );
  }
  const weights = lossWeights ?? losses.map(() => 1);
  if (weights.length !== outputCount || !weights.every(Number.isFinite)) {
    throw new InvalidArgumentError(
      `Expected ${outputCount} finite lossWeights, one for each output of the model, but got [${weights}].`,
    );
  }
  return (outputs, targets) => {
    const terms = losses.map((lossOf, index) => {
      const term = lossOf(outputs[index]!, targets[index]!);
      return weights[index] === 1 ? term : tf.mul(term, weights[index]!);
    });
    return (terms.length === 1 ? terms[0]! : tf.addN(terms)) as tf.Scalar;
  };
}

function resolveOutputLoss(loss: LossName | OutputLoss): OutputLoss {
  if (typeof loss === 'function') return loss;
  if (!Object.hasOwn(lossesByName, loss)) {
    throw new InvalidArgumentError(
      `Expected a loss named ${Object.keys(lossesByName).join(', ')}, or a function, but got '${loss}'.`,
    );
  }
  return lossesByName[loss];
}

const lossesByName: Readonly<Record<LossName, OutputLoss>> = {
  meanSquaredError: (output, target) => {
    requireEqualShapes('meanSquaredError', output, target);
    return tf.mean(tf.squaredDifference(output, target));
  },
  meanAbsoluteError: (output, target) => {
    requireEqualShapes('meanAbsoluteError', output, target);
    return tf.mean(tf.abs(tf.sub(output, target)));
  },
  huber: (output, target) => {
    requireEqualShapes('huber', output, target);
    return tf.losses.huberLoss(target, output);
  },
  binaryCrossentropy: (output, target) => {
    requireEqualShapes('binaryCrossentropy', output, target);
    return tf.mean(tf.metrics.binaryCrossentropy(target, output));
  },
  categoricalCrossentropy: (output, target) => {
    requireEqualShapes('categoricalCrossentropy', output, target);
    return tf.mean(tf.metrics.categoricalCrossentropy(target, output));
  },
  sparseCategoricalCrossentropy: (output, target) =>
    tf.mean(
      tf.metrics.categoricalCrossentropy(
        oneHotLike('sparseCategoricalCrossentropy', target, output),
        output,
      ),
    ),
  softmaxCrossentropy: (output, target) => {
    requireEqualShapes('softmaxCrossentropy', output, target);
    return tf.losses.softmaxCrossEntropy(target, output);
  },
  sparseSoftmaxCrossentropy: (output, target) =>
    tf.losses.softmaxCrossEntropy(oneHotLike('sparseSoftmaxCrossentropy', target, output), output),
};

/** Without this, an output [32, 1] and a target [32] would broadcast to [32, 32] and train on. */
function requireEqualShapes(name: string, output: tf.Tensor, target: tf.Tensor): void {
  if (output.shape.join() !== target.shape.join()) {
    throw new ShapeError(
      `${name} expects a target shaped like the output, [${output.shape}], but got [${target.shape}]. Reshape the targets of the batch.`,
    );
  }
}

function oneHotLike(name: string, target: tf.Tensor, output: tf.Tensor): tf.Tensor {
  const examples = output.shape[0]!;
  if (output.rank !== 2 || target.size !== examples) {
    throw new ShapeError(
      `${name} expects outputs [batch, classes] and class numbers [batch], but got [${output.shape}] and [${target.shape}].`,
    );
  }
  const classes = tf.cast(tf.reshape(target, [examples]), 'int32');
  return tf.oneHot(classes, output.shape[1]!, 1, 0, 'float32');
}
