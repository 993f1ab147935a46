import * as tf from '@tensorflow/tfjs';

/** Examples without targets. Whoever receives a batch owns its tensors and disposes them. */
export interface InputBatch {
  /** `[examples, ...]`; an array, in the order of the inputs, for a model with several. */
  readonly inputs: tf.Tensor | tf.Tensor[];
}

/** Examples for one step of supervised training. */
export interface Batch extends InputBatch {
  /** `[examples, ...]`; an array, in the order of the outputs, for a model with several. */
  readonly targets: tf.Tensor | tf.Tensor[];
}

/** Where the batches of a training run come from. */
export interface BatchSource<B extends InputBatch = Batch> {
  /** Examples in a batch; the last batch of an epoch may hold fewer. */
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  /**
   * The batch at `index` (0 to `batchesPerEpoch` - 1) of `epoch` (from 0). It must be a pure
   * function of the two, whatever was asked for before: that is what makes resuming exact.
   */
  batch(epoch: number, index: number): B | Promise<B>;
  dispose?(): void;
}

/** The inputs of a batch as an array, one for each input of the model. */
export function inputsOf(batch: InputBatch): tf.Tensor[] {
  return Array.isArray(batch.inputs) ? batch.inputs : [batch.inputs];
}

/** How many examples a batch holds. */
export function examplesIn(batch: InputBatch): number {
  return inputsOf(batch)[0]!.shape[0]!;
}

/** The targets of a batch as an array, one for each output of the model. */
export function targetsOf(batch: Batch): tf.Tensor[] {
  return Array.isArray(batch.targets) ? batch.targets : [batch.targets];
}

export function disposeBatch(batch: InputBatch): void {
  tf.dispose(Object.values(batch) as tf.TensorContainer);
}
