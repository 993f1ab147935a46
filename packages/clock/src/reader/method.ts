import { oneCycleSchedule } from '@nn-lab/core/training';
import type { ClockMethod } from '../method.js';
import { renderTimedPictures } from '../timed-pictures.js';
import { readerBatches } from './batches.js';
import { ClockReader } from './clock-reader.js';
import { buildReaderNetwork, readerLoss } from './networks.js';

/** Names the training pictures of a seed; validation and test pictures come from other streams. */
const trainingStream = 'train';

/** The default: locate the dial, unroll it, read both hands and the twelve, decode them jointly. */
export const readerMethod: ClockMethod = {
  title: 'locate, unroll, read, decode jointly',
  buildNetwork: buildReaderNetwork,
  loss: readerLoss,
  optimizer: { name: 'adam' },
  schedule: oneCycleSchedule({ peak: 0.003, warmup: 0.15 }),
  trainingBatches: ({ seed, batchSize, picturesPerEpoch }) =>
    readerBatches({
      seed,
      stream: trainingStream,
      batchSize,
      batchesPerEpoch: Math.ceil(picturesPerEpoch / batchSize),
    }),
  heldOutPictures: (part, count, options) =>
    renderTimedPictures(count, { ...options, stream: part }),
  readerOf: (model) => new ClockReader(model),
};
