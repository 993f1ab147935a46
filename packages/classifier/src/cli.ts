#!/usr/bin/env node
import { readPackageVersion, runCli } from '@nn-lab/core/cli';

await runCli({
  name: 'nn-classifier',
  packageName: '@nn-lab/classifier',
  version: readPackageVersion(import.meta.url),
  description: 'Draws maps of data, measures them, and tells classes apart by distance.',
  commands: async () => [
    (await import('./cli/reproduce.js')).reproduceCommand,
    (await import('./cli/map.js')).mapCommand,
    (await import('./cli/train.js')).trainCommand,
    (await import('./cli/evaluate.js')).evaluateCommand,
    (await import('./cli/classify.js')).classifyCommand,
  ],
  examples: [
    { args: 'reproduce', does: "the course's experiments, in about a minute" },
    { args: 'map --method tsne', does: 'draw a t-SNE map of the digits' },
    { args: 'map data.csv --labels classes.csv', does: 'draw a map of your own rows' },
    { args: 'train --kind svm', does: 'train a support vector machine on the digits' },
  ],
});
