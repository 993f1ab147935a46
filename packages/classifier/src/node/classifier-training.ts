import type { Experiment, ExperimentContext } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatQuantity } from '@nn-lab/core/format';
import { confusionMatrix } from '@nn-lab/core/metrics';
import type { Classifier } from '@nn-lab/core/models';
import { confusionMatrixChart } from '@nn-lab/core/plot';
import { firstRows, type LabeledPictures } from '@nn-lab/core/tables';
import {
  KnnClassifier,
  NearestMeanClassifier,
  SvmClassifier,
  selectClassifier,
} from '../classifiers/index.js';
import { courseCandidates } from '../course/index.js';
import { type ClassifierDataset, readDataset } from './input.js';
import { trainedFile, trainedText } from './trained-classifier.js';

/** Options of {@link classifierTraining}. */
export interface ClassifierTrainingOptions {
  /** `auto` is the best of the course's candidates in cross-validation. */
  readonly kind: 'knn' | 'nearest-mean' | 'svm' | 'auto';
  readonly k: number;
  readonly weights: 'uniform' | 'distance';
  readonly kernel: 'rbf' | 'linear';
  readonly c: number;
  readonly gammaFactor: number;
  /** Train on the first so many rows; on all by default. */
  readonly count?: number | undefined;
  readonly dataset: ClassifierDataset;
  /** A folder to look for the data set in first. */
  readonly data?: string | undefined;
  readonly seed: number;
}

interface Inputs {
  readonly train: LabeledPictures;
  readonly test: LabeledPictures;
}

/** Trains a classifier on the training rows of a data set and tests it on its test rows. */
export const classifierTraining: Experiment<ClassifierTrainingOptions, Inputs> = {
  project: 'classifier',
  backend: true,
  seeds: ({ seed }) => ({ all: seed }),
  async load({ dataset, data, count }, context) {
    const { train, ...rest } = await readDataset(dataset, data, context);
    return { train: firstRows(train, count), ...rest };
  },
  async run(context) {
    const { options, inputs, run, log, signal } = context;
    const { train, test } = inputs;
    const { dataset } = options;
    const { name, classifier } = await choose(context);
    log.info(`Training ${name} on ${formatQuantity(train.x.rows, 'row')} of ${dataset}.`);
    const start = performance.now();
    await classifier.fit(train.x, train.labels, { signal });
    const trained = performance.now();
    const predicted = await classifier.predict(test.x, { signal });
    const testSeconds = (performance.now() - trained) / 1000;
    const trainingSeconds = (trained - start) / 1000;
    await run.write(trainedFile, trainedText(classifier, train));
    const confusion = confusionMatrix(predicted, test.labels, test.classNames);
    const { accuracy, total } = confusion;
    const correct = Math.round(accuracy * total);
    return {
      metrics: {
        classifier: name,
        dataset,
        trainedRows: train.x.rows,
        trainingSeconds,
        test: {
          correct,
          total,
          accuracy,
          seconds: testSeconds,
          confusion: confusion.toJSON().counts,
        },
      },
      text: `${name}: ${correct} of ${total} test rows right (${formatPercent(accuracy, 2)}); trained in ${formatDuration(trainingSeconds)}, tested in ${formatDuration(testSeconds)}.\nClassifier and confusion matrix: ${run.path}`,
      plots: {
        confusion: confusionMatrixChart(confusion, { title: `${name}, test rows of ${dataset}` }),
      },
    };
  },
};

/** The classifier that the options name, or the best in cross-validation, with its name. */
async function choose({
  options,
  inputs: { train },
  log,
  progress,
  signal,
}: ExperimentContext<ClassifierTrainingOptions, Inputs>) {
  const { kind, seed } = options;
  if (kind !== 'auto') return { name: kind, classifier: create(kind, options) };
  const candidates = courseCandidates(train);
  const bar = progress('Cross-validating', candidates.length * 5, { unit: 'fold' });
  const [best] = await selectClassifier(candidates, train.x, train.labels, {
    seed,
    signal,
    onProgress: ({ done }) => bar.update(done),
  });
  bar.stop();
  const { name, result, create: build } = best!;
  log.info(`Chosen: ${name}, ${formatPercent(result.accuracy, 2)} in cross-validation.`);
  return { name, classifier: build() };
}

function create(
  kind: 'knn' | 'nearest-mean' | 'svm',
  options: ClassifierTrainingOptions,
): Classifier {
  if (kind === 'nearest-mean') return new NearestMeanClassifier();
  const { k, weights, kernel, c, gammaFactor } = options;
  if (kind === 'knn') return new KnnClassifier({ k, weights });
  return new SvmClassifier({ kernel, c, gammaFactor });
}
