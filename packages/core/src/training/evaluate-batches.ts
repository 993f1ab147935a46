import type * as tf from '@tensorflow/tfjs';
import type { Work } from '../work.js';
import { type BatchSource, disposeBatch, examplesIn, type InputBatch } from './batch-source.js';
import { Sums } from './sums.js';

/**
 * The means of figures over all batches of a source's epoch 0.
 *
 * @param evaluate - The figures of a batch, in the order of their names.
 */
export async function evaluateBatches<B extends InputBatch>(
  evaluate: (batch: B) => tf.Tensor1D,
  names: readonly string[],
  source: BatchSource<B>,
  work: Work,
  onBatch?: (batch: number) => void,
): Promise<Record<string, number>> {
  const sums = new Sums(names);
  work.begin('evaluating', source.batchesPerEpoch);
  for (let index = 0; index < source.batchesPerEpoch; index++) {
    const batch = await source.batch(0, index);
    let figures: tf.Tensor1D | undefined;
    try {
      figures = evaluate(batch);
      sums.add(await figures.data(), examplesIn(batch));
    } finally {
      disposeBatch(batch);
      figures?.dispose();
    }
    onBatch?.(index + 1);
    await work.reach(index + 1);
  }
  return sums.means();
}
