import * as tf from '@tensorflow/tfjs';

/**
 * Scales gradients down together so that the root of the sum of all their squares is at most
 * `clipNorm` (Pascanu, Mikolov and Bengio 2013). The inputs are borrowed; call it in a `tf.tidy`.
 */
export function clipByGlobalNorm(gradients: readonly tf.Tensor[], clipNorm: number): tf.Tensor[] {
  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  // clipNorm / max(norm, clipNorm) is 1 exactly where nothing is to be clipped.
  const factor = tf.div(clipNorm, tf.maximum(norm, clipNorm));
  return gradients.map((gradient) => tf.mul(gradient, factor));
}
