import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

it('begins with an example that runs: it classifies the digits that come along', async () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const script = fileURLToPath(new URL('../dist/readme-example.mjs', import.meta.url));
  const count = 'console.log(predicted.filter((label, i) => label === test.labels[i]).length);';
  try {
    await writeFile(script, `${example}\n${count}`);
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      env: { ...process.env, FORCE_COLOR: undefined, NN_LAB_DATA: undefined },
    });
    expect(Number(stdout.trim().split('\n').at(-1))).toBeGreaterThan(850);
  } finally {
    await rm(script, { force: true });
  }
}, 120_000);

it('shows the figures of the committed reproduction', async () => {
  const metrics = JSON.parse(
    await readFile(new URL('../reproduce.metrics.json', import.meta.url), 'utf8'),
  );
  const { nearestMean, knn, best, maps } = metrics;
  for (const { correct, total } of [nearestMean.test, knn.test, best.test, knn.train]) {
    expect(readme).toContain(`${correct} (${((100 * correct) / total).toFixed(2)} %)`);
  }
  expect(readme).toContain(best.name);
  for (const { trustworthiness, continuity, recall } of Object.values(maps) as Record<
    string,
    number
  >[]) {
    const row = [trustworthiness!, continuity!, recall!].map((value) => value.toFixed(3).slice(1));
    expect(readme).toContain(`| ${row.join(' | ')} |`);
  }
});
