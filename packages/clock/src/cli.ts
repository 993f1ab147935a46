#!/usr/bin/env node
import { readPackageVersion, runCli } from '@nn-lab/core/cli';

await runCli({
  name: 'nn-clock',
  packageName: '@nn-lab/clock',
  version: readPackageVersion(import.meta.url),
  description: 'Reads the time from pictures of analogue clocks, and trains the networks that do.',
  commands: async () => [
    (await import('./cli/train.js')).trainCommand,
    (await import('./cli/evaluate.js')).evaluateCommand,
    (await import('./cli/read.js')).readCommand,
    (await import('./cli/render.js')).renderCommand,
  ],
  examples: [
    { args: 'train', does: 'train a reader in a few minutes' },
    { args: 'render --count 3 --out clocks', does: 'draw three clocks' },
    { args: 'read clocks/0.png', does: 'read the time from a picture' },
  ],
});
