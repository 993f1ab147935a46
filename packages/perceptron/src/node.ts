import { dirname } from 'node:path';
import { DataFormatError } from '@nn-lab/core/errors';
import { makeFolder, readPlainFile, writeFileAtomic } from '@nn-lab/core/node/files';
import { parsePerceptron } from './parse-perceptron.js';
import type { Perceptron } from './perceptron.js';

export { loadDataset } from '@nn-lab/core/node/files';
export * from './index.js';
export { type PerceptronTrainingOptions, perceptronTraining } from './node/perceptron-training.js';
export { perceptronReproduction, type ReproducePerceptronOptions } from './node/reproduction.js';

/**
 * Writes a perceptron to a file, whole or not at all; its folder is made if need be.
 *
 * @throws NotFittedError before `fit`.
 * @throws the operating system's error when the file cannot be written.
 */
export async function savePerceptron(perceptron: Perceptron, path: string): Promise<void> {
  const text = `${JSON.stringify(perceptron)}\n`;
  await makeFolder(dirname(path));
  await writeFileAtomic(path, text);
}

/**
 * Reads a perceptron that {@link savePerceptron} wrote.
 *
 * @throws DataFormatError when the file cannot be read, is something else, cut short or damaged.
 *
 * @example
 * ```ts
 * const perceptron = await loadPerceptron('runs/perceptron/averaged/model.json');
 * ```
 */
export async function loadPerceptron(path: string): Promise<Perceptron> {
  const bytes = await readPlainFile(path, { maxBytes: 2 ** 29 }).catch((cause) => {
    throw new DataFormatError(
      `Expected a perceptron saved by @nn-lab/perceptron at ${path}, but it cannot be read: ${cause.message}. Give the path of a file that savePerceptron wrote.`,
      { source: path, cause },
    );
  });
  return parsePerceptron(new TextDecoder().decode(bytes), path);
}
