import { dirname } from 'node:path';
import { DataFormatError } from '../errors.js';
import { type FittedKind, type FittedModel, type FittedOf, parseFitted } from '../models/index.js';
import { writeFileAtomic } from './atomic-files.js';
import { makeFolder } from './make-folder.js';
import { readPlainFile } from './read-plain-file.js';

/**
 * Writes what was fitted into a file, whole or not at all. Folders on the way are made.
 *
 * @throws NotFittedError when nothing was fitted.
 * @throws the operating system's error when the file cannot be written.
 */
export async function saveFitted(model: FittedModel, file: string): Promise<void> {
  const text = `${JSON.stringify(model)}\n`;
  await makeFolder(dirname(file));
  await writeFileAtomic(file, text);
}

/**
 * Loads what {@link saveFitted} wrote.
 *
 * @example
 * ```ts
 * const classifier = await loadFitted('digits.json', [SvmClassifier, Perceptron]);
 * const predicted = await classifier.predict(rows);
 * ```
 * @param kinds - The classes that it may be of.
 * @throws DataFormatError when the file cannot be read, or is nothing of these kinds, or is damaged.
 */
export async function loadFitted<Kind extends FittedKind>(
  file: string,
  kinds: readonly Kind[],
): Promise<FittedOf<Kind>> {
  const bytes = await readPlainFile(file).catch((cause) => {
    throw new DataFormatError(
      `Expected a saved model at ${file}, but it cannot be read: ${cause.message}. Give the path of a file that saveFitted wrote.`,
      { source: file, cause },
    );
  });
  return parseFitted(new TextDecoder().decode(bytes), file, kinds);
}
