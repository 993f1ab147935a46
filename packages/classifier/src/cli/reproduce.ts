import { backendOptions, dataOption, seedOption } from '@nn-lab/core/cli';
import { experimentCommand, outputFolderOptions } from '@nn-lab/core/experiment';
import { classifierReproduction } from '../node/reproduction.js';

export const reproduceCommand = experimentCommand(classifierReproduction, {
  name: 'reproduce',
  summary: "run the course's experiments on its digits, or on those that come along",
  description:
    "Runs every experiment of the course's project: means, both classifiers on raw and reduced digits, the maps; then measures the maps and chooses a better classifier by cross-validation. Leaves a folder with every figure and a report that has the course's results beside ours. The digits are the course's where --data or NN_LAB_DATA has them, and otherwise those that come with the package.",
  options: [
    seedOption,
    ...backendOptions,
    dataOption,
    ...outputFolderOptions('runs/<project>/reproduce'),
  ],
  examples: [
    { args: 'reproduce', does: 'on the digits that come along, or those in NN_LAB_DATA' },
    {
      args: 'reproduce --data course --json',
      does: "on the course's four files, in course/ or course/digits16/",
    },
  ],
});
