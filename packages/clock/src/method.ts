import type { Picture } from '@nn-lab/core/datasets';
import type {
  BatchSource,
  LearningRateSchedule,
  Loss,
  OptimizerOptions,
} from '@nn-lab/core/training';
import type { WorkOptions } from '@nn-lab/core/work';
import type * as tf from '@tensorflow/tfjs';
import type { ClockTime } from './time.js';
import type { TimedPictures } from './timed-pictures.js';

/** Anything that tells the time of many pictures: what an evaluation measures. */
export interface TimeReader {
  readAll(pictures: readonly Picture[], options?: WorkOptions): Promise<readonly ClockTime[]>;
}

/** A reading with its text. */
export interface TimedReading extends ClockTime {
  /** The time as people write it: `10:08`; hour 0 is written 12. */
  readonly text: string;
  /** How sure the reader is, 0 to 1. */
  readonly probability: number;
}

/** A reader that owns a trained network. */
export interface LoadedClockReader extends TimeReader {
  read(picture: Picture): Promise<TimedReading>;
  readAll(pictures: readonly Picture[], options?: WorkOptions): Promise<readonly TimedReading[]>;
  /** Frees the network. */
  dispose(): void;
}

/** How much a run trains. */
export interface TrainingAmount {
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Pictures in an epoch. */
  readonly picturesPerEpoch: number;
}

/** A way to read clocks that can be trained: a network with all that goes with it. */
export interface ClockMethod {
  /** A few words for reports. */
  readonly title: string;
  buildNetwork(options: { readonly seed: number }): tf.LayersModel;
  readonly loss: Loss;
  readonly optimizer: OptimizerOptions;
  readonly schedule?: LearningRateSchedule;
  /** Training batches; the same amount gives the same batches. */
  trainingBatches(amount: TrainingAmount): BatchSource;
  /** Pictures that are never trained on: for validation after each epoch, and for the test at the end. */
  heldOutPictures(
    part: 'validation' | 'test',
    count: number,
    options: WorkOptions & { readonly seed: number },
  ): Promise<TimedPictures>;
  /** Makes a reader of a trained network, which stays the caller's unless the reader is disposed. */
  readerOf(model: tf.LayersModel): LoadedClockReader;
}
