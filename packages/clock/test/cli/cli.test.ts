import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-clock-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command; `killWhen` sends SIGKILL as soon as stderr matches. */
function nnClock(args: readonly string[], killWhen?: RegExp): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: undefined },
      timeout: 110_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
      if (killWhen?.test(stderr)) child.kill('SIGKILL');
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const smoke = (out: string, ...more: string[]) => [
  'train',
  '--preset=smoke',
  '--epochs=4',
  '--backend=simd',
  `--out=${join(folder, out)}`,
  ...more,
];
const weightsOf = (run: string) => readFile(join(folder, run, 'model', 'weights.bin'));

describe('nn-clock', () => {
  it('trains, and resumes after a kill to the same bytes', async () => {
    const whole = await nnClock(smoke('whole', '--json'));
    expect(whole.stderr).toMatch(/Epoch 4 of 4/);
    expect(whole.code).toBe(0);
    const document = JSON.parse(whole.stdout);
    expect(document).toMatchObject({ preset: 'smoke', seed: 42, backend: 'simd' });
    expect(document.test.pictures).toBe(32);

    const killed = await nnClock(smoke('killed'), /Epoch 2 of 4/);
    expect(killed.code).toBe(null);
    const resumed = await nnClock(smoke('killed', '--resume'));
    expect(resumed.code).toBe(0);
    expect(await weightsOf('killed')).toEqual(await weightsOf('whole'));
    const history = await readFile(join(folder, 'killed', 'history.jsonl'), 'utf8');
    expect(history.trim().split('\n')).toHaveLength(4);

    const report = await readFile(join(folder, 'whole', 'report.html'), 'utf8');
    expect(report).toContain('11.71');

    const again = await nnClock(smoke('whole'));
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/holds a finished run already.*--overwrite/);
  }, 180_000);

  it('draws clocks and reads them back', async () => {
    const out = join(folder, 'clocks');
    expect((await nnClock(['render', '--time=10:08', '--count=2', `--out=${out}`])).code).toBe(0);
    const read = await nnClock(['read', join(out, '0.png'), join(out, '1.png'), '--json']);
    expect(read.code).toBe(0);
    const { readings } = JSON.parse(read.stdout);
    expect(readings.map(({ text }: { text: string }) => text)).toEqual(['10:08', '10:08']);
    const table = await readFile(join(out, 'labels.csv'), 'utf8');
    expect(table).toBe('file,hour,minute\n0.png,10,8\n1.png,10,8\n');
    const evaluated = await nnClock(['evaluate', `--pictures=${out}`, '--json']);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ pictures: 2, meanAbsoluteError: 0 });
  }, 60_000);

  it('says in one line what is wrong', async () => {
    const notAPicture = join(folder, 'not.png');
    await writeFile(notAPicture, 'hello');
    const cases: [string[], number, RegExp][] = [
      [['read', notAPicture], 1, /not\.png.*PNG, JPEG/],
      [['read', join(folder, 'absent.png')], 2, /there is no file at .*absent\.png/],
      [['read', notAPicture, `--model=${folder}`], 1, /./],
      [['train', '--preset=quik'], 2, /quik/],
      [['train', '--presett=quick'], 2, /--preset/],
      [['train', '--seed=-1'], 2, /--seed/],
      [['render', '--time=25:00'], 2, /--time expects a time/],
    ];
    for (const [args, code, message] of cases) {
      const ended = await nnClock(args);
      expect({ args, code: ended.code }).toEqual({ args, code });
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr).not.toMatch(/^\s+at /m);
      expect(ended.stdout).toBe('');
    }
  }, 60_000);

  it('refuses a model that is damaged', async () => {
    const model = join(folder, 'damaged');
    const { mkdir } = await import('node:fs/promises');
    await mkdir(model);
    await writeFile(join(model, 'model.json'), '{"modelTopology": ');
    const ended = await nnClock(['evaluate', `--model=${model}`, '--count=1']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/model\.json/);
  }, 30_000);
});
