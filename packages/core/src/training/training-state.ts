/** The figures of one epoch. */
export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  /** Optimizer steps taken by the end of the epoch. */
  readonly step: number;
  /** The learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** Wall time of the epoch with its validation, in seconds. */
  readonly seconds: number;
  /** `loss` (with the penalties of regularizers) and the metrics, averaged over the epoch's examples. */
  readonly train: Readonly<Record<string, number>>;
  /** What validation measured after the epoch. */
  readonly validation?: Readonly<Record<string, number>>;
}

/** The best epoch so far by the monitored figure. */
export interface BestEpoch {
  readonly epoch: number;
  readonly value: number;
}

/** Where a run stands, but for its tensors. */
export interface RunProgress {
  /** The epoch in work, from 0. */
  epoch: number;
  /** The next batch of it; `batchesPerEpoch` when only the epoch's end is left to do. */
  batch: number;
  /** Optimizer steps taken. */
  step: number;
  /** Examples of this epoch so far, and the sums of loss and metrics over them. */
  examples: number;
  sums: Record<string, number>;
  /** Wall time of the epoch in work so far, in seconds. */
  epochSeconds: number;
  /** Wall time of the run so far, in seconds, over all its sessions. */
  seconds: number;
  history: EpochRecord[];
  best: BestEpoch | null;
  /** Epochs since the best one. */
  epochsWithoutBest: number;
  averageUpdates: number;
  optimizerIterations: number;
  /** True when early stopping ended the run. */
  stoppedEarly: boolean;
}

/** What a run and a checkpoint must share to continue one another. */
export interface RunSignature {
  /** The caller's own text for the run. */
  readonly identity: string;
  readonly optimizer: string;
  /** The model's layers by class, and the shapes of its weights. */
  readonly layers: readonly string[];
  readonly weights: readonly (readonly number[])[];
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  readonly average: boolean;
}

/** A tensor's values, away from any backend. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** All that a training run needs to go on as if it had never stopped. */
export interface TrainingState {
  readonly signature: RunSignature;
  readonly progress: RunProgress;
  readonly tensors: readonly StoredTensor[];
}
