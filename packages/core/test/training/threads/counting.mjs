// Batches that tell what they were asked for, as a program of a thread.
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { serveBatches } from '@nn-lab/core/node';
import * as tf from '@tensorflow/tfjs';

export const counting = serveBatches(async ({ batchSize, wrong, late = false }) => {
  if (wrong) throw new InvalidArgumentError('settings that cannot be');
  const source = {
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
  if (!late) return source;
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { ...source, batch: async (epoch, index) => source.batch(epoch, index) };
});
