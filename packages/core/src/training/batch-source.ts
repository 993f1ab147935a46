import type * as tf from '@tensorflow/tfjs';

/** Examples for one training step. Whoever receives a batch owns its tensors and disposes them. */
export interface Batch {
  /** `[examples, ...]`, as the model's input has it. */
  readonly inputs: tf.Tensor;
  /** `[examples, ...]`; an array, in the order of the outputs, for a model with several. */
  readonly targets: tf.Tensor | tf.Tensor[];
}

/** Where the batches of a training run come from. */
export interface BatchSource {
  /** Examples in a batch; the last batch of an epoch may hold fewer. */
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  /**
   * The batch at `index` (0 to `batchesPerEpoch` - 1) of `epoch` (from 0). It must be a pure
   * function of the two, whatever was asked for before: that is what makes resuming exact.
   */
  batch(epoch: number, index: number): Batch | Promise<Batch>;
  dispose?(): void;
}

/** The targets of a batch as an array, one for each output of the model. */
export function targetsOf(batch: Batch): tf.Tensor[] {
  return Array.isArray(batch.targets) ? batch.targets : [batch.targets];
}

export function disposeBatch(batch: Batch): void {
  batch.inputs.dispose();
  for (const target of targetsOf(batch)) target.dispose();
}
