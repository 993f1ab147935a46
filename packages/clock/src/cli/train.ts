import { backendOptions, integerOption, seedOption } from '@nn-lab/core/cli';
import { experimentCommand, presetOption, runFolderOptions } from '@nn-lab/core/experiment';
import { clockTraining } from '../node/clock-training.js';
import { type ClockPresetName, clockPresets } from '../presets.js';

const presets = Object.fromEntries(
  Object.entries(clockPresets).map(([name, { description }]) => [name, description]),
) as Record<ClockPresetName, string>;

export const trainCommand = experimentCommand(clockTraining, {
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
});
