import type { Experiment, ExperimentContext } from '@nn-lab/core/experiment';
import { formatDuration, formatQuantity } from '@nn-lab/core/format';
import type * as tf from '@tensorflow/tfjs';
import { courseFacts } from '../course/facts.js';
import { clockReport, drawClockPlots } from '../course/figures.js';
import { evaluateReader } from '../evaluate.js';
import { describeEvaluation, evaluationDocument } from '../evaluation-text.js';
import { type ClockPresetName, clockPresets } from '../presets.js';
import { trainClockReader } from '../train.js';
import { clockBatchesInWorker } from './batches-in-worker.js';

/** Options of {@link clockTraining}. */
export interface ClockTrainingOptions {
  readonly preset: ClockPresetName;
  /** Epochs in place of the preset's. */
  readonly epochs?: number | undefined;
  readonly seed: number;
}

interface ClockTrainingInputs {
  readonly epochs: number;
}

type Context = ExperimentContext<ClockTrainingOptions, ClockTrainingInputs>;

/** Trains a reader on rendered clocks and tests it on clocks that it has never seen. */
export const clockTraining: Experiment<ClockTrainingOptions, ClockTrainingInputs> = {
  project: 'clock',
  backend: true,
  seeds: ({ seed }) => ({ all: seed }),
  load({ preset, seed, epochs = clockPresets[preset].epochs }) {
    return { epochs, options: { epochs }, datasets: { clocks: `rendered, seed ${seed}` } };
  },
  async run(context) {
    const { options, device, run } = context;
    const { preset, seed } = options;
    const { model, training, trainedPictures } = await train(context);
    try {
      await run.saveModel(model);
      const results = { ...(await measure(model, context)), training };
      const { evaluation } = results;
      const plots = drawClockPlots(results);
      return {
        metrics: {
          preset,
          trainedPictures,
          trainingSeconds: training.seconds,
          test: evaluationDocument(evaluation),
          course: {
            meanAbsoluteError: courseFacts.meanAbsoluteError.value,
            bestStudent: courseFacts.bestStudent.value,
          },
        },
        text: `${describeEvaluation(evaluation)}\n\nTrained in ${formatDuration(training.seconds)}. Model, plots and report: ${run.path}`,
        plots,
        report: clockReport(results, plots, { preset, seed, trainedPictures, device }),
      };
    } finally {
      model.dispose();
    }
  },
};

async function train({ options, inputs, run, checkpoints, log, progress, signal }: Context) {
  const { preset, seed } = options;
  const { epochs } = inputs;
  const settings = clockPresets[preset];
  const source = await clockBatchesInWorker(preset, { ...settings, seed, epochs });
  const pictures = source.batchSize * source.batchesPerEpoch;
  log.info(
    `Training (${preset}): ${formatQuantity(epochs, 'epoch')} of ${formatQuantity(pictures, 'picture')}, ${settings.method.title}. Run folder: ${run.path}`,
  );
  const bar = progress('Training', epochs * pictures, { unit: 'picture' });
  const trained = await trainClockReader({
    preset,
    seed,
    epochs,
    source,
    checkpoints: { store: checkpoints, resume: run.resumed },
    signal,
    onNote: (note) => log.info(note),
    onProgress: ({ phase, step, figures }) => {
      if (phase === 'train') {
        bar.update(step * source.batchSize, `loss ${figures.loss?.toFixed(3)}`);
      }
    },
    onEpoch: async ({ record, history }) => {
      await run.writeHistory(history);
      const { meanError = Number.NaN } = record.validation ?? {};
      log.info(
        `Epoch ${record.epoch + 1} of ${epochs}: loss ${record.train.loss?.toFixed(3)}, validation error ${meanError.toFixed(2)} min (${formatDuration(record.seconds)})`,
      );
    },
  }).finally(() => source.dispose?.());
  bar.stop();
  return { ...trained, trainedPictures: epochs * pictures };
}

/** Reads the test's pictures. A run that is stopped here begins here again when it is resumed. */
async function measure(model: tf.LayersModel, { options, progress, signal }: Context) {
  const { method, testPictures } = clockPresets[options.preset];
  const { seed } = options;
  const test = await method.heldOutPictures('test', testPictures, { seed, signal });
  const reading = progress('Testing', testPictures, { unit: 'picture' });
  const evaluation = await evaluateReader(method.readerOf(model), test, {
    signal,
    onProgress: ({ done }) => reading.update(done),
  });
  reading.stop();
  return { method, test, evaluation };
}
