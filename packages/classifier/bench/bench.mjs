// Maps, neighbors and principal components beside scikit-learn and umap-learn, where these are
// installed (python3, or the one that PYTHON names). Run after a build:
// node bench/bench.mjs [ROW ...] [--threads N] [--rounds N] [--no-peers] [--json] [--write]
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PCA as MlPca } from 'ml-pca';
import {
  exactNeighbors,
  KnnClassifier,
  loadDataset,
  mapQuality,
  matrixOf,
  Pca,
  Tsne,
  takeRows,
  threadHost,
  Umap,
  useBackend,
} from '../dist/node.js';

const peerProgram = fileURLToPath(
  new URL('../../../tools/peers/sklearn_bench.py', import.meta.url),
);
const metricsPath = fileURLToPath(new URL('../bench.metrics.json', import.meta.url));

let labels;
const tsne = (x, threads) => new Tsne({ threads, threadHost }).fit(x);
const umap = (x, threads) => new Umap({ threads, threadHost }).fit(x);
const pca50 = async (x) => (await new Pca({ components: 50 }).fit(x)).transform(x);
const tsneFigures = async (x, { klDivergence, map }) => ({
  kl: klDivergence,
  ...(await qualityOf(x, map)),
});

/** What is measured: `run` is timed, `figures` says how good its result is. */
const rows = [
  {
    row: 'tsne-1707',
    title: 't-SNE, 1,707 x 256',
    data: digits,
    run: tsne,
    figures: tsneFigures,
    peer: 'tsne',
  },
  {
    row: 'tsne-10000',
    title: 't-SNE, MNIST 10,000 x 784',
    data: () => mnist(10_000),
    run: tsne,
    figures: tsneFigures,
    peer: 'tsne',
    rounds: 1,
  },
  {
    row: 'tsne-70000',
    title: 't-SNE, MNIST 70,000, by PCA to 50',
    data: () => mnist(70_000),
    run: async (x, threads) => tsne(await pca50(x), threads),
    figures: tsneFigures,
    rounds: 1,
    slow: true,
  },
  {
    row: 'umap-1707',
    title: 'UMAP, 1,707 x 256',
    data: digits,
    run: umap,
    figures: (x, { map }) => qualityOf(x, map),
    peer: 'umap',
    library: { name: 'umap-js 1.4', run: (x) => new Umap({ engine: 'umap-js' }).fit(x) },
  },
  {
    row: 'umap-70000',
    title: 'UMAP, MNIST 70,000, by PCA to 50',
    data: () => mnist(70_000),
    run: async (x, threads) => umap(await pca50(x), threads),
    figures: (x, { map }) => qualityOf(x, map),
    peer: 'umap',
    rounds: 1,
    slow: true,
  },
  {
    row: 'knn',
    title: 'exact 10-NN, 2,000 queries x 60,000 x 784',
    data: () => mnist(62_000),
    run: (x) => {
      const { columns, values } = x;
      const part = (from, to) => ({
        rows: to - from,
        columns,
        values: values.subarray(from * columns, to * columns),
      });
      return exactNeighbors(part(0, 60_000), part(60_000, 62_000), 10);
    },
    peer: 'knn',
  },
  {
    row: 'knn-1707',
    title: '3-NN of 1,707 x 256 digits, 1,000 queries',
    data: digits,
    run: (x) => classify(x, 'exact'),
    library: { name: 'ml-knn 3.0', run: (x) => classify(x, 'ml-knn') },
  },
  {
    row: 'pca-256',
    title: 'PCA, 1,707 x 256 to 2',
    data: digits,
    run: async (x) => (await new Pca({ components: 2 }).fit(x)).transform(x),
    library: {
      name: 'ml-pca 4.1, its SVD',
      run: (x) => new MlPca(plainRows(x)).predict(plainRows(x), { nComponents: 2 }),
    },
  },
  {
    row: 'pca',
    title: 'PCA, 60,000 x 784 to 50',
    data: () => mnist(60_000),
    run: pca50,
    peer: 'pca',
  },
];

/** Classifies the first 1,000 rows of x; their labels do not matter to the time. */
async function classify(x, engine) {
  const classifier = await new KnnClassifier({ k: 3, engine }).fit(x, labels);
  return classifier.predict(
    takeRows(
      x,
      Array.from({ length: 1000 }, (_, i) => i),
    ),
  );
}

function plainRows({ rows, columns, values }) {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}

async function digits() {
  const { train } = await loadDataset('digits16');
  labels = train.labels;
  return matrixOf(train);
}

/** The first images, of those to train and then of those to test. */
async function mnist(count) {
  const { train, test } = await loadDataset('mnist');
  const [first, rest] = [matrixOf(train), matrixOf(test)];
  if (count <= first.rows)
    return takeRows(
      first,
      Array.from({ length: count }, (_, i) => i),
    );
  const values = new Float32Array(count * first.columns);
  values.set(first.values);
  values.set(rest.values.subarray(0, values.length - first.values.length), first.values.length);
  return { rows: count, columns: first.columns, values };
}

