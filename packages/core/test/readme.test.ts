import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
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

it('has examples that run as they are printed: one learns the embedded digits, one is a GAN', async () => {
  const [learnt, gan] = await printed();
  const [, accuracy] = /^9 .*accuracy: ([\d.]+)/m.exec(learnt!)!;
  expect(Number(accuracy)).toBeGreaterThan(0.85);
  await access(join(folder, 'digits-model', 'model.json'));
  expect(gan).toMatch(/^1 \{\s*generatorLoss: [\d.]+,\s*discriminatorLoss: [\d.]+\s*\}/m);
}, 60_000);
