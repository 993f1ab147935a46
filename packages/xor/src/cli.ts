#!/usr/bin/env node
import { readPackageVersion, runCli } from '@nn-lab/core/cli';
import { reproduceCommand } from './cli/reproduce.js';

await runCli({
  name: 'nn-xor',
  packageName: '@nn-lab/xor',
  version: readPackageVersion(import.meta.url),
  description:
    'Trains the XOR network from scratch, and shows how often gradient descent finds it.',
  commands: [reproduceCommand],
  examples: [{ args: 'reproduce', does: "run the course's experiments, in seconds" }],
});