async function qualityOf(x, map) {
  const { trustworthiness, recall } = await mapQuality(x, map, { sample: 1707 });
  return { trustworthiness, recall };
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string' },
    'no-peers': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !rows.some(({ row }) => row === name));
if (unknown.length > 0) {
  console.error(`Unknown rows ${unknown}; there are ${rows.map(({ row }) => row).join(', ')}.`);
  process.exit(2);
}
const threads = Number(flags.threads);
const chosen = await useBackend({ backend: 'simd', threads });
const progress = (line) => process.stderr.write(`${line}\n`);
if (loadavg()[0] > 0.5) {
  progress(`The machine is busy (load ${loadavg()[0].toFixed(1)}): do not trust the figures.`);
}
const folder = await mkdtemp(join(tmpdir(), 'nn-classifier-bench-'));
const measured = [];
try {
  for (const row of rows) {
    const wanted = positionals.length === 0 ? !row.slow : positionals.includes(row.row);
    if (wanted) measured.push(await measureRow(row));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const metrics = {
  device: {
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    node: process.version,
    backend: chosen.name,
    threads: chosen.threads,
    load: Number(loadavg()[0].toFixed(2)),
  },
  rows: measured,
};
const json = `${JSON.stringify(metrics, null, 2)}\n`;
if (flags.write) await writeFile(metricsPath, json);
process.stdout.write(flags.json ? json : tableOf(measured));

async function measureRow({ row, title, data, run, figures, peer, library, rounds = 3 }) {
  let x;
  try {
    x = await data();
  } catch (error) {
    progress(`${title}: skipped, ${error.message}`);
    return { row, title, skipped: error.message };
  }
  const count = Number(flags.rounds ?? rounds);
  const seconds = [];
  let last;
  if (count > 1) await run(x, threads); // compiles
  for (let round = 0; round < count; round++) {
    const start = performance.now();
    last = await run(x, threads);
    seconds.push((performance.now() - start) / 1000);
    progress(`${title}: ${seconds.at(-1).toFixed(2)} s`);
  }
  const ours = {
    seconds: median(seconds),
    ...(figures ? await figures(x, last) : {}),
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  const theirs = peer && !flags['no-peers'] ? await measurePeer(peer, x, count) : undefined;
  if (theirs) progress(`${title}: ${JSON.stringify(theirs)}`);
  const other = library && (await measureLibrary(library, x, figures));
  if (other) progress(`${title}: ${JSON.stringify(other)}`);
  return {
    row,
    title,
    ours,
    ...(theirs ? { peer: theirs } : {}),
    ...(other ? { library: other } : {}),
    ...(theirs?.seconds ? { ratio: theirs.seconds / ours.seconds } : {}),
  };
}

/** A JavaScript library that does the same, in this process, once: it is slow. */
async function measureLibrary({ name, run }, x, figures) {
  const start = performance.now();
  const result = await run(x);
  const seconds = (performance.now() - start) / 1000;
  return { name, seconds, ...(figures ? await figures(x, result) : {}) };
}

/** The peer in a process of its own; what it says, or why it says nothing. */
async function measurePeer(name, { rows: count, columns, values }, rounds) {
  const file = join(folder, `${name}.f32`);
  await writeFile(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const python = process.env.PYTHON ?? 'python3';
  const args = [peerProgram, name, file, count, columns, rounds, threads].map(String);
  return new Promise((resolve) => {
    const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.on('error', (error) => resolve({ skipped: error.message }));
    child.on('close', (code) =>
      resolve(
        code === 0
          ? JSON.parse(stdout)
          : { skipped: stderr.trim().split('\n').at(-1) ?? `${code}` },
      ),
    );
  });
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function tableOf(results) {
  const describe = ({ seconds, kl, trustworthiness, recall, skipped }) =>
    skipped
      ? `none: ${skipped}`
      : [
          `${seconds.toFixed(2)} s`,
          kl === undefined ? '' : `KL ${kl.toFixed(3)}`,
          recall === undefined
            ? ''
            : `trust ${trustworthiness.toFixed(3)}, recall ${recall.toFixed(3)}`,
        ]
          .filter(Boolean)
          .join(', ');
  return results
    .map(({ title, ours, peer, library, ratio, skipped }) =>
      skipped
        ? `${title}: skipped, ${skipped}\n`
        : `${title}: ${describe(ours)}${peer ? `; ${peer.name ?? 'peer'} ${describe(peer)}` : ''}${ratio ? ` (${ratio.toFixed(2)}x)` : ''}${library ? `; ${library.name} ${describe(library)}` : ''}\n`,
    )
    .join('');
}
