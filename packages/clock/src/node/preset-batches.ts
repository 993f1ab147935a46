import type { BatchSource } from '@nn-lab/core/training';
import type { TrainingAmount } from '../method.js';
import { type ClockPresetName, clockPresets } from '../presets.js';

/** Which training batches, as plain data. */
export interface PresetBatchesSettings {
  readonly preset: ClockPresetName;
  readonly amount: TrainingAmount;
}

/** The training batches of a preset. */
export function presetBatches({ preset, amount }: PresetBatchesSettings): BatchSource {
  return clockPresets[preset].method.trainingBatches(amount);
}
