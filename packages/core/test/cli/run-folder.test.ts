import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRunFolder, type RunConfig, type RunFolder } from '../../src/cli/run-folder.js';
import { DataFormatError, InvalidArgumentError } from '../../src/errors.js';

let base: string;
const opened: RunFolder[] = [];
const open: typeof openRunFolder = async (...args) => {
  const run = await openRunFolder(...args);
  opened.push(run);
  return run;
};
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'run-folder-'));
});
afterEach(async () => {
  for (const run of opened.splice(0)) run.close();
  await rm(base, { recursive: true, force: true });
});

const config: RunConfig = {
  options: { preset: 'smoke', epochs: 3, out: '/somewhere', json: true },
  seeds: { all: 42 },
  packages: { '@nn-lab/core': '1.0.0' },
  backend: 'simd',
  threads: 2,
  datasets: { clocks: 'seed 42' },
};

async function finishedRun(path: string): Promise<void> {
  const run = await open(path);
  await run.configure(config);
  await run.writeHistory([{ epoch: 0 }, { epoch: 1 }]);
  await run.write('checkpoints/0001.ckpt', 'weights');
  await run.write('plots/loss.svg', '<svg/>');
  await run.writeMetrics({ minutes: 3.9 });
  run.close();
}

describe('a new run', () => {
  test('is made with its parents, and its files are as documented', async () => {
    const path = join(base, 'runs/clock/smoke');
    await finishedRun(path);
    expect((await readdir(path)).sort()).toEqual([
      'checkpoints',
      'config.json',
      'history.jsonl',
      'metrics.json',
      'plots',
    ]);
    expect(await readFile(join(path, 'history.jsonl'), 'utf8')).toBe('{"epoch":0}\n{"epoch":1}\n');
    const written = JSON.parse(await readFile(join(path, 'config.json'), 'utf8'));
    expect(written).toMatchObject({
      seeds: { all: 42 },
      backend: 'simd',
      threads: 2,
      datasets: config.datasets,
    });
    expect(written.options).toEqual({ preset: 'smoke', epochs: 3 });
    expect(written.machine.node).toBe(process.version);
  });

  test('takes an empty folder, and one with nothing but hidden files', async () => {
    await writeFile(join(base, '.gitignore'), '*');
    expect((await open(base)).resumed).toBe(false);
  });

  test('keeps its files inside', async () => {
    const run = await open(join(base, 'run'));
    for (const name of ['../outside.txt', '/etc/outside.txt', '.', 'plots/../../outside.txt']) {
      await expect(run.write(name, 'x')).rejects.toThrow('must lie in its folder');
    }
    await run.write('..hidden.txt', 'x');
  });

  test('is refused at the start, before any work, where nothing can be written', async () => {
    await writeFile(join(base, 'file'), '');
    await expect(open(join(base, 'file'))).rejects.toThrow(
      `A run needs a folder, but ${join(base, 'file')} is a file. Give a folder with --out.`,
    );
    await expect(open(join(base, 'file/run'))).rejects.toMatchObject({
      code: 'ENOTDIR',
      path: join(base, 'file/run'),
    });
  });

  test('is refused at the start where there is too little space', async () => {
    await expect(open(join(base, 'run'), { freeBytes: 2 ** 60 })).rejects.toThrow(
      /^Only [\d.]+ [KMGTP]iB are free on the disk of .*run, and the run needs about 1024 PiB\./,
    );
  });
});

describe('a folder that holds something already', () => {
  test('a finished run is kept, and the ways on are named', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    await expect(open(path)).rejects.toThrow(
      `${path} holds a finished run already. Add --overwrite to replace it or --out DIR to keep both.`,
    );
    expect(await readdir(path)).toContain('metrics.json');
  });

  test('a stopped run is kept, and can be resumed', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    await rm(join(path, 'metrics.json'));
    await expect(open(path)).rejects.toThrow(
      'holds a run that was stopped already. Add --resume to go on with it, --overwrite to replace it or --out DIR to keep both.',
    );
  });

  test('--overwrite removes the old run whole, and nothing that is not of a run', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    await writeFile(join(path, 'my notes.txt'), 'kept');
    await open(path, { overwrite: true });
    expect((await readdir(path)).sort()).toEqual(['.lock', 'checkpoints', 'my notes.txt']);
    expect(await readdir(join(path, 'checkpoints'))).toEqual([]);
  });

  test("a folder of somebody's files is refused, with --overwrite too", async () => {
    await writeFile(join(base, 'thesis.tex'), '');
    for (const overwrite of [false, true]) {
      await expect(open(base, { overwrite })).rejects.toThrow(
        `${base} is not empty and holds no run (thesis.tex). Give a new or empty folder with --out.`,
      );
    }
    expect(await readdir(base)).toEqual(['thesis.tex']);
  });

  test('a run that was killed before it made anything gives way', async () => {
    const path = join(base, 'run');
    const first = await open(path);
    await first.configure(config);
    first.close();
    await open(path);
    expect((await readdir(path)).sort()).toEqual(['.lock', 'checkpoints']);
  });

  test('half-written files of a killed process are cleared away', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    await writeFile(join(path, '.config.json.0123abcd.part'), '{');
    await writeFile(join(path, 'checkpoints/.0002.ckpt.0123abcd.part'), 'we');
    await open(path, { resume: true });
    expect(await readdir(join(path, 'checkpoints'))).toEqual(['0001.ckpt']);
    expect(await readdir(path)).not.toContain('.config.json.0123abcd.part');
  });
});

