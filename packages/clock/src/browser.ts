import { loadModel } from '@nn-lab/core/browser';
import { clockReaderOf } from './clock-reader-of.js';
import type { LoadedClockReader } from './method.js';
import { registerClockLayers } from './reader/index.js';

export { readPicture, saveModel, useBackend } from '@nn-lab/core/browser';
export * from './index.js';

/**
 * Loads a trained reader.
 *
 * @param location - Where `saveModel` put it, or the address of its `model.json`.
 * @throws DataFormatError when there is no model, or it is damaged.
 * @throws ShapeError when it does not read clocks.
 */
export async function loadClockReader(location: string): Promise<LoadedClockReader> {
  registerClockLayers();
  return clockReaderOf(await loadModel(location));
}
