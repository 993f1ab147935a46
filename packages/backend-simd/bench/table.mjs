// The figures of the bench as text: for the terminal and for the README.
import { rows as allRows, smallBatches } from './rows.mjs';

/** The middle of some numbers; of an even count the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three significant digits and no more after the point than they ask for; a dash where none is. */
export function formatRate(rate) {
  if (rate === null) return '–';
  if (rate >= 100) return Math.round(rate).toLocaleString('en-US');
  return rate >= 10 ? rate.toFixed(1) : rate.toPrecision(2);
}

/** How often `rate` goes into `other`, or a dash where one is missing. */
export function formatRatio(rate, other) {
  return rate === null || other === null ? '–' : `${(rate / other).toFixed(2)}x`;
}

const peers = [
  ['tfjsWasm', 'tfjs wasm'],
  ['tfjsCpu', 'tfjs cpu'],
  ['tfjsNode', 'tfjs-node'],
  ['jaxJs', 'jax-js'],
  ['torch', 'torch'],
];

/** The table as cells, its head first, without the peers that no row has. `nameOf` names a row. */
export function tableCells(rows, nameOf = (row) => row) {
  const [{ threads }] = rows;
  const present = peers.filter(([peer]) => rows.some((row) => row[peer] !== null));
  const head = ['', 'unit', 'simd, 1 thread', `simd, ${threads} threads`, 'gain'];
  return [
    [...head, ...present.map(([, name]) => name), 'simd / torch'],
    ...rows.map((row) => [
      nameOf(row.row),
      row.unit,
      formatRate(row.simd1),
      formatRate(row.simdN),
      formatRatio(row.simdN, row.simd1),
      ...present.map(([peer]) => formatRate(row[peer])),
      formatRatio(row.simdN ?? row.simd1, row.torch),
    ]),
  ];
}

/** Cells in columns of equal width: words to the left, figures to the right. */
export function alignTable(cells) {
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const pad = (text, column) =>
    column < 2 ? text.padEnd(widths[column]) : text.padStart(widths[column]);
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Cells as a table in Markdown. */
export function markdownTable([head, ...body]) {
  const rule = head.map((_, column) => (column < 2 ? '---' : '--:'));
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Peak memory of the clock's training step, ours beside PyTorch's. */
export function memoryLine({ peakMiB: { simd1, simdN, torch } }) {
  const parts = [
    ['simd, 1 thread', simd1],
    ['simd, all threads', simdN],
    ['torch', torch],
  ].filter(([, peak]) => peak !== null);
  if (parts.length === 0) return '';
  const listed = parts.map(([name, peak]) => `${name} ${formatRate(peak)} MiB`).join(', ');
  return `Peak memory of the process in the clock-cnn row: ${listed}.`;
}

/** What stands under "Speed" in the README: how it was measured, the table, the memory. */
export function speedSection({ device, rows }) {
  const { versions } = device;
  const torch = versions.torch ? `, PyTorch ${versions.torch} on as many threads` : '';
  const jax = versions.jaxJs ? `, jax-js ${versions.jaxJs}` : '';
  const small = `tfjs wasm ${smallBatches.tfjsWasm}, jax-js ${smallBatches.jaxJs}, tfjs cpu ${smallBatches.tfjsCpu}`;
  return `
${device.cpu}, ${device.cores} cores, Node ${device.node.slice(1)}, ${device.simd} SIMD, tfjs ${versions.tfjsCpu}${torch}${jax}. Whole training
steps, in images a second; matrix products in GFLOP/s. Each figure is the median step of a process of
its own, ours and torch's the best of three such processes (what else a machine does only slows), all
in one run.

${markdownTable(tableCells(rows, titleOf))}

${memoryLine(device)}
${waitingText(device)}
Stock tfjs wasm has no gradient of a convolution's filter: for this table the bench puts one together
from its slices and products. The slow peers get small batches of pictures (${small}), the MLP its whole batch.
Stock wasm and jax-js run on one thread in Node. A dash: not installed, or not written for it.
`;
}

function waitingText({ torchWaiting }) {
  if (!torchWaiting) return '';
  const { spinning, sleeping, oneThread } = torchWaiting;
  const rates = ({ rate, meanRate }) => `${formatRate(rate)} (${formatRate(meanRate)})`;
  return `
PyTorch's threads spin while they wait unless told otherwise, and in steps as short as the MLP's they
then get into each other's way. The table has the sleeping ones (\`OMP_WAIT_POLICY=PASSIVE\`). Images a
second of PyTorch's MLP by the median step, and in brackets by the mean: spinning ${rates(spinning)},
sleeping ${rates(sleeping)}, on one thread ${rates(oneThread)}.
`;
}

const titleOf = (row) => allRows.find((entry) => entry.row === row).title;
