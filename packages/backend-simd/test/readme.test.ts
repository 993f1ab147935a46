import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** The examples in JavaScript, in their order. */
async function examples(): Promise<string[]> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  return [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code!);
}

/** What a program prints that lies in the built package, and so finds it by its name. */
async function run(name: string, code: string): Promise<string> {
  const script = fileURLToPath(new URL(`../dist/readme-${name}.mjs`, import.meta.url));
  try {
    await writeFile(script, code);
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      env: { ...process.env, FORCE_COLOR: undefined },
    });
    return stdout;
  } finally {
    await rm(script, { force: true });
  }
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

it('begins with an example that runs, on all cores', async () => {
  const [node] = await examples();
  expect(node!.trim().split('\n')).toHaveLength(3);
  const printed = await run(
    'start',
    `import { availableParallelism } from 'node:os';
${node}
${trainable}
await model.fit(inputs, targets, { epochs: 2, verbose: 0 });
console.log(tf.getBackend(), tf.backend().threads === availableParallelism());`,
  );
  expect(printed).toBe('simd true\n');
}, 120_000);

it('has an example that lists the kernels of a training step, none in plain JavaScript', async () => {
  const [node, , profile] = await examples();
  const printed = await run(
    'profile',
    `${node}
${profile!.replace(/^import.*\n/, '')}`.replace(
      'await useSimdBackend();',
      `await useSimdBackend();
import { kernelsInFallback } from '@nn-lab/backend-simd';
${trainable}`,
    ),
  );
  const lines = printed.slice(0, -1).split('\n');
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(line).toMatch(/^ *\d+\.\d\d ms \w+ $/);
  expect(printed).toMatch(/ Conv2D/);
  expect(printed).toMatch(/ ApplyRMSProp/);
}, 120_000);

it('has headers that isolate a page in its example for Vite', async () => {
  const [, vite] = await examples();
  const address = `data:text/javascript,${encodeURIComponent(vite!)}`;
  const { server, preview } = (await import(address)).default;
  expect(server.headers).toEqual({
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  });
  expect(preview.headers).toEqual(server.headers);
});
