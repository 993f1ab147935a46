import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { BatchSource } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';
import { dialPoseSize } from './dial-pose.js';
import { type ReaderExamples, type ReaderExamplesSettings, readerExamples } from './examples.js';
import { thumbnailSize } from './networks.js';
import { unrolledAngles, unrolledRadii } from './unroll.js';

/** Options of {@link readerBatches}. */
export interface ReaderBatchesOptions extends ReaderExamplesSettings {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  /**
   * What renders the examples: by default {@link readerExamples} in this thread. Another thread must
   * give the same bytes.
   */
  readonly render?: (first: number, count: number) => ReaderExamples | Promise<ReaderExamples>;
}

/**
 * Freshly rendered batches for `buildReaderNetwork`, no picture twice: inputs
 * `[batch, 48, 48, 1]` and `[batch, 35, 180, 1]`, targets `[batch, 7]` and `[batch, 3, 180]`.
 *
 * @throws InvalidArgumentError unless both sizes are whole numbers from 1.
 */
export function readerBatches(options: ReaderBatchesOptions): BatchSource {
  const { batchSize, batchesPerEpoch, render = readerExamples(options) } = options;
  for (const [name, value] of Object.entries({ batchSize, batchesPerEpoch })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidArgumentError(`Expected ${name} to be a whole number from 1, got ${value}.`);
    }
  }
  return {
    batchSize,
    batchesPerEpoch,
    batch(epoch, index) {
      const rendered = render((epoch * batchesPerEpoch + index) * batchSize, batchSize);
      return rendered instanceof Promise ? rendered.then(asBatch) : asBatch(rendered);
    },
  };
}

function asBatch({ count, thumbnails, unrolled, poses, directions }: ReaderExamples) {
  return {
    inputs: [
      tf.tensor4d(thumbnails, [count, thumbnailSize, thumbnailSize, 1]),
      tf.tensor4d(unrolled, [count, unrolledRadii, unrolledAngles, 1]),
    ],
    targets: [
      tf.tensor2d(poses, [count, dialPoseSize]),
      tf.tensor3d(directions, [count, 3, unrolledAngles]),
    ],
  };
}
