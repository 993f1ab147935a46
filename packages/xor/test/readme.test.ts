import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-lab-readme-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What the README's examples print in an empty folder, with code appended to look into them. */
async function printed(...appended: string[]): Promise<string[]> {
  const program = [at('../../../tools/run-readme.mjs'), at('..'), ...appended];
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: folder });
  return JSON.parse(stdout);
}

it('has examples that run as they are printed, and come to the counts that they say', async () => {
  const [xor, parity] = await printed(
    'console.log(evaluations, answer.toFixed(2));',
    'console.log(weights.length);',
  );
  expect(xor).toBe('7899 0.50\n');
  expect(parity).toBe('31\n');
}, 60_000);
