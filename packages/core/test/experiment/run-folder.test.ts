import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFormatError, InvalidArgumentError } from '../../src/errors.js';
import {
  openRunFolder,
  type RunConfig,
  type RunFolder,
  type RunFolderOptions,
} from '../../src/experiment/run-folder.js';

let base: string;
const opened: RunFolder[] = [];
const open = async (path: string, options: Partial<RunFolderOptions> = {}) => {
  const run = await openRunFolder(path, { project: 'clock', ...options });
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
      '.nn-lab-run.json',
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
    expect((await readdir(path)).sort()).toEqual(['.lock', '.nn-lab-run.json', 'my notes.txt']);
    expect(await readFile(join(path, 'my notes.txt'), 'utf8')).toBe('kept');
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
    expect((await readdir(path)).sort()).toEqual(['.lock', '.nn-lab-run.json']);
  });

  test('half-written files of a killed process are cleared away', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    await writeFile(join(path, '.config.json.0123abcd.part'), '{');
    await writeFile(join(path, 'checkpoints/.checkpoint-000002.nnlab.0123abcd.part'), 'we');
    await open(path, { resume: true });
    expect(await readdir(join(path, 'checkpoints'))).toEqual(['0001.ckpt']);
    expect(await readdir(path)).not.toContain('.config.json.0123abcd.part');
  });
});

