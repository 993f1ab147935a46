import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-xor-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const nnXor = (...args: string[]) =>
  promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, FORCE_COLOR: undefined },
    maxBuffer: 2 ** 24,
  });

describe('nn-xor reproduce', () => {
  it("prints the course's counts as one JSON document and leaves plots and a report", async () => {
    const out = join(folder, 'run');
    const args = ['reproduce', '--json', '--count=20', '--max-evaluations=500', `--out=${out}`];
    const { stdout } = await nnXor(...args);
    const document = JSON.parse(stdout);
    expect(document.runs.map((run: { evaluations: number }) => run.evaluations)).toEqual([
      7899, 3950, 2963, 5273,
    ]);
    expect(document.runs[0]).toMatchObject({ learningRate: 0.3, init: 'normal' });
    expect(document.runs[0].weights).toHaveLength(9);
    expect(document.runs[0].outputs).toHaveLength(4);
    expect(document.lazy).toHaveLength(8);
    expect(document.success).toHaveLength(12);

    const plots = await readdir(join(out, 'plots'));
    expect(plots.filter((name) => name.endsWith('.png'))).toHaveLength(8);
    const report = await readFile(join(out, 'report.html'), 'utf8');
    expect(report).toContain('7,899');
    expect(report).toContain('131,891');
    expect(JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8')).lazy).toEqual(
      document.lazy,
    );

    await expect(nnXor(...args)).rejects.toThrow('holds a finished run already. Add --overwrite');
    const again = JSON.parse((await nnXor(...args, '--overwrite')).stdout);
    expect(again.success).toEqual(document.success);
  }, 180_000);
});
