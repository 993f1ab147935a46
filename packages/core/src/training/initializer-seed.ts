import type { Random } from '../random/index.js';

/**
 * A seed for one initializer or dropout layer of tfjs, drawn from the fork of `random` with this
 * label: give each layer its own label, or layers of one shape start with the same weights. Never
 * 0, which tfjs takes for "unseeded".
 *
 * @example
 * ```ts
 * const random = createRandom(42).fork('weights');
 * tf.layers.dense({
 *   units: 10,
 *   kernelInitializer: tf.initializers.glorotUniform({ seed: initializerSeed(random, 'output') }),
 * });
 * ```
 */
export function initializerSeed(random: Random, label: string | number): number {
  return random.fork(label).integer(1, 2 ** 31);
}
