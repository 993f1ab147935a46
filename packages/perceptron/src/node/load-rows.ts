import { describeOrigin } from '@nn-lab/core/datasets';
import type { LoadContext } from '@nn-lab/core/experiment';
import { loadDataset } from '@nn-lab/core/node/files';
import { type LoadedRows, scaledRowsOf } from '../loaded-rows.js';

/** The data sets that the commands know. */
export type PerceptronDataset = 'digits16' | 'mnist' | 'fashion-mnist';

/** Loads a dataset as rows of values from -1 to 1. */
export async function loadRows(
  name: PerceptronDataset,
  data: string | undefined,
  { log, signal }: LoadContext,
): Promise<LoadedRows> {
  const loaded = await loadDataset(name, { ...(data === undefined ? {} : { data }), signal });
  const origin = describeOrigin(name, loaded);
  if (loaded.note) log.warn(`${loaded.note} Taking ${origin} instead.`);
  return {
    train: scaledRowsOf(loaded.train),
    test: scaledRowsOf(loaded.test),
    datasets: Object.fromEntries(loaded.sources.map(({ file, sha256 }) => [file, sha256])),
    origin,
  };
}