describe("what is somebody else's", () => {
  const others = {
    'model/weights.bin': 'their weights',
    'plots/thesis.png': 'their plot',
    'config.json': '{}',
    'checkpoints/checkpoint-000001.nnlab': 'theirs',
    '.hidden': 'theirs',
  };
  const put = async (folder: string, files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  };
  const has = async (folder: string, files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      expect(await readFile(join(folder, name), 'utf8')).toBe(text);
    }
  };

  test.each(Object.keys(others).filter((name) => name !== '.hidden'))(
    'a folder with a %s of theirs is no run, with any flag',
    async (name) => {
      const files = { [name]: 'theirs' };
      await put(base, files);
      for (const options of [{}, { overwrite: true }, { resume: true }]) {
        await expect(open(base, options)).rejects.toThrow(
          `${base} is not empty and holds no run (${name.split('/')[0]}).`,
        );
      }
      await has(base, files);
      expect(await readdir(base)).toEqual([name.split('/')[0]]);
    },
  );

  test('is kept by --overwrite, with the folders it lies in, whatever its name', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    const files = {
      'plots/thesis.png': 'theirs',
      'model/weights.bin': 'theirs',
      'report.html': 'theirs',
      '.gitignore': 'theirs',
      'plots/.0123.0123abcd.part': 'theirs',
    };
    await put(path, files);
    const run = await open(path, { overwrite: true });
    await has(path, files);
    expect(await readdir(join(path, 'plots'))).not.toContain('loss.svg');
    for (const name of ['report.html', 'model/weights.bin']) {
      await expect(run.write(name, 'ours')).rejects.toThrow(
        `${join(path, name)} is in the way: it is not of the run.`,
      );
      await expect(run.claim([name])).rejects.toThrow('is in the way');
    }
    await has(path, files);
  });

  test.each(['report.html', 'plots/thesis.png', 'plots/thesis.png/loss.svg'])(
    'where the run is to write %s, is found before anything is removed',
    async (name) => {
      const path = join(base, 'run');
      await finishedRun(path);
      const files = { 'report.html': 'theirs', 'plots/thesis.png': 'theirs' };
      await put(path, files);
      const before = await readdir(path, { recursive: true });
      for (const how of [{ overwrite: true }, { resume: true }]) {
        await expect(open(path, { ...how, files: ['config.json', name] })).rejects.toThrow(
          /(report\.html|thesis\.png) is in the way: it is not of the run\./,
        );
      }
      expect(await readdir(path, { recursive: true })).toEqual(before);
      await has(path, files);
      const run = await open(path, { overwrite: true, files: ['metrics.json', 'free.txt'] });
      expect(await readdir(run.path)).not.toContain('metrics.json');
    },
  );

  test.each(['the run of another project', 'a damaged mark'])(
    '%s is not replaced',
    async (kind) => {
      const path = join(base, 'run');
      await finishedRun(path);
      if (kind === 'a damaged mark') {
        await writeFile(join(path, '.nn-lab-run.json'), '{"nnLabRun":1,"files":["../x"]}');
      }
      const project = kind === 'a damaged mark' ? 'clock' : 'xor';
      for (const options of [{}, { overwrite: true }, { resume: true }]) {
        await expect(open(path, { project, ...options })).rejects.toThrow(
          project === 'xor' ? 'holds a run of another project (clock)' : 'holds no run',
        );
      }
      expect(await readdir(path)).toContain('metrics.json');
    },
  );

  test.each(['plots', 'model', 'checkpoints', 'plots/loss.svg'])(
    'a link that has taken the place of %s is left alone, and what it leads to',
    async (name) => {
      const path = join(base, 'run');
      await finishedRun(path);
      const theirs = join(base, 'theirs');
      await put(theirs, { 'loss.svg': 'theirs', '0001.ckpt': 'theirs' });
      await rm(join(path, name), { recursive: true, force: true });
      await symlink(name.endsWith('.svg') ? join(theirs, 'loss.svg') : theirs, join(path, name));
      for (const options of [{}, { overwrite: true }, { resume: true }]) {
        await expect(open(path, options)).rejects.toThrow(`${join(path, name)} is in the way`);
      }
      await has(theirs, { 'loss.svg': 'theirs', '0001.ckpt': 'theirs' });
    },
  );

  test('a run is replaced through a link to its folder', async () => {
    await finishedRun(join(base, 'run'));
    await symlink(join(base, 'run'), join(base, 'link'));
    await open(join(base, 'link'), { overwrite: true });
    expect(await readdir(join(base, 'run'))).not.toContain('metrics.json');
  });

  test.each([
    ['a folder', 'checkpoint-000007.nnlab', 'it is not a plain file'],
    ['of an absurd number', 'checkpoint-999999999999.nnlab', 'its number is above 999999999'],
    ['of an endless number', `checkpoint-${'9'.repeat(40)}.nnlab`, 'its number is above'],
  ])('a checkpoint that is %s is named, and kept', async (kind, name, reason) => {
    const path = join(base, 'run');
    await finishedRun(path);
    const place = join(path, 'checkpoints', name);
    await (kind === 'a folder' ? mkdir(place) : writeFile(place, 'theirs'));
    for (const options of [{ overwrite: true }, { resume: true }]) {
      await expect(open(path, options)).rejects.toThrow(
        `${place} is in the way: it has the name of a checkpoint, but ${reason}`,
      );
    }
    expect(await readdir(join(path, 'checkpoints'))).toContain(name);
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
      packages: { '@nn-lab/core': '1.1.0' },
    };
    await expect(run.configure(next)).rejects.toThrow('epochs');
    expect(await run.configure(next, { mayChange: ['epochs'] })).toEqual([
      'The run was begun with @nn-lab/core "1.0.0" and goes on with "1.1.0".',
    ]);
  });

  test.each([
    ['simd', 'simd', 4, []],
    ['tensorflow', 'tensorflow', 4, ['threads 2 and goes on with 4']],
    ['simd', 'cpu', 2, ['backend "simd" and goes on with "cpu"']],
  ])('from %s on %s with %i threads', async (begun, now, threads, notes) => {
    const path = join(base, 'run');
    const first = await open(path);
    await first.configure({ ...config, backend: begun });
    await first.write('checkpoints/0001.ckpt', 'weights');
    first.close();
    const run = await open(path, { resume: true });
    expect(await run.configure({ ...config, backend: now, threads })).toEqual(
      notes.map(
        (note) => `The run was begun with ${note}: the last digits of the result may differ.`,
      ),
    );
  });

  test.each([
    ['null', 'expected a JSON object, got null'],
    ['[1]', 'expected a JSON object, got [1]'],
    ['{', 'expected JSON, got something else'],
    [undefined, 'it cannot be read: there is no such file'],
  ])('says in one line that a config.json of %s is damaged', async (text, message) => {
    const path = join(base, 'run');
    await finishedRun(path);
    const configPath = join(path, 'config.json');
    await (text === undefined ? rm(configPath) : writeFile(configPath, text));
    const run = await open(path, { resume: true });
    await expect(run.configure(config)).rejects.toThrow(
      `${configPath}: ${message}. Start the run anew with --overwrite.`,
    );
  });

  test('a config.json whose parts are of the wrong kind is of another run', async () => {
    const path = join(base, 'run');
    await finishedRun(path);
    await writeFile(join(path, 'config.json'), '{"options":null,"seeds":7,"packages":"x"}');
    const run = await open(path, { resume: true });
    await expect(run.configure(config)).rejects.toThrow('begun with preset (not set)');
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

  test.each([
    ['a folder', async (path: string) => void (await mkdir(path))],
    ['a pipe', async (path: string) => void spawnSync('mkfifo', [path])],
    ['a link', (path: string) => symlink('/dev/zero', path)],
    ['a text', (path: string) => writeFile(path, 'Do not delete me.')],
    ['other JSON', (path: string) => writeFile(path, '{"lockfileVersion": 3}')],
    ['large', (path: string) => writeFile(path, ' '.repeat(10_000))],
  ])('a lock that is %s is named and kept', async (_, make) => {
    const path = join(base, '.lock');
    await make(path);
    await expect(open(base)).rejects.toThrow(
      `${path} is in the way: it is not the lock of a run. Move it away, or give another folder with --out.`,
    );
    expect(await readdir(base)).toEqual(['.lock']);
  });

  test.each([
    ['stale', () => JSON.stringify({ pid: deadProcess(), host: hostname() })],
    ['empty', () => ''],
    ['absent', () => undefined],
  ])(
    'of many processes that come in the same instant to a lock that is %s, one gets in',
    async (_, text) => {
      const program = fileURLToPath(new URL('lock-contender.mjs', import.meta.url));
      const contenders = Array.from({ length: 6 }, () =>
        spawn(process.execPath, [program], {
          stdio: ['pipe', 'pipe', 'inherit'],
        }),
      );
      const lines = contenders.map(({ stdout }) =>
        createInterface({ input: stdout })[Symbol.asyncIterator](),
      );
      const answers = () => Promise.all(lines.map(async (line) => (await line.next()).value));
      try {
        expect(await answers()).toEqual(contenders.map(() => 'ready'));
        for (let round = 0; round < 15; round++) {
          const folder = join(base, `${round}`);
          await mkdir(folder);
          const content = text();
          if (content !== undefined) await writeFile(join(folder, '.lock'), content);
          const at = Date.now() + 15;
          for (const { stdin } of contenders) stdin.write(`${JSON.stringify({ folder, at })}\n`);
          const got = await answers();
          expect(got.filter((answer) => answer === 'held')).toHaveLength(1);
          expect(got.filter((answer) => answer?.startsWith('Another run'))).toHaveLength(5);
          for (const { stdin } of contenders) stdin.write('release\n');
          await answers();
          expect(await readdir(folder)).toEqual([]);
        }
      } finally {
        for (const contender of contenders) contender.kill();
      }
    },
    120_000,
  );

  test('a takeover that a killed process left is taken over too', async () => {
    const stale = JSON.stringify({ pid: deadProcess(), host: hostname() });
    for (const name of ['.lock', '.lock.takeover', '.lock.takeover.takeover']) {
      await writeFile(join(base, name), stale);
    }
    await open(base);
    expect((await readdir(base)).sort()).toEqual(['.lock', '.nn-lab-run.json']);
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
    expect((await readdir(base)).sort()).toEqual(['.lock', '.nn-lab-run.json']);
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
