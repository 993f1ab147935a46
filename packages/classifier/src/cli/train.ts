import {
  backendOptions,
  choiceOption,
  integerOption,
  numberOption,
  seedOption,
} from '@nn-lab/core/cli';
import { experimentCommand, outputFolderOptions } from '@nn-lab/core/experiment';
import { classifierTraining } from '../node/classifier-training.js';
import { datasetOptions } from './dataset-options.js';

export const trainCommand = experimentCommand(classifierTraining, {
  name: 'train',
  summary: 'train a classifier on a data set and test it',
  description:
    'Trains a classifier on the training rows of a data set and tests it on its test rows. Leaves a folder with the classifier, which `evaluate` and `classify` use.',
  options: [
    choiceOption(
      'kind',
      'what to train',
      {
        knn: 'k nearest neighbors',
        'nearest-mean': 'the nearest class mean',
        svm: 'support vector machine',
        auto: 'the best in cross-validation; for a few thousand rows',
      },
      { default: 'knn' },
    ),
    integerOption('k', 'for knn: neighbors', { default: 3, minimum: 1 }),
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
});
