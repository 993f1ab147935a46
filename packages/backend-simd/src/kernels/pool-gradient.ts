import type * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import type { Deferred, Held } from '../deferred.js';
import { runSliced } from '../sliced.js';
import { type PoolInfo, windows, windowsCost } from './pool-windows.js';

/**
 * The gradient of a maximum pool to come. Pools follow activations: where the gradient is multiplied
 * with the step of the pool's own input, that of a relu, both are done in one pass.
 */
export class DeferredPoolGradient implements Deferred {
  /** What has been pooled. */
  readonly input: Held;
  readonly #gradient: Held;
  readonly #backend: SimdBackend;
  readonly #info: PoolInfo;

  constructor(backend: SimdBackend, dy: tf.TensorInfo, input: tf.TensorInfo, info: PoolInfo) {
    this.input = backend.hold(input);
    this.#gradient = backend.hold(dy);
    this.#backend = backend;
    this.#info = info;
  }

  compute(target: number): void {
    this.#run(target, 0, 1);
  }

  /** The gradient times the step of the pool's input, which is `low` where that is not positive. */
  computeStepped(target: number, low: number): void {
    this.#run(target, 1, low);
  }

  release(): void {
    this.input.release();
    this.#gradient.release();
  }

  #run(target: number, stepped: number, low: number): void {
    const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = this.#info;
    const source = this.input.pointer;
    const from = this.#gradient.pointer;
    const cost = windowsCost(this.#info, outHeight * outWidth);
    // biome-ignore format: grouped by meaning
    runSliced(this.#backend, 'maxPoolGradient', batchSize, { cost }, (begin, end) => [
      source, target, inHeight, inWidth, inChannels,
      from, outHeight, outWidth, ...windows(this.#info),
      stepped, low, begin, end,
    ]);
  }
}
