import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataFormatError } from '@nn-lab/core/errors';
import { makeFolder, writeFileAtomic } from '@nn-lab/core/node/files';
import { parsePerceptron } from './parse-perceptron.js';
import type { Perceptron } from './perceptron.js';

export { loadDataset } from '@nn-lab/core/node/files';
export * from './index.js';

const largestFile = 2 ** 29;

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
 * @throws DataFormatError when the file is something else, cut short or damaged.
 * @throws the operating system's error when it cannot be read.
 *
 * @example
 * ```ts
 * const perceptron = await loadPerceptron('runs/perceptron/averaged/model.json');
 * ```
 */
export async function loadPerceptron(path: string): Promise<Perceptron> {
  const { size } = await stat(path);
  if (size > largestFile) {
    throw new DataFormatError(
      `Expected a perceptron saved by @nn-lab/perceptron in ${path}, but its ${size} bytes are too many.`,
      { source: path },
    );
  }
  return parsePerceptron(await readFile(path, 'utf8'), path);
}
