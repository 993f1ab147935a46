export { type ReaderBatchesOptions, readerBatches } from './batches.js';
export { CircularPadding, registerClockLayers } from './circular-padding.js';
export { ClockReader, type ClockReading, isReaderNetwork } from './clock-reader.js';
export { type DecodedTime, decodeDirections, type TimeReading } from './decode.js';
export { type DialPose, dialPoseNames, dialPoseSize, poseFromHomography } from './dial-pose.js';
export { type ReaderExamples, type ReaderExamplesSettings, readerExamples } from './examples.js';
export { readerMethod } from './method.js';
export {
  buildReaderNetwork,
  type ReaderNetworkOptions,
  readerLoss,
  thumbnailSize,
} from './networks.js';
export { loadPretrainedReader } from './pretrained.js';
export { unrollDial, unrolledAngles, unrolledRadii } from './unroll.js';
