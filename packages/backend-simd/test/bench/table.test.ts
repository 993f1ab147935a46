import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { rows, workOfStep } from '../../bench/rows.mjs';
import {
  alignTable,
  formatRate,
  formatRatio,
  markdownTable,
  median,
  memoryLine,
  speedSection,
  tableCells,
} from '../../bench/table.mjs';

const absent = { tfjsWasm: null, tfjsCpu: null, tfjsNode: null, jaxJs: null };
const clock = {
  row: 'clock-cnn',
  unit: 'images/s',
  simd1: 140,
  simdN: 245,
  threads: 2,
  ...absent,
  torch: 98,
};

describe('the median', () => {
  it('is the middle of an odd count, whatever the order, and spares its argument', () => {
    const times = [30, 1, 2];
    expect(median(times)).toBe(2);
    expect(times).toEqual([30, 1, 2]);
  });

  it('is the mean of the two in the middle of an even count', () => {
    expect(median([10, 1, 2, 4])).toBe(3);
  });

  it('orders numbers as numbers', () => {
    expect(median([100, 9, 20])).toBe(20);
  });
});

describe('figures', () => {
  it('have three significant digits, two below ten, and whole numbers from a hundred on', () => {
    expect([29_492.7, 139.6, 99.94, 45.67, 9.96, 0.123].map(formatRate)).toEqual([
      '29,493',
      '140',
      '99.9',
      '45.7',
      '10',
      '0.12',
    ]);
  });

  it('are a dash where nothing was measured, as is a ratio with one of them', () => {
    expect(formatRate(null)).toBe('–');
    expect(formatRatio(1, null)).toBe('–');
    expect(formatRatio(null, 1)).toBe('–');
  });
});

describe('the table', () => {
  it('has a row of ours, its gain by threads and its ratio to torch', () => {
    expect(tableCells([clock])).toEqual([
      ['', 'unit', 'simd, 1 thread', 'simd, 2 threads', 'gain', 'torch', 'simd / torch'],
      ['clock-cnn', 'images/s', '140', '245', '1.75x', '98.0', '2.50x'],
    ]);
  });

  it('shows a peer that any row has, with dashes in the others', () => {
    const [head, first, second] = tableCells([clock, { ...clock, row: 'mlp', jaxJs: 7 }]);
    expect(head).toContain('jax-js');
    expect(first[head.indexOf('jax-js')]).toBe('–');
    expect(second[head.indexOf('jax-js')]).toBe('7.0');
  });

  it('compares one thread with torch where more were not measured', () => {
    expect(tableCells([{ ...clock, simdN: null }])[1].at(-1)).toBe('1.43x');
  });

  it('is aligned by columns on the terminal', () => {
    const lines = alignTable(tableCells([clock, { ...clock, row: 'mlp', simd1: 20_000 }])).split(
      '\n',
    );
    const ends = lines.map((line: string) => line.length);
    expect(new Set(ends).size).toBe(1);
  });

  it('is a table in Markdown with figures to the right', () => {
    expect(
      markdownTable([
        ['', 'unit', 'simd'],
        ['mlp', 'images/s', '1'],
      ]),
    ).toBe('|  | unit | simd |\n| --- | --- | --: |\n| mlp | images/s | 1 |');
  });
});

describe('the memory line', () => {
  it('names what was measured and nothing else', () => {
    expect(memoryLine({ peakMiB: { simd1: 412.3, simdN: null, torch: 824.8 } })).toMatch(
      /simd, 1 thread 412 MiB, torch 825 MiB\.$/,
    );
    expect(memoryLine({ peakMiB: { simd1: null, simdN: null, torch: null } })).toBe('');
  });
});

describe('the section of the README', () => {
  const device = {
    cpu: 'Some CPU',
    cores: 2,
    node: 'v20.20.2',
    simd: 'relaxed',
    versions: { torch: '1.13.1', tfjsCpu: '4.22.0', tfjsWasm: null, tfjsNode: null, jaxJs: null },
    peakMiB: { simd1: 400, simdN: 410, torch: 800 },
    torchWaiting: {
      spinning: { rate: 22_000, meanRate: 5_900 },
      sleeping: { rate: 29_000, meanRate: 28_000 },
      oneThread: { rate: 36_000, meanRate: 35_000 },
    },
  };

  it('says on what it was measured, and gives the table with whole titles', () => {
    const text = speedSection({ device, rows: [clock] });
    expect(text).toContain(
      'Some CPU, 2 cores, Node 20.20.2, relaxed SIMD, tfjs 4.22.0, PyTorch 1.13.1',
    );
    expect(text).toContain(
      '| course clock CNN, 150x150x1, batch 100, RMSprop | images/s | 140 | 245 |',
    );
    expect(text).not.toContain('undefined');
  });

  it('says how PyTorch waited, where that was measured', () => {
    expect(speedSection({ device, rows: [clock] })).toContain('spinning 22,000 (5,900)');
    const without = speedSection({ device: { ...device, torchWaiting: null }, rows: [clock] });
    expect(without).not.toContain('spinning');
  });
});

describe('the rows', () => {
  it('count images by the batch, and two operations for each product of a matrix product', () => {
    expect(workOfStep(rows.find(({ row }) => row === 'mlp')!, 32)).toBe(32);
    expect(workOfStep(rows.find(({ row }) => row === 'gemm-tt')!, 1)).toBeCloseTo(2.147483648, 12);
  });
});

describe('the README', async () => {
  const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
  const metrics = JSON.parse(await read('bench.metrics.json'));

  it('shows the committed figures', async () => {
    const [, section] = /<!-- speed -->\n([\s\S]*)<!-- \/speed -->/.exec(await read('README.md'))!;
    expect(section).toBe(speedSection(metrics));
  });
});
