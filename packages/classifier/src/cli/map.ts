import { threadHost } from '@nn-lab/backend-simd/node';
import {
  backendOptions,
  type CliLog,
  type CliProgress,
  choiceOption,
  defineCommand,
  integerOption,
  numberOption,
  pathArgument,
  seedOption,
  UsageError,
} from '@nn-lab/core/cli';
import {
  describeMachine,
  openRunFolder,
  outputFolderOptions,
  startBackend,
} from '@nn-lab/core/experiment';
import { formatCount, formatDuration, formatQuantity, formatTable } from '@nn-lab/core/format';
import { renderPng } from '@nn-lab/core/node';
import { type Svg, scatterChart } from '@nn-lab/core/plot';
import { buildReport } from '@nn-lab/core/report';
import { Pca } from '../maps/pca/index.js';
import { type MapQuality, mapQuality } from '../maps/quality/index.js';
import { Tsne } from '../maps/tsne/index.js';
import { Umap } from '../maps/umap/index.js';
import type { Matrix } from '../matrix.js';
import { mapWarnings } from '../reproduce/index.js';
import {
  datasetOptions,
  firstRows,
  joinRows,
  type LabelledRows,
  labelsOption,
  readDataset,
  readTable,
} from './input.js';
import { runConfigOf } from './run-config.js';

const titles = { pca: 'PCA', tsne: 't-SNE', umap: 'UMAP' } as const;

/** From so many rows on, what is more than 50 wide is first reduced to 50 by PCA. */
const manyRows = 5000;
const reducedWidth = 50;
/** Rows whose neighbourhoods are judged, when there are more. */
const judgedRows = 2000;

export const mapCommand = defineCommand({
  name: 'map',
  summary: 'draw a map of a data set or of your own rows, and measure it',
  description: `Draws the rows of a data set, or of a CSV file, as points in the plane, and measures how well the map keeps neighbourhoods. ${formatCount(manyRows)} rows or more that are wide are first reduced to ${reducedWidth} values by PCA. Leaves a folder with the picture, map.csv and a report.`,
  arguments: [
    pathArgument('table', 'CSV file, a row a point (default: the data set)', {
      existing: 'file',
      optional: true,
    }),
  ],
  options: [
    choiceOption(
      'method',
      'how to draw it',
      {
        tsne: 'near rows stay near',
        umap: 'near rows stay near, faster for many rows',
        pca: 'the two directions of most variance',
      },
      { default: 'tsne' },
    ),
    numberOption('perplexity', 'for t-SNE: about how many neighbors a point has', {
      default: 30,
      minimum: 1,
    }),
    integerOption('neighbors', 'for UMAP: how many neighbors a point has', {
      default: 15,
      minimum: 2,
    }),
    integerOption('count', 'map the first so many rows (default: all)', { minimum: 4 }),
    labelsOption,
    seedOption,
    ...datasetOptions,
    ...backendOptions,
    ...outputFolderOptions('runs/<project>/map'),
  ],
  examples: [
    { args: 'map', does: 'a t-SNE map of the digits' },
    { args: 'map --dataset mnist --method umap', does: 'all 70,000 digits of MNIST' },
    { args: 'map rows.csv --labels classes.csv', does: 'your own rows, a colour a class' },
  ],
  async run({ options, arguments: { table }, program, log, progress, signal, result }) {
    const { method, seed, threads } = options;
    const { rows, sources, name } = await readRows(table, options, { log, signal });
    const run = await openRunFolder(options.out, { ...options, project: program.project });
    try {
      const backend = await startBackend(options, log);
      await run.configure(runConfigOf(program, { ...options, table }, backend, sources));
      log.info(
        `Mapping ${formatQuantity(rows.x.rows, 'row')} of ${formatQuantity(rows.x.columns, 'value')}: ${name}.`,
      );
      const start = performance.now();
      const { perplexity, neighbors } = options;
      const shared = { seed, threadHost, ...(threads === undefined ? {} : { threads }) };
      const settings = { method, perplexity, neighbors, shared };
      const bar = progress(titles[method], 100, { unit: '%' });
      const points = await mapRows(rows.x, settings, bar, log, signal);
      bar.stop();
      const seconds = (performance.now() - start) / 1000;
      const sample = rows.x.rows > judgedRows ? { sample: judgedRows, seed } : {};
      const k = Math.min(10, Math.ceil(rows.x.rows / 2) - 1);
      const quality = await mapQuality(rows.x, points, { k, ...sample, signal });

      const subtitle = `${name}; ${formatQuantity(points.rows, 'row')}; trustworthiness ${quality.trustworthiness.toFixed(3)}, ${k}-neighbour recall ${quality.recall.toFixed(3)}`;
      const svg = drawMap(points, rows, `${titles[method]} map`, subtitle);
      await run.write('plots/map.svg', svg);
      await run.write('plots/map.png', await renderPng(svg, { scale: 2 }));
      await run.write('map.csv', tableOf(points, rows));
      const machine = describeMachine();
      const document = {
        method,
        rows: points.rows,
        columns: rows.x.columns,
        quality: { k, judged: sample.sample ?? points.rows, ...quality },
        seconds,
        seed,
        backend: backend.name,
        threads: backend.threads,
        machine,
      };
      await run.write('report.html', report(`${titles[method]} map`, name, svg, quality, document));
      await run.writeMetrics(document);
      result(
        { out: run.path, ...document },
        `${describe(quality, seconds)}\n\nPicture, map.csv and report: ${run.path}`,
      );
    } finally {
      run.close();
    }
  },
});

