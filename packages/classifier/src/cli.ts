#!/usr/bin/env node
import { readPackageVersion, runCli } from '@nn-lab/core/cli';
import { classifyCommand } from './cli/classify.js';
import { evaluateCommand } from './cli/evaluate.js';
import { mapCommand } from './cli/map.js';
import { reproduceCommand } from './cli/reproduce.js';
import { trainCommand } from './cli/train.js';

await runCli({
  name: 'nn-classifier',
  version: readPackageVersion(import.meta.url),
  description: 'Draws maps of data, measures them, and tells classes apart by distance.',
  commands: [reproduceCommand, mapCommand, trainCommand, evaluateCommand, classifyCommand],
  examples: [
    { args: 'reproduce', does: "the course's experiments, in about a minute" },
    { args: 'map --method tsne', does: 'draw a t-SNE map of the digits' },
    { args: 'map data.csv --labels classes.csv', does: 'draw a map of your own rows' },
    { args: 'train --kind svm', does: 'train a support vector machine on the digits' },
  ],
});
