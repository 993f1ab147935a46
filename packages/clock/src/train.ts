import {
  abortSignal,
  callback,
  checkOptions,
  type OptionChecks,
  oneOf,
  someObject,
  wholeNumber,
} from '@nn-lab/core/checks';
import {
  type BatchSource,
  type CheckpointOptions,
  type TrainingResult,
  type TrainModelOptions,
  trainModel,
} from '@nn-lab/core/training';
import type * as tf from '@tensorflow/tfjs';
import { evaluateReader } from './evaluate.js';
import { type ClockPresetName, clockPresets } from './presets.js';

/** Options of {@link trainClockReader}. */
export interface TrainClockReaderOptions
  extends Pick<TrainModelOptions, 'signal' | 'onProgress' | 'onEpoch' | 'onCheckpoint' | 'onNote'> {
  /** Which network, and how long; `quick` by default. */
  readonly preset?: ClockPresetName;
  /** Everything random follows from it; 42 by default. */
  readonly seed?: number;
  /** Epochs in place of the preset's. */
  readonly epochs?: number;
  /** Batches in place of the ones rendered in this thread; they must be the same. */
  readonly source?: BatchSource;
  /** Where checkpoints are kept, and how often they are written. By default there are none. */
  readonly checkpoints?: Omit<CheckpointOptions, 'identity'>;
}

const trainClockReaderChecks: OptionChecks<TrainClockReaderOptions> = {
  checkpoints: someObject,
  signal: abortSignal,
  onProgress: callback,
  onEpoch: callback,
  onCheckpoint: callback,
  onNote: callback,
  preset: oneOf(...(Object.keys(clockPresets) as ClockPresetName[])),
  seed: wholeNumber(0),
  epochs: wholeNumber(1),
  source: someObject,
};

/** A trained network. */
export interface TrainedClockReader {
  /** The caller's, to save or to make a reader of. */
  readonly model: tf.LayersModel;
  readonly training: TrainingResult;
}

/**
 * Trains a clock reader on rendered clocks, on whichever backend tfjs uses. After each epoch it reads
 * pictures that it is not trained on: `validation.meanError` (minutes), `validation.within3` (share).
 *
 * @throws InvalidArgumentError for a seed or a number of epochs that cannot be.
 * @throws DivergenceError when the loss is NaN or infinite.
 *
 * @example
 * ```ts
 * const { model } = await trainClockReader({ preset: 'smoke' });
 * const reader = new ClockReader(model);
 * ```
 */
export async function trainClockReader(
  options: TrainClockReaderOptions = {},
): Promise<TrainedClockReader> {
  checkOptions(options, trainClockReaderChecks);
  const { preset = 'quick', seed = 42, source: given, checkpoints, ...passedOn } = options;
  const settings = clockPresets[preset];
  const { method } = settings;
  const { epochs = settings.epochs } = passedOn;
  const model = method.buildNetwork({ seed });
  const source = given ?? method.trainingBatches({ ...settings, seed, epochs });
  try {
    const validation = await method.heldOutPictures('validation', settings.validationPictures, {
      seed,
      signal: options.signal,
    });
    const training = await trainModel(model, source, {
      ...passedOn,
      epochs,
      loss: method.loss,
      optimizer: method.optimizer,
      ...(method.schedule ? { schedule: method.schedule } : {}),
      checkpoints: checkpoints && { ...checkpoints, identity: `clock ${preset} seed ${seed}` },
      validate: async (trained) => {
        const { summary } = await evaluateReader(method.readerOf(trained), validation, {
          intervals: false,
          signal: options.signal,
        });
        return {
          meanError: summary.mean,
          within3: summary.within.find(({ threshold }) => threshold === 3)!.share,
        };
      },
      monitor: { figure: 'validation.meanError' },
    });
    return { model, training };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    if (!given) source.dispose?.();
  }
}
