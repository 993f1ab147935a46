import { findModelFile, loadModel } from '@nn-lab/core/node';
import { clockReaderOf } from './clock-reader-of.js';
import type { LoadedClockReader } from './method.js';
import { registerClockLayers } from './reader/index.js';

export { readPicture, saveModel, useBackend } from '@nn-lab/core/node';
export * from './index.js';
export { type ClockTrainingOptions, clockTraining } from './node/clock-training.js';

/**
 * Loads a trained reader.
 *
 * @param location - The folder that `saveModel` or `nn-clock train` wrote: a model, or a run with one.
 * @throws DataFormatError when there is no model, or it is damaged.
 * @throws ShapeError when it does not read clocks.
 *
 * @example
 * ```ts
 * const reader = await loadClockReader('runs/clock/quick');
 * const { text } = await reader.read(await readPicture('clock.jpg'));
 * ```
 */
export async function loadClockReader(location: string): Promise<LoadedClockReader> {
  registerClockLayers();
  const file = await findModelFile(location);
  return clockReaderOf(await loadModel(file ?? location));
}
