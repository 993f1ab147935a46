import { dirname } from 'node:path';
import { DataFormatError } from '@nn-lab/core/errors';
import { makeFolder, readPlainFile, writeFileAtomic } from '@nn-lab/core/node';
import { type Fitted, parseFitted } from './fitted.js';

export { threadHost } from '@nn-lab/backend-simd/node';
export { loadDataset, useBackend } from '@nn-lab/core/node';
export * from './index.js';
export { type ClassifierTrainingOptions, classifierTraining } from './node/classifier-training.js';
export { type MappingOptions, mapping } from './node/mapping.js';
export { classifierReproduction, type ReproduceClassifierOptions } from './node/reproduction.js';

/**
 * Writes what was fitted into a file, whole or not at all. Folders on the way are made.
 *
 * @throws NotFittedError when nothing was fitted.
 */
export async function saveFitted(fitted: Fitted, file: string): Promise<void> {
  const text = JSON.stringify(fitted);
  await makeFolder(dirname(file));
  await writeFileAtomic(file, text);
}

/**
 * Loads what {@link saveFitted} wrote.
 *
 * @example
 * ```ts
 * const classifier = await loadFitted('digits.json');
 * if (classifier instanceof SvmClassifier) await classifier.predict(rows);
 * ```
 * @throws DataFormatError when the file cannot be read, or is nothing that this package saved, or
 * is damaged.
 */
export async function loadFitted(file: string): Promise<Fitted> {
  const bytes = await readPlainFile(file).catch((cause) => {
    throw new DataFormatError(
      `Expected a saved model at ${file}, but it cannot be read: ${cause.message}. Give the path of a file that saveFitted wrote.`,
      { source: file, cause },
    );
  });
  return parseFitted(new TextDecoder().decode(bytes), file);
}
