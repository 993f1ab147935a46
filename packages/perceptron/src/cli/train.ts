import { join } from 'node:path';
import {
  dataOption,
  defineCommand,
  integerOption,
  numberOption,
  readPackageVersion,
  switchOption,
} from '@nn-lab/core/cli';
import {
  describeMachine,
  openRunFolder,
  presetOption,
  runFolderOptions,
} from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatQuantity } from '@nn-lab/core/format';
import { createRandom } from '@nn-lab/core/random';
import { savePerceptron } from '../node.js';
import { Perceptron } from '../perceptron.js';
import { datasetOption, loadRows } from './digits.js';
import { describeEvaluation, evaluate, evaluationDocument } from './evaluation.js';

const [outOption, , overwriteOption] = runFolderOptions;

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a perceptron and save it',
  description:
    'Trains a perceptron, measures it on the test rows, and leaves a run folder with the model in model/model.json.',
  options: [
    presetOption(
      {
        averaged: 'perceptron rule, averaged weights',
        online: "the course's rule, one update a row",
        batch: "the course's rule, one update an epoch",
      },
      'averaged',
    ),
    datasetOption,
    numberOption('learning-rate', 'η of the online and batch presets', {
      default: 0.2,
      minimum: 0,
      aboveMinimum: true,
    }),
    integerOption('patience', 'epochs without a new best, of the online and batch presets', {
      default: 15,
      minimum: 1,
    }),
    integerOption('epochs', 'most epochs (default: 10 for averaged, else 1000)', { minimum: 1 }),
    switchOption('shuffle', 'take the rows in a new order every epoch'),
    integerOption('seed', 'seed of the start weights, and of the order with --shuffle', {
      default: 21,
      minimum: 0,
      maximum: 2 ** 32 - 1,
    }),
    dataOption,
    outOption,
    overwriteOption,
  ],
  examples: [
    { args: 'train', does: 'the averaged perceptron on digits, in a fraction of a second' },
    { args: 'train --preset online', does: "the course's online training" },
    { args: 'train --dataset mnist', does: '60,000 digits' },
  ],
  async run({ options, program, log, signal, result }) {
    const { preset: method, learningRate, patience, epochs, seed, shuffle } = options;
    const run = await openRunFolder(options.out, { ...options, project: program.project });
    try {
      const { train, test, hashes, origin } = await loadRows(options.dataset, options.data, {
        log,
        signal,
      });
      signal.throwIfAborted();
      await run.configure({
        options: { ...options },
        seeds: { weights: seed },
        packages: {
          [program.name]: program.version,
          '@nn-lab/core': readPackageVersion(import.meta.resolve('@nn-lab/core')),
        },
        backend: 'none',
        threads: 1,
        datasets: hashes,
      });
      log.info(
        `Training (${method}) on ${origin}: ${formatQuantity(train.x.rows, 'row')} of ${train.x.columns}.`,
      );
      const perceptron = new Perceptron({
        method,
        learningRate,
        patience,
        seed,
        ...(epochs === undefined ? {} : { maxEpochs: epochs }),
      });
      const began = performance.now();
      const training = await perceptron.fit(train.x, train.labels, {
        signal,
        classCount: train.classNames.length,
        ...(shuffle ? { random: createRandom(seed).fork('order') } : {}),
        onEpoch: ({ epoch, trainCorrect }) =>
          log.detail(
            `Epoch ${epoch}: ${formatPercent(trainCorrect / train.x.rows, 2)} of the training rows right`,
          ),
      });
      const seconds = (performance.now() - began) / 1000;
      await run.claim(['model/model.json']);
      await savePerceptron(perceptron, join(run.model, 'model.json'));
      await run.writeHistory(training.history);
      const evaluation = await evaluate(perceptron, test, { signal });
      const document = {
        preset: method,
        dataset: options.dataset,
        seed,
        epochs: training.epochs,
        bestEpoch: training.bestEpoch,
        stopped: training.stopped,
        seconds,
        train: { correct: training.trainCorrect, total: train.x.rows },
        test: evaluationDocument(evaluation),
        machine: describeMachine(),
      };
      await run.writeMetrics(document);
      result(
        { out: run.path, ...document },
        `${describeEvaluation(evaluation)}\n\nTrained ${formatQuantity(training.epochs, 'epoch')} in ${formatDuration(seconds)}: ${training.trainCorrect} of ${train.x.rows} training rows right. Model: ${run.path}`,
      );
    } finally {
      run.close();
    }
  },
});
