import * as tf from '@tensorflow/tfjs';
import { checkValue, shareBelowOne } from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';

/** What {@link SeededDropout} is made with, beside the options that every layer has. */
export interface SeededDropoutOptions {
  /** Share of the values that are dropped, in [0, 1). */
  readonly rate: number;
  /** A whole number other than 0; give each layer its own, for instance by `initializerSeed`. */
  readonly seed: number;
  /**
   * Shape of the mask with 1 where one draw covers a whole axis and null where the input's size is
   * taken: `[null, 1, 1, null]` drops whole channels of `[batch, height, width, channels]`.
   */
  readonly noiseShape?: readonly (number | null)[];
  readonly name?: string;
  readonly inputShape?: readonly (number | null)[];
}

type DropoutConfig = SeededDropoutOptions & { readonly trainable?: boolean };

/**
 * Dropout whose mask depends on the seed and on the training step alone, so that a run can be
 * repeated and resumed exactly. (Dropout of tfjs draws from `Math.random`, or with a seed drops the
 * same values at every step.) What is kept is scaled by 1 / (1 - rate); outside training the layer
 * passes its input on.
 *
 * `trainModel` tells the layer the step. Elsewhere, as in `model.fit`, the layer counts its own
 * calls in training instead.
 */
export class SeededDropout extends tf.layers.Layer {
  static readonly className = 'SeededDropout';

  readonly rate: number;
  readonly seed: number;
  readonly noiseShape: readonly (number | null)[] | undefined;
  #step = 0;
  /** Calls since the step began: a layer that is applied twice in a model draws two masks. */
  #calls = 0;

  constructor(options: SeededDropoutOptions) {
    super(options as DropoutConfig as never);
    checkValue('rate', options.rate, shareBelowOne);
    if (!Number.isSafeInteger(options.seed) || options.seed === 0) {
      throw new InvalidArgumentError(
        `Expected seed to be a whole number other than 0, but got ${options.seed}.`,
      );
    }
    this.rate = options.rate;
    this.seed = options.seed;
    this.noiseShape = options.noiseShape ?? undefined;
    this.supportsMasking = true;
  }

  /** The mask of the next call in training is the one of this step. */
  setTrainingStep(step: number): void {
    this.#step = step;
    this.#calls = 0;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], options: { training?: boolean }): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (!options.training || this.rate === 0) return input;
    return tf.tidy(() => {
      const shape = this.noiseShape
        ? this.noiseShape.map((size, axis) => size ?? input.shape[axis]!)
        : input.shape;
      const size = shape.reduce((product, length) => product * length, 1);
      const mask = dropoutMask(size, this.rate, [this.seed, this.#step, this.#calls++]);
      return tf.mul(input, tf.tensor(mask, shape));
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const own = { rate: this.rate, seed: this.seed, noiseShape: this.noiseShape ?? null };
    return { ...super.getConfig(), ...own } as tf.serialization.ConfigDict;
  }
}

/**
 * Makes {@link SeededDropout} known to tfjs, which `tf.loadLayersModel` and `tf.models.modelFromJSON`
 * need before they meet one. `loadModel` does it by itself. Calling it again does nothing.
 */
export function registerTrainingLayers(): void {
  tf.serialization.registerClass(SeededDropout as never);
}

/**
 * 0 where a value is dropped, 1 / (1 - rate) where it is kept. The rate is rounded to 1 / 65,536;
 * the scale goes with the rounded rate.
 */
export function dropoutMask(
  size: number,
  rate: number,
  key: readonly [seed: number, step: number, call: number],
): Float32Array {
  const threshold = Math.min(65_535, Math.round(rate * 65_536));
  const scale = 65_536 / (65_536 - threshold);
  const mask = new Float32Array(size);
  // Written as the bits of 0 or of the scale: a branch would be mispredicted half of the time.
  const maskBits = new Int32Array(mask.buffer);
  const [scaleBits] = new Int32Array(Float32Array.of(scale).buffer) as unknown as [number];

  // sfc32 (Doty-Humphrey's "small fast counting" generator, PractRand), sixteen bits a value. Its
  // first twelve outputs only mix the key.
  let a = mixBits(key[0] >>> 0);
  let b = mixBits(a ^ key[1]);
  let c = mixBits(b ^ key[2] ^ Math.floor(key[0] / 2 ** 32));
  let counter = 1;
  for (let index = -24; index < size; index += 2) {
    const bits = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + bits) | 0;
    if (index < 0) continue;
    maskBits[index] = scaleBits & ~(((bits & 0xffff) - threshold) >> 31);
    // Writing one past the end of an odd mask does nothing.
    maskBits[index + 1] = scaleBits & ~(((bits >>> 16) - threshold) >> 31);
  }
  return mask;
}

/** A one-to-one mixing of 32 bits (Wellons' "lowbias32"). */
function mixBits(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}
