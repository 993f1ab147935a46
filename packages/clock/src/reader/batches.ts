import {
  anything,
  callback,
  checkOptions,
  type OptionChecks,
  required,
  text,
  wholeNumber,
} from '@nn-lab/core/checks';
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

const readerBatchesChecks: OptionChecks<ReaderBatchesOptions> = {
  seed: required(wholeNumber(0)),
  stream: required(text),
  ranges: anything, // clockParameterSampler says in what
  batchSize: required(wholeNumber(1)),
  batchesPerEpoch: required(wholeNumber(1)),
  render: callback,
};

/**
 * Freshly rendered batches for `buildReaderNetwork`, no picture twice: inputs
 * `[batch, 48, 48, 1]` and `[batch, 35, 180, 1]`, targets `[batch, 7]` and `[batch, 3, 180]`.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 */
export function readerBatches(options: ReaderBatchesOptions): BatchSource {
  checkOptions(options, readerBatchesChecks);
  const { batchSize, batchesPerEpoch, render = readerExamples(options) } = options;
  return {
    batchSize,
    batchesPerEpoch,
    batch: async (epoch, index) =>
      asBatch(await render((epoch * batchesPerEpoch + index) * batchSize, batchSize)),
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
