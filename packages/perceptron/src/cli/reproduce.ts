import { dataOption } from '@nn-lab/core/cli';
import { experimentCommand, outputFolderOptions } from '@nn-lab/core/experiment';
import { perceptronReproduction } from '../node/reproduction.js';

export const reproduceCommand = experimentCommand(perceptronReproduction, {
  name: 'reproduce',
  summary: "run the course's experiments, and the averaged perceptron",
  description:
    "Trains as the course did, batch and online, and with averaged weights, and leaves a folder with the models, plots and a report beside the course's results.",
  options: [dataOption, ...outputFolderOptions('runs/<project>/reproduce')],
});
