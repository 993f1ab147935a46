import * as tf from '@tensorflow/tfjs';
import { checkValue, someObject } from '../checks/index.js';
import type { Batch, BatchSource, InputBatch } from './batch-source.js';

/**
 * The same batches with their inputs as targets, for a model that learns to give its inputs back:
 * an autoencoder.
 *
 * @param source - Its targets, if it has any, are disposed. It belongs to the result, which disposes it.
 *
 * @example
 * ```ts
 * const source = reconstructionBatches(datasetBatches(pictures, { random: createRandom(42) }));
 * await trainModel(autoencoder, source, { epochs: 20, loss: 'meanSquaredError' });
 * ```
 */
export function reconstructionBatches(source: BatchSource<InputBatch>): BatchSource {
  checkValue<BatchSource<InputBatch>>('source', source, someObject);
  return {
    batchSize: source.batchSize,
    batchesPerEpoch: source.batchesPerEpoch,
    batch(epoch, index) {
      const batch = source.batch(epoch, index);
      return batch instanceof Promise
        ? batch.then(withInputsAsTargets)
        : withInputsAsTargets(batch);
    },
    dispose: () => source.dispose?.(),
  };
}

function withInputsAsTargets(batch: InputBatch & Partial<Batch>): Batch {
  tf.dispose(batch.targets);
  const { inputs } = batch;
  const targets = Array.isArray(inputs) ? inputs.map((input) => tf.clone(input)) : tf.clone(inputs);
  return { inputs, targets };
}
