import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Runs the built command; `killWhen` sends a signal, SIGKILL unless told, as soon as stderr matches. */
function nnClock(
  args: readonly string[],
  killWhen?: RegExp,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: undefined },
      timeout: 110_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    let sent = false;
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
      if (!sent && killWhen?.test(stderr)) sent = child.kill(signal);
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

  it('ends the same after a kill or a stop when the model is saved already', async () => {
    expect((await nnClock(smoke('late'), /Testing 100/)).code).toBe(null);
    const model = join(folder, 'late', 'model');
    expect((await readdir(model)).sort()).toEqual(['model.json', 'weights.bin']);
    const weights = await weightsOf('late');
    const runOf = async () => ({
      model: (await readdir(model)).sort(),
      isFinished: (await readdir(join(folder, 'late'))).includes('metrics.json'),
    });

    const stopped = await nnClock(smoke('late', '--resume'), /Resuming from/, 'SIGTERM');
    const { isFinished } = await runOf();
    expect(stopped.code).toBe(isFinished ? 0 : 143);
    expect(stopped.stderr).toContain(isFinished ? 'Done before it could be stopped' : '--resume');

    expect((await nnClock(smoke('late', '--resume'))).code).toBe(0);
    expect(await runOf()).toEqual({ model: ['model.json', 'weights.bin'], isFinished: true });
    expect(await weightsOf('late')).toEqual(weights);
  }, 180_000);

  it('never leaves old labels beside new pictures', async () => {
    const out = join(folder, 'replaced');
    const render = (...args: string[]) => ['render', `--out=${out}`, ...args];
    expect((await nnClock(render('--count=3', '--seed=1'))).code).toBe(0);
    const labels = await readFile(join(out, 'labels.csv'), 'utf8');

    const refused = await nnClock(render('--count=3', '--seed=2'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/replaced holds a run already\. Add --overwrite to replace it/);
    expect(await readFile(join(out, 'labels.csv'), 'utf8')).toBe(labels);

    await writeFile(join(out, 'mine.png'), 'mine');
    const args = render('--count=100000', '--size=64', '--overwrite');
    const stopped = new Promise<Ended>((resolve) => {
      const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
      const timer = setInterval(async () => {
        const entries = await readdir(out);
        if (entries.includes('5.png') && !entries.includes('labels.csv')) child.kill('SIGTERM');
      }, 50);
      child.on('close', (code) => {
        clearInterval(timer);
        resolve({ code, stdout: '', stderr: '' });
      });
    });
    expect((await stopped).code).toBe(143);
    const left = await readdir(out);
    expect(left).toContain('mine.png');
    expect(left).not.toContain('labels.csv');
  }, 120_000);

  it.each(['3.png', 'labels.csv'])(
    'keeps the old pictures where somebody else has a %s',
    async (theirs) => {
      const out = join(folder, `with-${theirs}`);
      const render = (count: number) => ['render', `--out=${out}`, `--count=${count}`, '--size=32'];
      expect((await nnClock(render(2))).code).toBe(0);
      if (theirs === 'labels.csv') {
        const marker = join(out, '.nn-lab-run.json');
        const { files, ...run } = JSON.parse(await readFile(marker, 'utf8'));
        const others = files.filter((name: string) => name !== theirs);
        await writeFile(marker, JSON.stringify({ ...run, files: others }));
      }
      await writeFile(join(out, theirs), 'theirs');
      const before = await readdir(out);
      const { code, stderr } = await nnClock([...render(5), '--overwrite']);
      expect(code).toBe(1);
      expect(stderr).toContain(`${theirs} is in the way: it is not of the run.`);
      expect(await readdir(out)).toEqual(before);
      expect(await readFile(join(out, theirs), 'utf8')).toBe('theirs');
    },
    30_000,
  );

  it("keeps what is somebody else's out of a folder of pictures", async () => {
    const out = join(folder, 'album');
    await mkdir(out);
    await writeFile(join(out, '0.png'), 'theirs');
    await writeFile(join(out, 'labels.csv'), 'theirs');
    for (const flags of [[], ['--overwrite']]) {
      const { code, stderr } = await nnClock(['render', `--out=${out}`, ...flags]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/album is not empty and holds no run \(0\.png, labels\.csv\)/);
    }
    expect(await readFile(join(out, '0.png'), 'utf8')).toBe('theirs');
    expect(await readFile(join(out, 'labels.csv'), 'utf8')).toBe('theirs');
  }, 30_000);

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
    await mkdir(model);
    await writeFile(join(model, 'model.json'), '{"modelTopology": ');
    const ended = await nnClock(['evaluate', `--model=${model}`, '--count=1']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/model\.json/);
  }, 30_000);
});
