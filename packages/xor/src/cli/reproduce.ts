import { integerOption, seedOption } from '@nn-lab/core/cli';
import { experimentCommand, outputFolderOptions } from '@nn-lab/core/experiment';
import { xorReproduction } from '../course/index.js';

export const reproduceCommand = experimentCommand(xorReproduction, {
  name: 'reproduce',
  summary: "run the course's experiments and the success rates behind them",
  description:
    "Runs every experiment of the course from its NumPy stream, then measures how often gradient descent succeeds, and leaves a folder with plots and a report. The seed is that of the success rates; the course's own is 42.",
  options: [
    integerOption('count', 'initialisations for the success rates', {
      default: 1000,
      minimum: 1,
      maximum: 1_000_000,
    }),
    integerOption('max-evaluations', 'evaluations after which a run counts as stuck', {
      default: 10_000,
      minimum: 1,
      maximum: 10_000_000,
    }),
    seedOption,
    ...outputFolderOptions('runs/<project>/reproduce'),
  ],
});
