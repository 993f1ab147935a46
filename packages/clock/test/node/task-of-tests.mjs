// Batch tasks that the thread's tests give it.
import { InvalidArgumentError } from '@nn-lab/core/errors';
import * as tf from '@tensorflow/tfjs';

/** Batches that tell what they were asked for. */
export function counting({ batchSize }) {
  return {
    batchSize,
    batchesPerEpoch: 4,
    batch(epoch, index) {
      if (epoch === 9) throw new InvalidArgumentError(`no epoch ${epoch} here`);
      if (epoch === 8) throw new RangeError('out of range');
      if (epoch === 7) process.exit(3);
      if (epoch === 6) return new Promise(() => {}); // never comes
      return {
        inputs: tf.fill([batchSize, 2], 10 * epoch + index),
        targets: [tf.tensor1d([epoch, index], 'int32'), tf.scalar(true, 'bool')],
      };
    },
  };
}

export async function later(settings) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  const source = counting(settings);
  return { ...source, batch: async (epoch, index) => source.batch(epoch, index) };
}

export function broken() {
  throw new InvalidArgumentError('settings that cannot be');
}

export const notAFunction = 1;
