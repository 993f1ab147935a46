export { AdamWOptimizer, type DecaysWeight } from './adamw.js';
export { accuracyOf, type BatchMetric } from './batch-metrics.js';
export type { Batch, BatchSource, InputBatch } from './batch-source.js';
export { decodeCheckpoint, encodeCheckpoint } from './checkpoint-format.js';
export {
  type CheckpointEntries,
  type CheckpointStore,
  createMemoryCheckpointStore,
  type LoadedCheckpoint,
  storeOver,
} from './checkpoint-store.js';
export {
  type DatasetBatch,
  type DatasetBatchesOptions,
  type DatasetBatchSource,
  datasetBatches,
  type UnlabeledBatch,
  type UnlabeledBatchSource,
} from './dataset-batches.js';
export { DivergenceError } from './divergence-error.js';
export { type EvaluateModelOptions, evaluateModel } from './evaluate-model.js';
export { initializerSeed } from './initializer-seed.js';
export type { StepAwareLayer } from './layers-of.js';
export {
  createLearner,
  type Learner,
  type LearnerFigures,
  type LearnerParts,
  type LearnerState,
  type StepContext,
} from './learner.js';
export type { Loss, LossFunction, LossName, OutputLoss } from './losses.js';
export {
  createNetworkOptimizer,
  type NetworkOptimizer,
  type NetworkOptimizerOptions,
} from './network-optimizer.js';
export {
  type AdadeltaOptions,
  type AdagradOptions,
  type AdamaxOptions,
  type AdamOptions,
  type AdamwOptions,
  createOptimizer,
  type MomentumOptions,
  type OptimizerOptions,
  type RmspropOptions,
  type SgdOptions,
} from './optimizers.js';
export { reconstructionBatches } from './reconstruction-batches.js';
export {
  type CosineScheduleOptions,
  constantSchedule,
  cosineSchedule,
  type ExponentialScheduleOptions,
  exponentialSchedule,
  type LearningRateSchedule,
  type OneCycleScheduleOptions,
  oneCycleSchedule,
  type StepScheduleOptions,
  stepSchedule,
} from './schedules.js';
export {
  registerTrainingLayers,
  SeededDropout,
  type SeededDropoutOptions,
} from './seeded-dropout.js';
export type {
  BatchesInThreadOptions,
  BatchSourceFactory,
  ThreadedBatchSource,
} from './threaded-batches.js';
export { type TrainModelOptions, trainModel } from './train-model.js';
export { trainLearner } from './training-loop.js';
export type {
  AverageOptions,
  BatchEvent,
  CheckpointEvent,
  CheckpointOptions,
  EarlyStoppingOptions,
  EpochEvent,
  Figures,
  MonitorOptions,
  ProgressEvent,
  TrainingLoopOptions,
  TrainingResult,
} from './training-loop-options.js';
export type {
  BestEpoch,
  EpochRecord,
  RunProgress,
  RunSignature,
  StoredTensor,
  TrainingState,
} from './training-state.js';