async function readRows(
  table: string | undefined,
  options: {
    readonly dataset: 'digits16' | 'mnist' | 'fashion-mnist' | 'cifar-10';
    readonly data: string | undefined;
    readonly labels: string | undefined;
    readonly count: number | undefined;
  },
  output: { readonly log: CliLog; readonly signal: AbortSignal },
) {
  if (table !== undefined) {
    const rows = await readTable(table, { labelsFile: options.labels, ...output });
    return { rows: firstRows(rows, options.count), sources: [], name: table };
  }
  if (options.labels !== undefined) {
    throw new UsageError(
      'The flag --labels gives the classes of a CSV file, but none is named: give it before the flags.',
    );
  }
  const { train, test, sources } = await readDataset(options.dataset, options.data, output);
  return { rows: firstRows(joinRows(train, test), options.count), sources, name: options.dataset };
}

interface MapSettings {
  readonly method: keyof typeof titles;
  readonly perplexity: number;
  readonly neighbors: number;
  readonly shared: { readonly seed: number };
}

async function mapRows(
  x: Matrix,
  { method, perplexity, neighbors, shared }: MapSettings,
  bar: CliProgress,
  log: CliLog,
  signal: AbortSignal,
): Promise<Matrix> {
  if (method === 'pca')
    return (await new Pca({ components: 2 }).fit(x, { signal })).transform(x, { signal });
  let reduced = x;
  if (x.rows >= manyRows && x.columns > reducedWidth) {
    log.info(`Reducing ${x.columns} values to ${reducedWidth} by PCA.`);
    reduced = await (await new Pca({ components: reducedWidth }).fit(x, { signal })).transform(x, {
      signal,
    });
  }
  if (method === 'umap') {
    const umap = await new Umap({ ...shared, neighbors }).fit(reduced, {
      signal,
      onProgress: ({ stage, done, total }) => {
        if (stage === 'map') bar.update((100 * done) / total);
      },
    });
    return umap.map;
  }
  const tsne = new Tsne({ ...shared, perplexity });
  await tsne.fit(reduced, {
    signal,
    onProgress: ({ stage, done, total }) => {
      if (stage === 'map') bar.update((100 * done) / total);
    },
  });
  log.info(
    `KL divergence ${tsne.klDivergence.toFixed(3)} after ${formatQuantity(tsne.iterations, 'iteration')}.`,
  );
  return tsne.map;
}

function drawMap(
  { rows, values }: Matrix,
  { labels, classNames }: LabelledRows,
  title: string,
  subtitle: string,
): Svg {
  const column = (at: number) =>
    Float32Array.from({ length: rows }, (_, row) => values[2 * row + at]!);
  return scatterChart(
    { x: column(0), y: column(1), ...(labels ? { categories: labels } : {}) },
    {
      title,
      subtitle,
      height: 620,
      ...(rows > manyRows ? { radius: 1, opacity: 0.5 } : {}),
      ...(labels ? { categoryNames: classNames } : {}),
    },
  );
}

function tableOf({ rows, values }: Matrix, { labels, classNames }: LabelledRows): string {
  const names = classNames.map((name) =>
    /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name,
  );
  const lines = Array.from({ length: rows }, (_, row) => {
    const place = `${values[2 * row]},${values[2 * row + 1]}`;
    return labels ? `${place},${names[labels[row]!]}` : place;
  });
  return `${labels ? 'x,y,label' : 'x,y'}\n${lines.join('\n')}\n`;
}

function report(
  title: string,
  name: string,
  picture: Svg,
  { trustworthiness, continuity, recall }: MapQuality,
  {
    rows,
    columns,
    quality,
    seconds,
    seed,
    backend,
    threads,
    machine,
  }: {
    readonly rows: number;
    readonly columns: number;
    readonly quality: { readonly k: number; readonly judged: number };
    readonly seconds: number;
    readonly seed: number;
    readonly backend: string;
    readonly threads: number;
    readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  },
): string {
  return buildReport({
    title,
    subtitle: `${name}; seed ${seed}`,
    summary: [
      { label: 'Trustworthiness', value: trustworthiness.toFixed(3) },
      { label: 'Continuity', value: continuity.toFixed(3) },
      { label: 'Neighbour recall', value: recall.toFixed(3) },
    ],
    sections: [
      { title: 'Map', blocks: [{ kind: 'figures', figures: [{ picture }] }] },
      { title: 'How to read it', blocks: [{ kind: 'text', text: mapWarnings.join('\n\n') }] },
      {
        title: 'How it was made',
        blocks: [
          {
            kind: 'facts',
            facts: [
              ['Rows', rows],
              ['Values a row', columns],
              [
                'Measured by',
                `${formatQuantity(quality.k, 'neighbour')} of ${formatQuantity(quality.judged, 'row')}`,
              ],
              ['Time', formatDuration(seconds)],
              ['Seed', seed],
              ['Backend', `${backend}, ${formatQuantity(threads, 'thread')}`],
              [
                'Machine',
                `${machine.cpu}, ${formatQuantity(machine.cores, 'core')}, Node ${machine.node}`,
              ],
            ],
          },
        ],
      },
    ],
  });
}

function describe({ trustworthiness, continuity, recall }: MapQuality, seconds: number): string {
  return formatTable([
    ['trustworthiness', trustworthiness.toFixed(3)],
    ['continuity', continuity.toFixed(3)],
    ['neighbour recall', recall.toFixed(3)],
    ['time', formatDuration(seconds)],
  ]);
}
