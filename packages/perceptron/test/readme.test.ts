import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('begins with an example that runs, and tells digits apart', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const script = fileURLToPath(new URL('../dist/readme-example.mjs', import.meta.url));
  try {
    await writeFile(script, `${example}\nconsole.log(JSON.stringify(correct > 860));`);
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      env: { ...process.env, FORCE_COLOR: undefined },
    });
    expect(stdout).toBe('true\n');
  } finally {
    await rm(script, { force: true });
  }
}, 30_000);
