import { threadHost } from '@nn-lab/backend-simd/node';
import type { Experiment, ExperimentContext, LoadContext } from '@nn-lab/core/experiment';
import { formatQuantity } from '@nn-lab/core/format';
import { firstRows, joinRows, type Matrix } from '@nn-lab/core/tables';
import type { Progress } from '@nn-lab/core/work';
import { describeMap, drawMap, mapReport, mapTable } from '../map-figures.js';
import { Pca } from '../maps/pca/index.js';
import { mapQuality } from '../maps/quality/index.js';
import { Tsne } from '../maps/tsne/index.js';
import { Umap } from '../maps/umap/index.js';
import type { Metric } from '../neighbors/index.js';
import { type ClassifierDataset, type Rows, readDataset, readTable } from './input.js';

const titles = { pca: 'PCA', tsne: 't-SNE', umap: 'UMAP' } as const;

/**
 * From so many rows on, what is more than `reducedWidth` wide is first reduced to it by PCA, which keeps
 * Euclidean distances only.
 */
export const manyRows = 5000;
export const reducedWidth = 50;
/** Rows whose neighborhoods are judged, when there are more. */
const judgedRows = 2000;

/** Options of {@link mapping}. */
export interface MappingOptions {
  readonly method: keyof typeof titles;
  readonly perplexity: number;
  readonly neighbors: number;
  /** What the distance of two rows is, for t-SNE and UMAP and for what is measured. */
  readonly metric: Metric;
  /** A CSV file in place of the data set. */
  readonly table?: string | undefined;
  /** A CSV file with the classes of its rows. */
  readonly labels?: string | undefined;
  readonly dataset: ClassifierDataset;
  /** A folder to look for the data set in first. */
  readonly data?: string | undefined;
  /** Map the first so many rows; all by default. */
  readonly count?: number | undefined;
  readonly seed: number;
  readonly threads?: number | undefined;
}

interface Inputs {
  readonly rows: Rows;
  /** What they are, for people. */
  readonly name: string;
}

/** Draws rows as points in the plane, and measures how well the map keeps neighborhoods. */
export const mapping: Experiment<MappingOptions, Inputs> = {
  project: 'classifier',
  backend: true,
  seeds: ({ seed }) => ({ all: seed }),
  load: readRows,
  async run(context) {
    const { options, inputs, device, run, log, signal } = context;
    const { rows, name } = inputs;
    const { method, metric, seed } = options;
    const { columns } = rows.x;
    log.info(
      `Mapping ${formatQuantity(rows.x.rows, 'row')} of ${formatQuantity(columns, 'value')}: ${name}.`,
    );
    const start = performance.now();
    const points = await mapRows(context);
    const seconds = (performance.now() - start) / 1000;
    const sample = rows.x.rows > judgedRows ? { sample: judgedRows, seed } : {};
    const k = Math.min(10, Math.ceil(rows.x.rows / 2) - 1);
    const measured = await mapQuality(rows.x, points, { k, ...sample, metric, signal });
    const quality = { k, judged: sample.sample ?? points.rows, ...measured };
    await run.write('map.csv', mapTable(points, rows));

    const title = `${titles[method]} map`;
    const subtitle = `${name}; ${formatQuantity(points.rows, 'row')}; trustworthiness ${quality.trustworthiness.toFixed(3)}, ${k}-neighbor recall ${quality.recall.toFixed(3)}`;
    const map = drawMap(points, rows, title, subtitle);
    const facts = { rows: points.rows, columns, quality, seconds };
    return {
      metrics: { method, ...facts },
      text: `${describeMap(quality, seconds)}\n\nPicture, map.csv and report: ${run.path}`,
      plots: { map },
      report: mapReport(map, { title, name, ...facts, seed, device }),
    };
  },
};

async function readRows(options: MappingOptions, context: LoadContext) {
  const { table, labels, dataset, data, count } = options;
  if (table !== undefined) {
    const rows = await readTable(table, { labelsFile: labels, ...context });
    return { rows: firstRows(rows, count), name: table };
  }
  const { train, test, datasets } = await readDataset(dataset, data, context);
  return { rows: firstRows(joinRows(train, test), count), name: dataset, datasets };
}

async function mapRows({
  options: { method, perplexity, neighbors, metric, seed, threads },
  inputs: { rows },
  log,
  progress,
  signal,
}: ExperimentContext<MappingOptions, Inputs>): Promise<Matrix> {
  const { x } = rows;
  const shared = { metric, seed, threadHost, ...(threads === undefined ? {} : { threads }) };
  const bar = progress(titles[method], 100, { unit: '%' });
  const onProgress = ({ stage, done, total }: Progress) => {
    if (stage === 'map') bar.update((100 * done) / total);
  };
  const work = { signal, onProgress };
  try {
    if (method === 'pca') return await reducedByPca(x, 2, signal);
    let reduced = x;
    if (metric === 'euclidean' && x.rows >= manyRows && x.columns > reducedWidth) {
      log.info(`Reducing ${x.columns} values to ${reducedWidth} by PCA.`);
      reduced = await reducedByPca(x, reducedWidth, signal);
    }
    if (method === 'umap') {
      return (await new Umap({ ...shared, neighbors }).fit(reduced, work)).map;
    }
    const tsne = await new Tsne({ ...shared, perplexity }).fit(reduced, work);
    log.info(
      `KL divergence ${tsne.klDivergence.toFixed(3)} after ${formatQuantity(tsne.iterations, 'iteration')}.`,
    );
    return tsne.map;
  } finally {
    bar.stop();
  }
}

async function reducedByPca(x: Matrix, components: number, signal: AbortSignal): Promise<Matrix> {
  return (await new Pca({ components }).fit(x, { signal })).transform(x, { signal });
}
