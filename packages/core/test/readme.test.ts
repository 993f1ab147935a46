import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('begins with an example that runs: it learns the embedded digits and saves a model', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const script = fileURLToPath(new URL('../dist/readme-example.mjs', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'nn-core-readme-'));
  try {
    await writeFile(script, example!);
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      cwd: folder,
      env: { ...process.env, NN_LAB_DATA: '', FORCE_COLOR: undefined },
    });
    const [, accuracy] = /^9 .*accuracy: ([\d.]+)/m.exec(stdout)!;
    expect(Number(accuracy)).toBeGreaterThan(0.85);
    await access(join(folder, 'digits-model', 'model.json'));
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(script, { force: true });
  }
}, 60_000);
