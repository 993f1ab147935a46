import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';

/** A figure of one batch from all outputs and all targets of a model, averaged over its examples. */
export type BatchMetric = (outputs: tf.Tensor[], targets: tf.Tensor[]) => tf.Scalar;

/**
 * The share of a batch that is classified rightly, for `metrics: { accuracy: accuracyOf() }`.
 *
 * Outputs are `[batch, classes]`, targets one-hot of that shape or class numbers `[batch]` or
 * `[batch, 1]`. An output `[batch, 1]` is a probability: at least 0.5 means class 1.
 *
 * @param output which of the model's outputs, from 0.
 */
export function accuracyOf(output = 0): BatchMetric {
  return (outputs, targets) => {
    const scores = outputs[output];
    const target = targets[output];
    if (scores?.rank !== 2 || !target) {
      throw new ShapeError(
        `accuracyOf(${output}) expects that output to be [batch, classes], but got ${scores ? `[${scores.shape}]` : 'no such output'}.`,
      );
    }
    const [examples, classes] = scores.shape as [number, number];
    const oneHot = classes > 1 && target.size === examples * classes;
    if (!oneHot && target.size !== examples) {
      throw new ShapeError(
        `accuracyOf(${output}) expects targets [${examples}, ${classes}] (one-hot) or [${examples}] (class numbers), but got [${target.shape}].`,
      );
    }
    const predicted =
      classes === 1
        ? tf.cast(tf.greaterEqual(tf.reshape(scores, [examples]), 0.5), 'int32')
        : tf.argMax(scores, 1);
    const expected = oneHot
      ? tf.argMax(tf.reshape(target, [examples, classes]), 1)
      : tf.cast(tf.reshape(target, [examples]), 'int32');
    return tf.mean(tf.cast(tf.equal(predicted, expected), 'float32'));
  };
}
