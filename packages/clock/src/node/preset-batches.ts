import { serveBatches } from '@nn-lab/core/node';
import type { TrainingAmount } from '../method.js';
import { type ClockPresetName, clockPresets } from '../presets.js';

/** Which training batches, as plain data. */
export interface PresetBatchesSettings {
  readonly preset: ClockPresetName;
  readonly amount: TrainingAmount;
}

/** The training batches of a preset; in a thread that `batchesInThread` started, they are served. */
export const presetBatches = serveBatches(({ preset, amount }: PresetBatchesSettings) =>
  clockPresets[preset].method.trainingBatches(amount),
);
