import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findModelFile } from '../../src/node/find-model-file.js';

let base: string;
const put = async (...parts: string[]) => {
  const path = join(base, ...parts);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, '{}');
  return path;
};
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'find-model-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

test('finds a file, the model of a run, and that of a model folder', async () => {
  const file = await put('some.json');
  expect(await findModelFile(file)).toBe(file);
  const inRun = await put('run', 'model', 'model.json');
  expect(await findModelFile(join(base, 'run'))).toBe(inRun);
  expect(await findModelFile(join(base, 'run', 'model'))).toBe(inRun);
  const named = await put('run', 'model', 'classifier.json');
  expect(await findModelFile(join(base, 'run'), 'classifier.json')).toBe(named);
});

test('names the file that a folder without one lacks, and nothing where nothing is', async () => {
  expect(await findModelFile(base)).toBe(join(base, 'model.json'));
  expect(await findModelFile(join(base, 'nowhere'))).toBeUndefined();
});
