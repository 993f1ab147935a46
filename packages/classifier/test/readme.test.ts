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

const readme = await readFile(at('../README.md'), 'utf8');

it('has examples that run as they are printed: one classifies the digits that come along, one maps rows', async () => {
  const [classified, mapped] = await printed(
    'console.log(predicted.filter((label, i) => label === test.labels[i]).length);',
    "console.log(tsne.map.rows, (await loadFitted('pca.json', [Pca])).components.rows);",
  );
  expect(Number(classified)).toBeGreaterThan(850);
  expect(mapped).toBe('400 50\n');
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
