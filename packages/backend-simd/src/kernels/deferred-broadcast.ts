import type * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import type { Deferred, Held } from '../deferred.js';

/**
 * A tensor that repeats another along dimensions of one, to come: as the gradients of sums and means
 * do. Functions of two tensors read the other one instead.
 */
export class DeferredBroadcast implements Deferred {
  readonly source: Held;
  /** Shape of the source, of the same rank as that of the result. */
  readonly sourceShape: number[];
  readonly #shape: readonly number[];
  readonly #compute: (source: number, target: number) => void;

  constructor(
    source: Held,
    sourceShape: number[],
    shape: readonly number[],
    compute: (source: number, target: number) => void,
  ) {
    this.source = source;
    this.sourceShape = sourceShape;
    this.#shape = shape;
    this.#compute = compute;
  }

  /** Whether this is the shape that it was made in: its data may go on under another. */
  hasShape(shape: readonly number[]): boolean {
    return isSame(shape, this.#shape);
  }

  compute(target: number): void {
    this.#compute(this.source.pointer, target);
  }

  release(): void {
    this.source.release();
  }
}

/** Where to read a tensor of this shape that is to be combined with another. */
export interface Operand {
  readonly shape: number[];
  readonly address: number;
}

/** A tensor as an operand beside one of `otherShape`, which the result will have. */
export function operandOf(
  backend: SimdBackend,
  tensor: tf.TensorInfo,
  otherShape: readonly number[],
): Operand {
  const { shape } = tensor;
  const deferred = backend.deferred(tensor);
  const isBroadcast = deferred instanceof DeferredBroadcast && deferred.hasShape(shape);
  if (isBroadcast && isSame(shape, otherShape)) {
    return { shape: deferred.sourceShape, address: deferred.source.pointer };
  }
  return { shape, address: backend.pointer(tensor) };
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, index) => size === b[index]);
}
