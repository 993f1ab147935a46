import { dataOption, integerOption, numberOption, switchOption } from '@nn-lab/core/cli';
import { experimentCommand, presetOption, runFolderOptions } from '@nn-lab/core/experiment';
import { perceptronTraining } from '../node/perceptron-training.js';
import { datasetOption } from './dataset-option.js';

const [outOption, , overwriteOption] = runFolderOptions;

export const trainCommand = experimentCommand(perceptronTraining, {
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
});
