#!/usr/bin/env node
import { readPackageVersion, runCli } from '@nn-lab/core/cli';
import { evaluateCommand } from './cli/evaluate.js';
import { reproduceCommand } from './cli/reproduce.js';
import { trainCommand } from './cli/train.js';

await runCli({
  name: 'nn-perceptron',
  packageName: '@nn-lab/perceptron',
  version: readPackageVersion(import.meta.url),
  description: 'Trains multi-class perceptrons from scratch, on digits in a fraction of a second.',
  commands: [trainCommand, evaluateCommand, reproduceCommand],
  examples: [
    { args: 'train', does: 'train on the digits that come with the package' },
    { args: 'evaluate --model runs/perceptron/averaged', does: 'measure what was trained' },
    { args: 'reproduce', does: "run the course's experiments" },
  ],
});
