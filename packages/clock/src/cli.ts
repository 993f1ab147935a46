#!/usr/bin/env node
import { readPackageVersion, runCli } from '@nn-lab/core/cli';
import { evaluateCommand } from './cli/evaluate.js';
import { readCommand } from './cli/read.js';
import { renderCommand } from './cli/render.js';
import { trainCommand } from './cli/train.js';

await runCli({
  name: 'nn-clock',
  version: readPackageVersion(import.meta.url),
  description: 'Reads the time from pictures of analogue clocks, and trains the networks that do.',
  commands: [trainCommand, evaluateCommand, readCommand, renderCommand],
  examples: [
    { args: 'train', does: 'train a reader in a few minutes' },
    { args: 'render --count 3 --out clocks', does: 'draw three clocks' },
    { args: 'read clocks/0.png', does: 'read the time from a picture' },
  ],
});
