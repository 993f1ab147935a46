import { pathOption } from '@nn-lab/core/cli';
import type { LoadedClockReader } from '../method.js';
import { loadClockReader } from '../node.js';
import { loadPretrainedReader } from '../reader/index.js';

/** `--model DIR`: where a trained network lies. */
export const modelOption = pathOption(
  'model',
  'run folder or model folder of a trained network (default: the reader that comes with the package)',
  { placeholder: 'DIR', existing: 'folder' },
);

/** The reader that `--model` names. */
export function openReader(model: string | undefined): Promise<LoadedClockReader> {
  return model === undefined ? loadPretrainedReader() : loadClockReader(model);
}
