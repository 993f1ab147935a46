import type { Experiment } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatQuantity } from '@nn-lab/core/format';
import { createRandom } from '@nn-lab/core/random';
import { describeEvaluation, evaluate, evaluationDocument } from '../evaluation.js';
import type { LoadedRows } from '../loaded-rows.js';
import { Perceptron, type PerceptronMethod } from '../perceptron.js';
import { loadRows, type PerceptronDataset } from './load-rows.js';

/** Options of {@link perceptronTraining}. */
export interface PerceptronTrainingOptions {
  readonly preset: PerceptronMethod;
  readonly dataset: PerceptronDataset;
  /** A folder to look for the data set in first. */
  readonly data?: string | undefined;
  readonly learningRate: number;
  readonly patience: number;
  /** Most epochs; the method's own by default. */
  readonly epochs?: number | undefined;
  /** Take the rows in a new order every epoch. */
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Trains a perceptron and measures it on the test rows. */
export const perceptronTraining: Experiment<PerceptronTrainingOptions, LoadedRows> = {
  project: 'perceptron',
  backend: false,
  seeds: ({ seed }) => ({ weights: seed }),
  load: ({ dataset, data }, context) => loadRows(dataset, data, context),
  async run({ options, inputs, run, log, signal }) {
    const { preset: method, learningRate, patience, epochs, seed, shuffle } = options;
    const { train, test, origin } = inputs;
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
    const { training } = await perceptron.fit(train.x, train.labels, {
      signal,
      classCount: train.classNames.length,
      ...(shuffle ? { random: createRandom(seed).fork('order') } : {}),
      onEpoch: ({ epoch, trainCorrect }) =>
        log.detail(
          `Epoch ${epoch}: ${formatPercent(trainCorrect / train.x.rows, 2)} of the training rows right`,
        ),
    });
    const seconds = (performance.now() - began) / 1000;
    await run.write('model/model.json', `${JSON.stringify(perceptron)}\n`);
    await run.writeHistory(training.history);
    const evaluation = await evaluate(perceptron, test, { signal });
    return {
      metrics: {
        preset: method,
        dataset: options.dataset,
        epochs: training.epochs,
        bestEpoch: training.bestEpoch,
        stopped: training.stopped,
        seconds,
        train: { correct: training.trainCorrect, total: train.x.rows },
        test: evaluationDocument(evaluation),
      },
      text: `${describeEvaluation(evaluation)}\n\nTrained ${formatQuantity(training.epochs, 'epoch')} in ${formatDuration(seconds)}: ${training.trainCorrect} of ${train.x.rows} training rows right. Model: ${run.path}`,
    };
  },
};
