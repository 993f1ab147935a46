import { DataFormatError, InvalidArgumentError } from '@nn-lab/core/errors';
import { parsePerceptron } from './parse-perceptron.js';
import type { Perceptron } from './perceptron.js';

export { loadDataset } from '@nn-lab/core/browser/files';
export * from './index.js';

const storage = 'localstorage://';

/**
 * Keeps a perceptron in the browser.
 *
 * @param location - `localstorage://` and a name.
 * @throws NotFittedError before `fit`.
 * @throws InvalidArgumentError for another kind of location.
 * @throws the browser's error when its storage is full or forbidden.
 */
export async function savePerceptron(perceptron: Perceptron, location: string): Promise<void> {
  if (!location.startsWith(storage)) {
    throw new InvalidArgumentError(
      `Expected a location such as ${storage}digits, got ${location}: a page can write nowhere else.`,
    );
  }
  localStorage.setItem(keyOf(location), JSON.stringify(perceptron));
}

/**
 * Reads a perceptron that `savePerceptron` wrote, here or in Node.
 *
 * @param location - `localstorage://` and a name, or the address of its file.
 * @throws DataFormatError when there is none, or it is damaged.
 */
export async function loadPerceptron(location: string): Promise<Perceptron> {
  if (location.startsWith(storage)) {
    const text = localStorage.getItem(keyOf(location));
    if (text === null) throw missing(location, 'nothing is stored there');
    return parsePerceptron(text, location);
  }
  const response = await fetch(location);
  if (!response.ok) throw missing(location, `the server answered ${response.status}`);
  return parsePerceptron(await response.text(), location);
}

function keyOf(location: string): string {
  return `nn-lab/perceptron/${location.slice(storage.length)}`;
}

function missing(location: string, why: string): DataFormatError {
  return new DataFormatError(`Expected a saved perceptron at ${location}, but ${why}.`, {
    source: location,
  });
}
