import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodePng } from '@nn-lab/core/datasets';
import { expect, it } from 'vitest';
import { renderClock } from '../src/renderer/index.js';

it('begins with an example that runs: it reads the time from a picture', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const script = fileURLToPath(new URL('../dist/readme-example.mjs', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'nn-clock-readme-'));
  try {
    await writeFile(script, `${example}\nconsole.log(text, probability);`);
    await writeFile(
      join(folder, 'clock.png'),
      encodePng(renderClock({ hour: 10, minute: 8 }, {}, { size: 300 })),
    );
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      cwd: folder,
      env: { ...process.env, FORCE_COLOR: undefined },
    });
    expect(stdout).toMatch(/^10:08 0\.\d+/);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(script, { force: true });
  }
}, 60_000);
