import type { TrainingAmount } from '../method.js';
import type { ClockPresetName } from '../presets.js';
import { batchesInThread, type ThreadedBatchSource } from './batch-thread.js';
import { type PresetBatchesSettings, presetBatches } from './preset-batches.js';

/**
 * The training batches of a preset, rendered in another thread; where none can be started, in this
 * one. They are the same either way.
 *
 * @throws InvalidArgumentError for an amount that cannot be.
 */
export function clockBatchesInWorker(
  preset: ClockPresetName,
  amount: TrainingAmount,
): ThreadedBatchSource {
  const { seed, epochs, batchSize, picturesPerEpoch } = amount;
  const settings: PresetBatchesSettings = {
    preset,
    amount: { seed, epochs, batchSize, picturesPerEpoch },
  };
  return batchesInThread(presetBatches(settings), {
    module: new URL('./preset-batches.js', import.meta.url).href,
    factory: 'presetBatches',
    settings,
  });
}
