// Speed of training and of matrix products beside the other engines, on the same machine in the same
// run. Every measurement has a process of its own; a figure is the best of the rounds: what else
// the machine does only slows.
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { findPeers, measure, measureTorchWaiting } from './peers.mjs';
import { metricsPath, updateReadme } from './readme.mjs';
import { rows as allRows } from './rows.mjs';
import { alignTable, formatRate, memoryLine, tableCells } from './table.mjs';

const columns = ['simd1', 'simdN', 'torch', 'tfjsWasm', 'tfjsCpu', 'tfjsNode', 'jaxJs'];
const usage = `node bench/bench.mjs [ROW ...] [options]

  ROW          ${allRows.map(({ row }) => row).join(', ')}; default: all
  --threads N  threads of simdN and of torch; default: the cores that there are
  --plain      without relaxed SIMD
  --quick      one short round in place of three
  --only LIST  columns, by comma: ${columns.join(', ')}
  --json       print { device, rows } as JSON (progress goes to stderr as ever)
  --write      write bench.metrics.json, and its table into README.md`;

const { flags, rows, wanted, threads } = readArguments();
const rounds = flags.quick ? 1 : 3;
const seconds = flags.quick ? 1 : 3;
const [load] = loadavg();
if (load > 0.3)
  progress(`The machine is busy (load ${load.toFixed(1)}): do not trust the figures.`);

const peers = await findPeers();
const plan = planOf(rounds);
const results = new Map();
const begin = performance.now();
for (const [index, { row, column }] of plan.entries()) {
  const key = `${row.row} ${column}`;
  const elapsed = (performance.now() - begin) / 60_000;
  const left =
    index === 0 ? '' : `, ${((elapsed / index) * (plan.length - index)).toFixed(0)} min left`;
  const position = `[${index + 1}/${plan.length}${left}] ${key}`;
  try {
    const result = await measure(column, row.row, { threads, plain: flags.plain, seconds });
    results.set(key, [...(results.get(key) ?? []), result]);
    progress(`${position}: ${formatRate(result.rate)} ${row.unit}`);
  } catch (error) {
    progress(`${position}: none, ${error.message}`);
  }
}

const hasTorchMlp = results.has('mlp torch');
const metrics = {
  device: {
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    node: process.version,
    simd: [...results.values()].flat().find(({ simd }) => simd)?.simd ?? null,
    versions: peers,
    peakMiB: Object.fromEntries(
      ['simd1', 'simdN', 'torch'].map((column) => [
        column,
        highest('clock-cnn', column, 'peakMiB'),
      ]),
    ),
    torchWaiting: hasTorchMlp ? await measureTorchWaiting(threads, seconds) : null,
  },
  rows: rows.map(({ row, unit }) => ({
    row,
    unit,
    simd1: highest(row, 'simd1'),
    simdN: highest(row, 'simdN'),
    threads,
    tfjsWasm: highest(row, 'tfjsWasm'),
    tfjsCpu: highest(row, 'tfjsCpu'),
    tfjsNode: highest(row, 'tfjsNode'),
    jaxJs: highest(row, 'jaxJs'),
    torch: highest(row, 'torch'),
  })),
};
const json = `${JSON.stringify(metrics, null, 2)}\n`;
if (flags.write) {
  await writeFile(metricsPath, json);
  await updateReadme(metrics);
}
if (flags.json) process.stdout.write(json);
else console.log(`\n${alignTable(tableCells(metrics.rows))}\n\n${memoryLine(metrics.device)}`);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        threads: { type: 'string', default: String(availableParallelism()) },
        plain: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', default: columns.join() },
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const names = positionals.length > 0 ? positionals : allRows.map(({ row }) => row);
    const only = values.only.split(',');
    const threads = Number(values.threads);
    for (const name of names) if (!allRows.some(({ row }) => row === name)) unknown('row', name);
    for (const name of only) if (!columns.includes(name)) unknown('column', name);
    if (!Number.isInteger(threads) || threads < 1) unknown('number of threads', values.threads);
    if (
      values.write &&
      (positionals.length > 0 || values.quick || values.only !== columns.join())
    ) {
      throw new Error('--write wants whole runs: no rows, no --quick, no --only.');
    }
    return {
      flags: values,
      rows: allRows.filter(({ row }) => names.includes(row)),
      wanted: columns.filter((column) => only.includes(column)),
      threads,
    };
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

function unknown(what, name) {
  throw new Error(`Unknown ${what}: ${name}.`);
}

/** Round by round, and in a round row by row: what is compared is measured minutes apart at most. */
function planOf(rounds) {
  const present = wanted.filter((column) => peers[column] !== null);
  return Array.from({ length: rounds }, (_, round) =>
    rows.flatMap((row) =>
      present
        .filter((column) => round === 0 || ['simd1', 'simdN', 'torch'].includes(column))
        .map((column) => ({ row, column })),
    ),
  ).flat();
}

function highest(row, column, field = 'rate') {
  const measured = results.get(`${row} ${column}`);
  return measured ? Math.max(...measured.map((result) => result[field])) : null;
}

function progress(line) {
  process.stderr.write(`${line}\n`);
}
