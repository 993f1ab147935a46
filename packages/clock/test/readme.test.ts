import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodePng } from '@nn-lab/core/datasets';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderClock } from '../src/renderer/index.js';

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

it('has examples that run as they are printed: one reads a picture, one trains without a choice of backend', async () => {
  const picture = encodePng(renderClock({ hour: 10, minute: 8 }, {}, { size: 300 }));
  await writeFile(join(folder, 'clock.png'), picture);
  const [read, trained] = await printed(
    'console.log(text, probability);',
    'console.log(summary.count, picture.width);',
  );
  expect(read).toMatch(/^10:08 0\.\d+/);
  expect(trained).toBe('200 150\n');
}, 120_000);
