import { readPackageVersion } from '@nn-lab/core/cli';
import type { DatasetSource } from '@nn-lab/core/datasets';
import type { RunConfig } from '@nn-lab/core/experiment';
import type { ChosenBackend } from '@nn-lab/core/node';
import * as tf from '@tensorflow/tfjs';

/** What `config.json` says of a run. */
export function runConfigOf(
  program: { readonly name: string; readonly version: string },
  options: Readonly<Record<string, unknown>> & { readonly seed: number },
  backend: ChosenBackend,
  sources: readonly DatasetSource[],
): RunConfig {
  return {
    options,
    seeds: { all: options.seed },
    packages: {
      [program.name]: program.version,
      '@nn-lab/core': readPackageVersion(import.meta.resolve('@nn-lab/core')),
      '@tensorflow/tfjs': tf.version.tfjs,
    },
    backend: backend.name,
    threads: backend.threads,
    datasets: Object.fromEntries(sources.map(({ file, sha256 }) => [file, sha256])),
  };
}
