import {
  backendOptions,
  defineCommand,
  integerOption,
  readPackageVersion,
  seedOption,
} from '@nn-lab/core/cli';
import {
  describeMachine,
  openRunFolder,
  presetOption,
  runFolderOptions,
  startBackend,
} from '@nn-lab/core/experiment';
import { formatDuration, formatQuantity } from '@nn-lab/core/format';
import { createCheckpointStore, modelFileNames, saveModel } from '@nn-lab/core/node';
import * as tf from '@tensorflow/tfjs';
import { evaluateReader } from '../evaluate.js';
import { clockBatchesInWorker } from '../node/batches-in-worker.js';
import { type ClockPresetName, clockPresets } from '../presets.js';
import { trainClockReader } from '../train.js';
import { describeEvaluation, evaluationDocument } from './evaluation-text.js';
import { writeRunReport } from './run-report.js';

const presets = Object.fromEntries(
  Object.entries(clockPresets).map(([name, { description }]) => [name, description]),
) as Record<ClockPresetName, string>;

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a reader on rendered clocks',
  description:
    'Trains a network on clocks that it renders itself, tests it on clocks that it has never seen, and leaves a run folder with the model, its history, plots and a report.',
  options: [
    presetOption(presets, 'quick'),
    integerOption('epochs', "epochs in place of the preset's", { minimum: 1, maximum: 100_000 }),
    seedOption,
    ...backendOptions,
    ...runFolderOptions,
  ],
  examples: [
    { args: 'train', does: 'train the default reader, in minutes' },
    { args: 'train --resume', does: 'go on with a run that was stopped' },
    { args: 'train --preset course', does: "train the course's network the way the course did" },
  ],
  async run({ options, program, log, progress, signal, result, checkpointSaved }) {
    const { preset, seed } = options;
    const { method, testPictures, ...settings } = clockPresets[preset];
    const epochs = options.epochs ?? settings.epochs;
    const run = await openRunFolder(options.out, { ...options, project: program.project });
    try {
      if (run.resumed) checkpointSaved(run.checkpoints);
      const backend = await startBackend(options, log);
      const notes = await run.configure({
        options: { ...options, epochs },
        seeds: { all: seed },
        packages: {
          [program.name]: program.version,
          '@nn-lab/core': readPackageVersion(import.meta.resolve('@nn-lab/core')),
          '@tensorflow/tfjs': tf.version.tfjs,
        },
        backend: backend.name,
        threads: backend.threads,
        datasets: { clocks: `rendered, seed ${seed}` },
      });
      for (const note of notes) log.warn(note);

      const amount = { ...settings, seed, epochs };
      const source = clockBatchesInWorker(preset, amount);
      const pictures = source.batchSize * source.batchesPerEpoch;
      log.info(
        `Training (${preset}): ${formatQuantity(epochs, 'epoch')} of ${formatQuantity(pictures, 'picture')}, ${method.title}. Run folder: ${run.path}`,
      );
      const bar = progress('Training', epochs * pictures, { unit: 'picture' });
      const trained = await trainClockReader({
        preset,
        seed,
        epochs,
        source,
        checkpoints: { store: createCheckpointStore(run.checkpoints), resume: options.resume },
        signal,
        onCheckpoint: () => checkpointSaved(run.checkpoints),
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

      try {
        await run.claim(modelFileNames.map((name) => `model/${name}`));
        await saveModel(trained.model, run.model);
        const test = method.heldOutPictures('test', testPictures, { seed });
        const reading = progress('Testing', testPictures, { unit: 'picture' });
        const evaluation = await evaluateReader(method.readerOf(trained.model), test, {
          signal,
          onProgress: ({ done }) => {
            // A resumed run begins here again, with the checkpoint of the last epoch.
            reading.update(done);
          },
        });
        reading.stop();
        const document = {
          preset,
          seed,
          backend: backend.name,
          threads: backend.threads,
          machine: describeMachine(),
          trainedPictures: epochs * pictures,
          trainingSeconds: trained.training.seconds,
          test: evaluationDocument(evaluation),
          course: courseResults,
        };
        await writeRunReport(run, {
          document,
          method,
          test,
          evaluation,
          training: trained.training,
        });
        await run.writeMetrics(document);
        result(
          { out: run.path, ...document },
          `${describeEvaluation(evaluation)}\n\nTrained in ${formatDuration(trained.training.seconds)}. Model, plots and report: ${run.path}`,
        );
      } finally {
        trained.model.dispose();
      }
    } finally {
      run.close();
    }
  },
});

/** Mean "common sense" errors in minutes of the course's best network and of the best of its students. */
const courseResults = { meanAbsoluteError: 11.71, bestStudent: 7.61 } as const;
