import * as tf from '@tensorflow/tfjs';
import { defineGradient, reduced } from './gradient.js';

/** Ioffe and Szegedy (2015), with the statistics as inputs of their own; all but x may be broadcast. */
const batchNorm = defineGradient(
  tf.FusedBatchNorm,
  // There may be no scale: it is the last.
  { inputs: ['x', 'mean', 'variance', 'scale'] },
  (dy, saved, { varianceEpsilon }) => {
    const [x, mean, variance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const scale = saved[3];
    const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon));
    const factor = scale ? tf.mul(inverse, scale) : inverse;
    const centred = () => tf.mul(dy, tf.sub(x, mean));
    return {
      x: () => tf.mul(dy, factor),
      mean: () => tf.neg(reduced(tf.mul(dy, factor), mean)),
      variance: () => {
        const slope = tf.mul(tf.mul(tf.square(inverse), -0.5), factor);
        return reduced(tf.mul(centred(), slope), variance);
      },
      scale: () => reduced(tf.mul(centred(), inverse), scale!),
      offset: () => reduced(dy, mean),
    };
  },
);

/** Normalization. */
export const normalizationGradients: readonly tf.GradConfig[] = [batchNorm];
