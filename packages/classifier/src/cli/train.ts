import {
  backendOptions,
  choiceOption,
  defineCommand,
  integerOption,
  numberOption,
  seedOption,
} from '@nn-lab/core/cli';
import {
  describeMachine,
  openRunFolder,
  outputFolderOptions,
  startBackend,
} from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatQuantity } from '@nn-lab/core/format';
import { confusionMatrix } from '@nn-lab/core/metrics';
import { renderPng } from '@nn-lab/core/node';
import { confusionMatrixChart } from '@nn-lab/core/plot';
import type { Classifier } from '../classifiers/classifier.js';
import {
  KnnClassifier,
  NearestMeanClassifier,
  SvmClassifier,
  selectClassifier,
} from '../classifiers/index.js';
import { courseCandidates } from '../reproduce/index.js';
import { datasetOptions, firstRows, readDataset } from './input.js';
import { runConfigOf } from './run-config.js';
import { trainedFile, trainedText } from './trained-classifier.js';

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a classifier on a data set and test it',
  description:
    'Trains a classifier on the training rows of a data set and tests it on its test rows. Leaves a folder with the classifier, which `evaluate` and `classify` use.',
  options: [
    choiceOption(
      'kind',
      'what to train',
      {
        knn: 'k nearest neighbours',
        'nearest-mean': 'the nearest class mean',
        svm: 'support vector machine',
        auto: 'the best in cross-validation; for a few thousand rows',
      },
      { default: 'knn' },
    ),
    integerOption('k', 'for knn: neighbours', { default: 3, minimum: 1 }),
    choiceOption('weights', 'for knn: how votes count', ['uniform', 'distance'], {
      default: 'uniform',
    }),
    choiceOption('kernel', 'for svm', ['rbf', 'linear'], { default: 'rbf' }),
    numberOption('c', 'for svm: the penalty', { default: 10, minimum: 0, aboveMinimum: true }),
    numberOption('gamma-factor', 'for svm: times 1 / (columns x variance)', {
      default: 1,
      minimum: 0,
      aboveMinimum: true,
    }),
    integerOption('count', 'train on the first so many rows (default: all)', { minimum: 2 }),
    seedOption,
    ...datasetOptions,
    ...backendOptions,
    ...outputFolderOptions('runs/<project>/train'),
  ],
  examples: [
    { args: 'train --kind svm', does: 'an RBF support vector machine on the digits' },
    { args: 'train --dataset mnist --k 3', does: '3-NN on MNIST' },
  ],
  async run({ options, program, log, progress, signal, result }) {
    const { dataset, data, kind, seed } = options;
    const loaded = await readDataset(dataset, data, { log, signal });
    const train = firstRows(loaded.train, options.count);
    const { test } = loaded;
    const run = await openRunFolder(options.out, { ...options, project: program.project });
    try {
      const backend = await startBackend(options, log);
      await run.configure(runConfigOf(program, { ...options }, backend, loaded.sources));
      let classifier: Classifier;
      let name: string = kind;
      if (kind === 'auto') {
        const candidates = courseCandidates(train);
        const bar = progress('Cross-validating', candidates.length * 5, { unit: 'fold' });
        const rated = await selectClassifier(candidates, train.x, train.labels!, {
          seed,
          signal,
          onProgress: ({ done }) => bar.update(done),
        });
        bar.stop();
        const [best] = rated;
        name = best!.name;
        log.info(
          `Chosen: ${name}, ${formatPercent(best!.result.accuracy, 2)} in cross-validation.`,
        );
        classifier = best!.create();
      } else {
        classifier = create(kind, options);
      }
      log.info(`Training ${name} on ${formatQuantity(train.x.rows, 'row')} of ${dataset}.`);
      const start = performance.now();
      await classifier.fit(train.x, train.labels!, { signal });
      const trained = performance.now();
      const predicted = await classifier.predict(test.x, { signal });
      const tested = performance.now();
      const confusion = confusionMatrix(predicted, test.labels!, test.classNames);
      const svg = confusionMatrixChart(confusion, { title: `${name}, test rows of ${dataset}` });
      await run.write(trainedFile, trainedText(classifier, train));
      await run.write('plots/confusion.svg', svg);
      await run.write('plots/confusion.png', await renderPng(svg, { scale: 2 }));
      const document = {
        classifier: name,
        dataset,
        seed,
        trainedRows: train.x.rows,
        trainingSeconds: (trained - start) / 1000,
        test: {
          correct: Math.round(confusion.accuracy * confusion.total),
          total: confusion.total,
          accuracy: confusion.accuracy,
          seconds: (tested - trained) / 1000,
          confusion: confusion.toJSON().counts,
        },
        backend: backend.name,
        threads: backend.threads,
        machine: describeMachine(),
      };
      await run.writeMetrics(document);
      result(
        { out: run.path, ...document },
        `${name}: ${document.test.correct} of ${confusion.total} test rows right (${formatPercent(confusion.accuracy, 2)}); trained in ${formatDuration(document.trainingSeconds)}, tested in ${formatDuration(document.test.seconds)}.\nClassifier and confusion matrix: ${run.path}`,
      );
    } finally {
      run.close();
    }
  },
});

function create(
  kind: 'knn' | 'nearest-mean' | 'svm',
  options: {
    readonly k: number;
    readonly weights: 'uniform' | 'distance';
    readonly kernel: 'rbf' | 'linear';
    readonly c: number;
    readonly gammaFactor: number;
  },
): Classifier {
  if (kind === 'nearest-mean') return new NearestMeanClassifier();
  const { k, weights, kernel, c, gammaFactor } = options;
  if (kind === 'knn') return new KnnClassifier({ k, weights });
  return new SvmClassifier({ kernel, c, gammaFactor });
}
