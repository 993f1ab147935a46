import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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

const trainable = `
tf.enableProdMode();
const model = tf.sequential({
  layers: [
    tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [9, 9, 1] }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 3, activation: 'softmax' }),
  ],
});
model.compile({ optimizer: 'rmsprop', loss: 'categoricalCrossentropy' });
const inputs = tf.ones([8, 9, 9, 1]);
const targets = tf.oneHot(tf.range(0, 8, 1, 'int32').mod(tf.scalar(3, 'int32')), 3);
`;

it('has examples that run as they are printed: the first trains on all cores, the last lists kernels', async () => {
  const [trained, , profiled] = await printed(`
import { availableParallelism } from 'node:os';${trainable}
await model.fit(inputs, targets, { epochs: 2, verbose: 0 });
console.log(tf.getBackend(), tf.backend().threads === availableParallelism());`);
  expect(trained).toBe('simd true\n');
  const lines = profiled!.slice(0, -1).split('\n');
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(line).toMatch(/^ *\d+\.\d\d ms \w+ $/);
  expect(profiled).toMatch(/ Conv2D/);
  expect(profiled).toMatch(/ ApplyRMSProp/);
}, 120_000);

it('has headers that isolate a page in its example for Vite', async () => {
  const readme = await readFile(at('../README.md'), 'utf8');
  const [, vite] = /```js\n(\/\/ vite[\s\S]*?)```/.exec(readme)!;
  const address = `data:text/javascript,${encodeURIComponent(vite!)}`;
  const { server, preview } = (await import(address)).default;
  expect(server.headers).toEqual({
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  });
  expect(preview.headers).toEqual(server.headers);
});
