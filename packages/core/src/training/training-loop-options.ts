import {
  abortSignal,
  callback,
  flag,
  numberFrom,
  type OptionChecks,
  oneOf,
  required,
  shareBelowOne,
  someObject,
  text,
  wholeNumber,
} from '../checks/index.js';
import type { Batch, BatchSource, InputBatch } from './batch-source.js';
import type { CheckpointStore } from './checkpoint-store.js';
import type { BestEpoch, EpochRecord } from './training-state.js';

/** Options of `trainLearner`, and of all that trains by it. */
export interface TrainingLoopOptions<B extends InputBatch = Batch> {
  readonly epochs: number;

  /** Measured after each epoch: all batches of its epoch 0. The caller disposes the source. */
  readonly validation?: BatchSource<B>;
  /** Further figures after each epoch, beside those of `validation`. */
  readonly validate?: ((epoch: number) => Figures | Promise<Figures>) | undefined;
  /** The figure that tells the best epoch. Default the validation loss, or without one the training loss. */
  readonly monitor?: MonitorOptions;
  /** Leaves the weights of the best epoch in place. Default false. */
  readonly restoreBestWeights?: boolean;
  readonly earlyStopping?: EarlyStoppingOptions;
  readonly average?: AverageOptions | undefined;

  /** Where checkpoints are kept, and how often they are written. By default there are none. */
  readonly checkpoints?: CheckpointOptions | undefined;
  /**
   * Stops the training after the step in work, with the signal's reason as the error; a checkpoint is
   * written first if there are any.
   */
  readonly signal?: AbortSignal;

  readonly onBatch?: (event: BatchEvent) => void | Promise<void>;
  readonly onEpoch?: (event: EpochEvent) => void | Promise<void>;
  readonly onCheckpoint?: (event: CheckpointEvent) => void;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Least time between two progress events, in milliseconds. Default 100. */
  readonly progressInterval?: number;
  /** Told, as it happens, of what a person should know; the result has all notes too. */
  readonly onNote?: (note: string) => void;
}

export const trainingLoopChecks: OptionChecks<TrainingLoopOptions<never>> = {
  epochs: required(wholeNumber(1)),
  validation: someObject,
  validate: callback,
  monitor: someObject,
  restoreBestWeights: flag,
  earlyStopping: someObject,
  average: someObject,
  checkpoints: someObject,
  signal: abortSignal,
  onBatch: callback,
  onEpoch: callback,
  onCheckpoint: callback,
  onProgress: callback,
  progressInterval: numberFrom(0),
  onNote: callback,
};

export type Figures = Readonly<Record<string, number>>;

export interface MonitorOptions {
  /** `train.` or `validation.` and the figure's name, as in `validation.accuracy`. */
  readonly figure: string;
  /** Whether a lower (`min`, the default) or a higher (`max`) figure is better. */
  readonly mode?: 'min' | 'max';
}

export const monitorChecks: OptionChecks<MonitorOptions> = {
  figure: required(text),
  mode: oneOf('min', 'max'),
};

export interface EarlyStoppingOptions {
  /** Ends the run after so many epochs without a new best. */
  readonly patience: number;
  /** A new best must be better than the old one by more than this. Default 0. */
  readonly minDelta?: number;
}

export const earlyStoppingChecks: OptionChecks<EarlyStoppingOptions> = {
  patience: required(wholeNumber(1)),
  minDelta: numberFrom(0),
};

/**
 * An exponential moving average of all weights, the statistics of batch normalisation included.
 * Validation is done with the averaged weights.
 */
export interface AverageOptions {
  /** Share of the average that stays at each step, in [0, 1): 0.999 averages over about 1,000 steps. */
  readonly decay: number;
  /** Which weights are left in place (and the best epoch's are kept of). Default `averaged`. */
  readonly weights?: 'averaged' | 'trained';
}

export const averageChecks: OptionChecks<AverageOptions> = {
  decay: required(shareBelowOne),
  weights: oneOf('averaged', 'trained'),
};

export interface CheckpointOptions {
  readonly store: CheckpointStore;
  /** Writes a checkpoint after every so many epochs. Default 1. */
  readonly everyEpochs?: number;
  /** Writes a checkpoint when so many seconds have passed since the last; 0 means at every step. Default 60. */
  readonly everySeconds?: number;
  /** Continues from the newest checkpoint; without one, starts at the beginning. Default false. */
  readonly resume?: boolean;
  /**
   * A text that says what the run is of: seed, data, preset. A checkpoint with another text is
   * refused. Default empty.
   */
  readonly identity?: string;
}

export const checkpointChecks: OptionChecks<CheckpointOptions> = {
  store: required(someObject),
  everyEpochs: wholeNumber(1),
  everySeconds: numberFrom(0),
  resume: flag,
  identity: text,
};

/** One step is done. */
export interface BatchEvent {
  readonly epoch: number;
  readonly batch: number;
  /** Steps taken before this one. */
  readonly step: number;
  readonly examples: number;
  readonly learningRate: number;
  /** Loss and metrics of this batch alone. */
  readonly figures: Figures;
}

/** One epoch is done and validated. */
export interface EpochEvent {
  readonly record: EpochRecord;
  /** All epochs so far, those before a resume included: enough to write the history anew. */
  readonly history: readonly EpochRecord[];
  /** True when the monitored figure is the best so far. */
  readonly isBest: boolean;
}

/** A checkpoint is written, whole. */
export interface CheckpointEvent {
  /** The file or name it lies under. */
  readonly name: string;
  /** Steps taken by then. */
  readonly step: number;
}

/** Where the run stands, a few times a second. */
export interface ProgressEvent {
  readonly phase: 'train' | 'validate';
  /** The epoch at work, from 0 to `epochs` - 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this phase of the epoch, from 1 to `batches`. */
  readonly batch: number;
  readonly batches: number;
  readonly step: number;
  readonly totalSteps: number;
  readonly learningRate: number;
  /** Loss and metrics of training, averaged over the epoch so far. */
  readonly figures: Figures;
  readonly examplesPerSecond: number;
  /** Estimated seconds until the last epoch is done; undefined before there is a rate. */
  readonly secondsLeft: number | undefined;
}

export interface TrainingResult {
  /** All epochs, those before a resume included. */
  readonly history: readonly EpochRecord[];
  readonly stopped: 'completed' | 'early';
  /** Optimizer steps taken in all. */
  readonly step: number;
  /** Wall time of the run over all its sessions. */
  readonly seconds: number;
  /** The best epoch by the monitored figure; undefined before the first epoch is done. */
  readonly best: BestEpoch | undefined;
  /** Where this session took over. */
  readonly resumedFrom: { readonly source: string; readonly step: number } | undefined;
  readonly notes: readonly string[];
}
