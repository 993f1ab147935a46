import { batchesInThread } from '@nn-lab/core/node';
import type { ThreadedBatchSource } from '@nn-lab/core/training';
import type { TrainingAmount } from '../method.js';
import type { ClockPresetName } from '../presets.js';
import { presetBatches } from './preset-batches.js';

/**
 * The training batches of a preset, rendered in another thread; where none can be started, in this
 * one. They are the same either way.
 *
 * @throws InvalidArgumentError for an amount that cannot be.
 */
export function clockBatchesInWorker(
  preset: ClockPresetName,
  amount: TrainingAmount,
): Promise<ThreadedBatchSource> {
  const { seed, epochs, batchSize, picturesPerEpoch } = amount;
  return batchesInThread(new URL('./preset-batches.js', import.meta.url), {
    settings: { preset, amount: { seed, epochs, batchSize, picturesPerEpoch } },
    inline: presetBatches,
  });
}
