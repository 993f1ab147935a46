import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('begins with an example that runs: it learns the embedded digits and saves a model, each time the same', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const script = fileURLToPath(new URL('../dist/readme-example.mjs', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'nn-core-readme-'));
  try {
    await writeFile(script, example!);
    const runs = ['first', 'second'].map(async (name) => {
      const cwd = join(folder, name);
      await mkdir(cwd);
      const { stdout } = await promisify(execFile)(process.execPath, [script], {
        cwd,
        env: { ...process.env, NN_LAB_DATA: '', FORCE_COLOR: undefined },
      });
      const [, accuracy] = /^9 .*accuracy: ([\d.]+)/m.exec(stdout)!;
      expect(Number(accuracy)).toBeGreaterThan(0.85);
      await access(join(cwd, 'digits-model', 'model.json'));
      return readFile(join(cwd, 'digits-model', 'weights.bin'));
    });
    const [first, second] = await Promise.all(runs);
    expect(first!.equals(second!)).toBe(true);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(script, { force: true });
  }
}, 60_000);
