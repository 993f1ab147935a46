import { basename } from 'node:path';
import {
  type DatasetSource,
  describeOrigin,
  parseLabelCsv,
  parseNumberCsv,
} from '@nn-lab/core/datasets';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { LoadContext } from '@nn-lab/core/experiment';
import { loadDataset, readPlainFile } from '@nn-lab/core/node';
import { type LabeledRows, labeledRowsOf, matrixOf, withoutRounding } from '@nn-lab/core/tables';

/** Rows, with their classes where these are known. */
export interface Rows extends Omit<LabeledRows, 'labels'> {
  readonly labels: Int32Array | undefined;
}

/** The data sets that the commands know. */
export type ClassifierDataset = 'digits16' | 'mnist' | 'fashion-mnist' | 'cifar-10';

/** A named data set, its training and test rows apart. */
export async function readDataset(
  name: ClassifierDataset,
  data: string | undefined,
  { log, signal }: LoadContext,
) {
  const loaded = await loadDataset(name, { ...(data === undefined ? {} : { data }), signal });
  const origin = describeOrigin(name, loaded);
  if (loaded.note) log.warn(`${loaded.note} Taking ${origin} instead.`);
  else if (origin !== name) log.info(`Data: ${origin}.`);
  return {
    train: labeledRowsOf(loaded.train),
    test: labeledRowsOf(loaded.test),
    datasets: hashesOf(loaded.sources),
  };
}

/** The SHA-256 of each file of a data set, as `config.json` has them. */
export function hashesOf(sources: readonly DatasetSource[]): Readonly<Record<string, string>> {
  return Object.fromEntries(sources.map(({ file, sha256 }) => [file, sha256]));
}

/**
 * Rows of numbers in a CSV file, with their classes where a column or another file has them. Says
 * what it took for what.
 */
export async function readTable(
  file: string,
  { labelsFile, log, signal }: LoadContext & { readonly labelsFile?: string | undefined },
): Promise<Rows> {
  const say = (path: string, note: string | undefined) => {
    if (note !== undefined) log.info(`${path}: ${note}`);
  };
  const table = await parseNumberCsv(await readInput(file), { source: basename(file), signal });
  say(file, table.note);
  const x = matrixOf(withoutRounding(table.values), table.columns);
  if (labelsFile === undefined) {
    const { classes: labels, classNames = [] } = table.labels ?? {};
    return { x, labels, classNames };
  }
  const { classes, classNames, note } = await parseLabelCsv(await readInput(labelsFile), {
    source: basename(labelsFile),
    rows: table.rows,
    signal,
  });
  say(labelsFile, note);
  if (table.labels) log.info(`${labelsFile}: Took these labels instead.`);
  return { x, labels: classes, classNames };
}

async function readInput(file: string): Promise<Uint8Array> {
  return readPlainFile(file).catch((cause) => {
    throw new InvalidArgumentError(
      `Expected a CSV file at ${file}, but it cannot be read: ${cause.message}. Give the path of a file.`,
      { cause },
    );
  });
}
