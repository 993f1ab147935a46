import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-perceptron-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command without the course's digits, so that the embedded ones are used. */
function nnPerceptron(...args: string[]): Promise<Ended> {
  return nnPerceptronIn({}, ...args);
}

function nnPerceptronIn(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: undefined, NN_LAB_DATA: undefined, ...env },
      timeout: 55_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('nn-perceptron', () => {
  it('trains, saves, and measures the same when it evaluates what it saved', async () => {
    const out = join(folder, 'averaged');
    const trained = await nnPerceptron('train', '--json', `--out=${out}`);
    expect(trained.code).toBe(0);
    const document = JSON.parse(trained.stdout);
    expect(document).toMatchObject({ preset: 'averaged', dataset: 'digits16', epochs: 10 });
    expect(document.test.total).toBe(1000);
    expect(document.test.correct).toBeGreaterThan(860);

    const evaluated = JSON.parse(
      (await nnPerceptron('evaluate', '--json', `--model=${out}`)).stdout,
    );
    expect(evaluated.test).toEqual(document.test);

    const again = await nnPerceptron('train', `--out=${out}`);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/--overwrite/);

    await writeFile(join(out, 'model', 'model.json'), '{"format":"layers-model"}');
    const foreign = await nnPerceptron('evaluate', `--model=${out}`);
    expect(foreign.code).toBe(1);
    expect(foreign.stderr).toMatch(/model\.json: expected a model .*got the format "layers-model"/);

    const nowhere = join(folder, 'nowhere');
    const missing = await nnPerceptron('evaluate', `--model=${nowhere}`);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toBe(
      `nn-perceptron: ${nowhere}: there is no trained perceptron. Train one with \`npx @nn-lab/perceptron train\`, or give the path of one with --model.\n`,
    );
  }, 120_000);

  it('takes the embedded digits only where nobody asked for others, and says so', async () => {
    const lacking = join(folder, 'lacking');
    await mkdir(lacking);
    await writeFile(join(lacking, 'train_in.csv'), '1');
    const out = `--out=${join(folder, 'lacking-run')}`;
    for (const ended of [
      await nnPerceptron('train', out, `--data=${lacking}`),
      await nnPerceptronIn({ NN_LAB_DATA: lacking }, 'train', out),
      await nnPerceptronIn({ NN_LAB_DATA: lacking }, 'reproduce', out),
    ]) {
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toContain(`${lacking} has no train_out.csv`);
    }
    const others = join(folder, 'others');
    await mkdir(join(others, 'mnist'), { recursive: true });
    const fallback = await nnPerceptronIn({ NN_LAB_DATA: others }, 'train', out);
    expect(fallback.code).toBe(0);
    expect(fallback.stderr.split('\n')[0]).toBe(
      `NN_LAB_DATA names ${others}, which has no digits16. Taking digits16 (embedded, made of MNIST) instead.`,
    );
  }, 120_000);

  it('refuses a model that is no file', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [model, kind] of [
      [pipe, 'a pipe'],
      ['/dev/zero', 'a device'],
    ] as const) {
      const ended = await nnPerceptron('evaluate', `--model=${model}`);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain(`${model}, but it cannot be read: it is ${kind}.`);
    }
  }, 60_000);

  it('reproduces the course on the embedded digits: models, plots and a report', async () => {
    const out = join(folder, 'reproduce');
    const reproduced = await nnPerceptron('reproduce', '--json', `--out=${out}`);
    expect(reproduced.code).toBe(0);
    const document = JSON.parse(reproduced.stdout);
    for (const method of ['batch', 'online', 'averaged']) {
      expect(document[method].train.total).toBe(1707);
      expect(document[method].test.accuracy).toBeGreaterThan(0.8);
      expect(document[method].history).toHaveLength(document[method].epochs + 1);
      expect(document[method].test.confusion).toHaveLength(10);
    }
    expect(document.course.batch.testCorrect).toBe(881);
    expect((await readdir(join(out, 'model'))).sort()).toEqual([
      'averaged.json',
      'batch.json',
      'online.json',
    ]);
    const plots = await readdir(join(out, 'plots'));
    expect(plots.filter((name) => name.endsWith('.png'))).toHaveLength(11);
    const report = await readFile(join(out, 'report.html'), 'utf8');
    for (const figure of ['88.10', '87.20', '98.59', '80.40', '91.40']) {
      expect(report).toContain(figure);
    }
  }, 120_000);
});
