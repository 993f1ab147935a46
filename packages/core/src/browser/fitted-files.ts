import { DataFormatError, InvalidArgumentError } from '../errors.js';
import { type FittedKind, type FittedModel, type FittedOf, parseFitted } from '../models/index.js';
import { inStorage } from './storage.js';

const scheme = 'indexeddb://';
const place = { database: 'nn-lab-fitted', store: 'fitted' };

/**
 * Keeps what was fitted in the browser's storage.
 *
 * @param address - `indexeddb://` and a name.
 * @throws NotFittedError when nothing was fitted.
 * @throws InvalidArgumentError for another address.
 * @throws NnLabError when the storage is full or forbidden.
 */
export async function saveFitted(model: FittedModel, address: string): Promise<void> {
  if (!address.startsWith(scheme) || address === scheme) {
    throw new InvalidArgumentError(`Expected an address like ${scheme}name, got '${address}'.`);
  }
  const text = JSON.stringify(model);
  await inStorage(place, 'readwrite', (store) => store.put(text, address));
}

/**
 * Loads what {@link saveFitted} kept, or a file that it wrote in Node and that lies on a server.
 *
 * @param address - `indexeddb://` and a name, or an address relative to the page or absolute.
 * @param kinds - The classes that it may be of.
 * @throws DataFormatError when there is nothing, or nothing of these kinds, or it is damaged.
 */
export async function loadFitted<Kind extends FittedKind>(
  address: string,
  kinds: readonly Kind[],
): Promise<FittedOf<Kind>> {
  const text = address.startsWith(scheme)
    ? await inStorage(place, 'readonly', (store) => store.get(address))
    : await fetchText(address);
  if (typeof text !== 'string') {
    throw new DataFormatError(`${address}: expected a saved model, but there is nothing to load.`, {
      source: address,
    });
  }
  return parseFitted(text, address, kinds);
}

async function fetchText(address: string): Promise<string | undefined> {
  const response = await fetch(new URL(address, document.baseURI)).catch(() => undefined);
  return response?.ok ? response.text() : undefined;
}
