import type * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import type { Deferred, Held } from '../deferred.js';
import { runSliced } from '../sliced.js';
import { isQuartering, type PoolInfo, windows, windowsCost } from './pool-windows.js';

/**
 * The gradient of a maximum pool to come. Pools follow activations: where the gradient is multiplied
 * with the step of the pool's own input, that of a relu, both are done in one pass.
 */
export class DeferredPoolGradient implements Deferred {
  /** What has been pooled. */
  readonly input: Held;
  readonly #gradient: Held;
  /** What was pooled to, and at which address the places of its maxima are, if they are known. */
  readonly #output: Held | undefined;
  readonly #places: number;
  readonly #backend: SimdBackend;
  readonly #info: PoolInfo;

  constructor(
    backend: SimdBackend,
    tensors: { dy: tf.TensorInfo; input: tf.TensorInfo; output: tf.TensorInfo },
    info: PoolInfo,
  ) {
    const { dy, input, output } = tensors;
    this.input = backend.hold(input);
    this.#gradient = backend.hold(dy);
    const remembered = backend.remembered(output);
    const isKnown = remembered?.source === input.dataId && isQuartering(info);
    this.#output = isKnown ? backend.hold(output) : undefined;
    this.#places = isKnown ? remembered.address : 0;
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
    this.#output?.release();
  }

  #run(target: number, stepped: number, low: number): void {
    const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = this.#info;
    const source = this.input.pointer;
    const from = this.#gradient.pointer;
    const cost = windowsCost(this.#info, outHeight * outWidth);
    if (this.#output && (!stepped || low === 0)) {
      const output = this.#output.pointer;
      // biome-ignore format: grouped by meaning
      runSliced(this.#backend, 'maxPoolPlacesGradient', batchSize, { cost }, (begin, end) => [
        source, target, inHeight, inWidth, inChannels,
        from, outHeight, outWidth, output, this.#places, stepped, begin, end,
      ]);
      return;
    }
    // biome-ignore format: grouped by meaning
    runSliced(this.#backend, 'maxPoolGradient', batchSize, { cost }, (begin, end) => [
      source, target, inHeight, inWidth, inChannels,
      from, outHeight, outWidth, ...windows(this.#info),
      stepped, low, begin, end,
    ]);
  }
}
