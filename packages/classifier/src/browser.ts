import { DataFormatError, InvalidArgumentError } from '@nn-lab/core/errors';
import { type Fitted, parseFitted } from './fitted.js';

export { threadHost } from '@nn-lab/backend-simd/browser';
export { loadDataset, useBackend } from '@nn-lab/core/browser';
export * from './index.js';

const scheme = 'cache://';
const cacheName = 'nn-lab-classifier';

/**
 * Keeps what was fitted in the browser's storage.
 *
 * @param address - `cache://` and a name.
 * @throws NotFittedError when nothing was fitted; InvalidArgumentError for another address, or on a
 * page over plain http, which has no such storage.
 */
export async function saveFitted(fitted: Fitted, address: string): Promise<void> {
  if (!address.startsWith(scheme) || address === scheme) {
    throw new InvalidArgumentError(`Expected an address like cache://name, got '${address}'.`);
  }
  const body = JSON.stringify(fitted);
  const cache = await openCache();
  await cache.put(keyOf(address), new Response(body));
}

/**
 * Loads what {@link saveFitted} kept, or a file that it wrote in Node and that lies on a server.
 *
 * @param address - `cache://` and a name, or an address relative to the page or absolute.
 * @throws DataFormatError when there is nothing, or nothing that this package saved, or it is damaged.
 */
export async function loadFitted(address: string): Promise<Fitted> {
  const response = address.startsWith(scheme)
    ? await (await openCache()).match(keyOf(address))
    : await fetch(new URL(address, document.baseURI)).catch(() => undefined);
  if (!response?.ok) {
    throw new DataFormatError(`${address}: expected a saved model, but there is nothing to load.`, {
      source: address,
    });
  }
  return parseFitted(await response.text(), address);
}

async function openCache(): Promise<Cache> {
  if (!globalThis.caches) {
    throw new InvalidArgumentError(
      'Expected a page over https or from localhost, the only ones that have a storage for cache:// addresses. Serve the page so, or keep JSON.stringify(fitted) elsewhere.',
    );
  }
  return caches.open(cacheName);
}

/** A cache knows only addresses of the web. */
function keyOf(address: string): string {
  return `https://nn-lab.invalid/${encodeURIComponent(address.slice(scheme.length))}`;
}
