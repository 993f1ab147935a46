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
import { type Matrix, matrixOf, matrixOfDataset, withoutRounding } from '../matrix.js';

/** Rows, with their classes where these are known. */
export interface LabelledRows {
  readonly x: Matrix;
  readonly labels: Int32Array | undefined;
  readonly classNames: readonly string[];
}

/** Rows that are images. */
export interface LabelledImages extends LabelledRows {
  readonly labels: Int32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
  /** The lowest and highest value. */
  readonly range: readonly [low: number, high: number];
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
  const rowsOf = (dataset: typeof loaded.train): LabelledImages => ({
    x: matrixOfDataset(dataset),
    labels: Int32Array.from(dataset.labels),
    classNames: dataset.classNames,
    shape: dataset.shape,
    range: dataset.range,
  });
  return {
    train: rowsOf(loaded.train),
    test: rowsOf(loaded.test),
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
): Promise<LabelledRows> {
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

/** Both parts of a data set, one after the other. */
export function joinRows(a: LabelledImages, b: LabelledImages): LabelledImages {
  const values = new Float32Array(a.x.values.length + b.x.values.length);
  values.set(a.x.values);
  values.set(b.x.values, a.x.values.length);
  const labels = new Int32Array(a.x.rows + b.x.rows);
  labels.set(a.labels);
  labels.set(b.labels, a.x.rows);
  return { ...a, x: { rows: a.x.rows + b.x.rows, columns: a.x.columns, values }, labels };
}

/** The first rows. */
export function firstRows<Rows extends LabelledRows>(rows: Rows, count: number | undefined): Rows {
  const { x, labels } = rows;
  if (count === undefined || count >= x.rows) return rows;
  const values = x.values.subarray(0, count * x.columns);
  return {
    ...rows,
    x: { rows: count, columns: x.columns, values },
    labels: labels?.slice(0, count),
  };
}