describe('--resume', () => {
  test('keeps what is there and reads the history back', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    const run = await open(path, { resume: true });
    expect(run.resumed).toBe(true);
    expect(await run.configure(config)).toEqual([]);
    expect(await run.readHistory()).toEqual([{ epoch: 0 }, { epoch: 1 }]);
    expect(await readdir(run.checkpoints)).toEqual(['0001.ckpt']);
    await run.writeHistory([{ epoch: 0 }]);
    expect(await run.readHistory()).toEqual([{ epoch: 0 }]);
  });

  test('without a checkpoint says so, and leaves no folder behind', async () => {
    const path = join(base, 'none');
    await expect(open(path, { resume: true })).rejects.toThrow(
      `There is nothing to resume: ${path} holds no checkpoint.`,
    );
    expect(await readdir(base)).toEqual([]);
  });

  test('and --overwrite exclude each other', async () => {
    await expect(open(base, { resume: true, overwrite: true })).rejects.toThrow('not both');
  });

  test('refuses to become another run', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    const run = await open(path, { resume: true });
    const changed = (change: Partial<RunConfig>) => run.configure({ ...config, ...change });
    await expect(changed({ options: { preset: 'quick', epochs: 3 } })).rejects.toThrow(
      'The run in the folder was begun with preset "smoke", now it is "quick". Resume with the same settings',
    );
    await expect(changed({ seeds: { all: 7 } })).rejects.toThrow('begun with all 42, now it is 7');
    await expect(changed({ datasets: { clocks: 'seed 7' } })).rejects.toThrow(InvalidArgumentError);
    await expect(changed({ options: { preset: 'smoke', epochs: 3, lr: 1 } })).rejects.toThrow(
      'lr (not set), now it is 1',
    );
  });

  test('allows what may change, and notes what may change the last digits', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    const run = await open(path, { resume: true });
    const next = {
      ...config,
      options: { preset: 'smoke', epochs: 9, out: '/elsewhere', verbose: true },
      threads: 4,
      packages: { '@nn-lab/core': '1.1.0' },
    };
    await expect(run.configure(next)).rejects.toThrow('epochs');
    expect(await run.configure(next, { mayChange: ['epochs'] })).toEqual([
      'The run was begun with threads 2 and goes on with 4: the last digits of the result may differ.',
      'The run was begun with @nn-lab/core "1.0.0" and goes on with "1.1.0".',
    ]);
  });

  test('says which line of a damaged history is wrong', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    await writeFile(join(path, 'history.jsonl'), '{"epoch":0}\n{"epo');
    const run = await open(path, { resume: true });
    await expect(run.readHistory()).rejects.toThrow(
      /history\.jsonl: expected JSON in line 2, got something else/,
    );
    await expect(run.readHistory()).rejects.toBeInstanceOf(DataFormatError);
  });
});

describe('one folder, one process', () => {
  test('a second run is refused while the first is alive, and let in after', async () => {
    const path = join(base, 'run');
    const first = await open(path);
    await expect(open(path)).rejects.toThrow(
      `Another run (process ${process.pid}) is using ${path}.`,
    );
    first.close();
    first.close();
    await open(path);
  });

  test('of many that come at once, exactly one gets in', async () => {
    const path = join(base, 'run');
    await mkdir(path);
    await writeFile(join(path, '.lock'), JSON.stringify({ pid: deadProcess(), host: hostname() }));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => open(path)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason.message).toContain('Another run');
    }
  });

  test('the lock of a living process of another program holds', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    await writeFile(join(base, '.lock'), JSON.stringify({ pid: other.pid, host: hostname() }));
    await expect(open(base)).rejects.toThrow(`process ${other.pid}`);
    other.kill();
  });

  test.each([
    ['whose process is gone', () => JSON.stringify({ pid: deadProcess(), host: hostname() })],
    ['that is damaged', () => '{"pid":'],
    ['that is empty', () => ''],
  ])('a lock %s is taken over', async (_, text) => {
    await writeFile(join(base, '.lock'), text());
    await open(base);
    expect(JSON.parse(await readFile(join(base, '.lock'), 'utf8')).pid).toBe(process.pid);
    expect(await readdir(base)).toEqual(['.lock', 'checkpoints']);
  });

  test.skipIf(process.platform !== 'linux')(
    'a lock whose process number belongs to a later process by now is taken over',
    async () => {
      const lock = { pid: process.pid, host: hostname(), processStart: '1' };
      await writeFile(join(base, '.lock'), JSON.stringify(lock));
      await open(base);
    },
  );

  test('a lock from another machine holds, and the way out is named', async () => {
    await writeFile(join(base, '.lock'), JSON.stringify({ pid: 1, host: 'another-machine' }));
    await expect(open(base)).rejects.toThrow(
      `Another run (process 1 on another-machine) is using ${base}. Wait for it or stop it, or give another folder with --out; if it is gone, delete ${join(base, '.lock')}.`,
    );
  });

  test('a refused run leaves no lock', async () => {
    await writeFile(join(base, 'thesis.tex'), '');
    await expect(open(base)).rejects.toThrow();
    expect(await readdir(base)).toEqual(['thesis.tex']);
  });
});

function deadProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}
