import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createProgress } from '../../src/cli/progress.js';
import { Terminal } from '../../src/cli/terminal.js';

function fakeTerminal(columns: number | undefined, env: Record<string, string> = {}) {
  const written: string[] = [];
  const stream = {
    isTTY: true,
    ...(columns !== undefined && { columns }),
    write(text: string) {
      written.push(text);
      return true;
    },
  };
  return { terminal: new Terminal(stream, env), written };
}

const esc = String.fromCharCode(27);
const controls = new RegExp(`(\\r|\\n|${esc}\\[[?\\d;]*[A-Za-z]|${esc}[78])`);

/** The rows that a terminal shows after all that was written, as far as the bar's escapes go. */
function screen(written: readonly string[]): string[] {
  const rows = [''];
  let column = 0;
  for (const part of written.join('').split(controls)) {
    const row = rows.at(-1)!;
    const code = part.startsWith(`${esc}[`) ? part.slice(2) : part;
    if (part === '\n') rows.push('');
    if (part === '\n' || part === '\r') column = 0;
    else if (code === '1G') column = 0;
    else if (code === 'K' || code === '0K') rows[rows.length - 1] = row.slice(0, column);
    else if (code === '2K') rows[rows.length - 1] = '';
    else if (!part.startsWith(esc)) {
      rows[rows.length - 1] =
        row.slice(0, column).padEnd(column) + part + row.slice(column + part.length);
      column += part.length;
    }
  }
  return rows;
}

describe('on a terminal', () => {
  test('a bar shows share, count, rate, time left and the note, and stays as a line', async () => {
    const { terminal, written } = fakeTerminal(100);
    const progress = createProgress(terminal, 'Training', 40, { unit: 'image' });
    for (let step = 1; step <= 20; step++) {
      await wait(30);
      progress.update(step, `loss ${step}`);
    }
    await wait(150);
    expect(screen(written).at(-1)).toMatch(
      /^Training █{15}░{15} {2}50 % {2}20\/40 images {2}\d+(\.\d)?\/s {2}\S+ m?s left {2}loss 20$/,
    );
    progress.update(40);
    progress.stop();
    progress.stop();
    progress.update(3);
    const rows = screen(written);
    expect(rows.at(-1)).toBe('');
    expect(rows.at(-2)).toMatch(/^Training █{30} 100 % {2}40\/40 images .* in .*s {2}loss 20$/);
  });

  test('a line printed meanwhile stands above the bar', async () => {
    const { terminal, written } = fakeTerminal(80);
    const progress = createProgress(terminal, 'Training', 10);
    progress.update(5);
    terminal.line('epoch 1: loss 0.5');
    await wait(10);
    const rows = screen(written);
    expect(rows.at(-2)).toBe('epoch 1: loss 0.5');
    expect(rows.at(-1)).toMatch(/^Training █+░+ {2}50 % {2}5\/10$/);
    progress.stop();
  });

  test.each([20, 40, 80])('fits %d columns', async (columns) => {
    const { terminal, written } = fakeTerminal(columns);
    const progress = createProgress(terminal, 'Training', 48_000, { unit: 'image' });
    progress.update(12_000, 'loss 0.1234  accuracy 0.9876');
    await wait(150);
    for (const row of screen(written)) expect(row.length).toBeLessThan(columns);
    progress.stop();
  });

  test('a terminal that says it has no columns is taken for 80', () => {
    expect(fakeTerminal(0).terminal.columns).toBe(80);
    expect(fakeTerminal(undefined, { COLUMNS: '72' }).terminal.columns).toBe(72);
  });

  test('a resumed count leaves what was done before out of the rate', async () => {
    const { terminal, written } = fakeTerminal(100);
    const progress = createProgress(terminal, 'Training', 1_000_000, { start: 999_000 });
    await wait(300);
    progress.update(999_001);
    await wait(150);
    progress.stop();
    const rate = Number(/([\d.]+)\/s/.exec(screen(written).join('\n'))?.[1]);
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(10);
  });
});

test('a build machine and a dumb terminal get plain lines', () => {
  for (const [name, value] of [
    ['CI', 'true'],
    ['TERM', 'dumb'],
  ] as const) {
    const { terminal, written } = fakeTerminal(80, { [name]: value });
    const progress = createProgress(terminal, 'Reading', 2, { lineInterval: 0 });
    progress.advance();
    progress.advance();
    progress.stop();
    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(/^Reading 50 % {2}1\/2/);
    expect(written[1]).toMatch(/^Reading 100 % {2}2\/2 {2}in \d+ ms\n$/);
  }
});

test('a quiet terminal shows nothing', () => {
  const { terminal, written } = fakeTerminal(80);
  terminal.quiet = true;
  const progress = createProgress(terminal, 'Training', 3);
  progress.update(2);
  progress.stop();
  expect(written).toEqual([]);
});
