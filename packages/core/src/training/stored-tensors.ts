import * as tf from '@tensorflow/tfjs';
import { DataFormatError } from '../errors.js';
import type { StoredTensor } from './training-state.js';

/** A tensor and what a checkpoint calls it. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

/** The values of tensors, which stay the caller's. */
export async function readTensors(
  tensors: readonly NamedTensor[],
  prefix = '',
): Promise<StoredTensor[]> {
  const stored: StoredTensor[] = [];
  for (const { name, tensor } of tensors) {
    const values = (await tensor.data()) as StoredTensor['values'];
    stored.push({ name: prefix + name, shape: tensor.shape, values });
  }
  return stored;
}

/**
 * A tensor of stored values; the caller's.
 *
 * @param like - Has the shape and type that it must have.
 * @param source - The checkpoint, for the error.
 * @throws DataFormatError when it is missing or of another shape.
 */
export function tensorOfStored(
  stored: StoredTensor | undefined,
  like: tf.Tensor,
  name: string,
  source: string,
): tf.Tensor {
  if (stored?.shape.join() !== like.shape.join()) {
    throw new DataFormatError(
      `${source} cannot be resumed from: expected ${name} to be [${like.shape}], but it is ${stored ? `[${stored.shape}]` : 'missing'}. Train without resuming.`,
      { source },
    );
  }
  return tf.tensor(stored.values.slice(), [...stored.shape], like.dtype);
}
