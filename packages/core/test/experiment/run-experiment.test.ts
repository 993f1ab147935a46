import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { integerOption, textArgument } from '../../src/cli/options.js';
import { runCli } from '../../src/cli/run-cli.js';
import type { CliStream } from '../../src/cli/terminal.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { InvalidArgumentError } from '../../src/errors.js';
import {
  type Experiment,
  experimentCommand,
  outputFolderOptions,
  type RunEvent,
  runExperiment,
} from '../../src/experiment/index.js';
import { loadModel } from '../../src/node.js';
import { lineChart } from '../../src/plot/index.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'experiment-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

interface DoublingOptions {
  readonly seed: number;
  readonly times: number;
}

/** Doubles a number that it loads. */
const doubling: Experiment<DoublingOptions, { readonly first: number }> = {
  project: 'doubling',
  backend: false,
  seeds: ({ seed }) => ({ all: seed }),
  load({ times }, { log }) {
    if (times > 50) throw new InvalidArgumentError('Expected `times` to be at most 50.');
    log.detail('read');
    return { first: 3, datasets: { numbers: 'abc' }, options: { times: times + 0.5 } };
  },
  async run({ options, inputs, run, log, progress, signal }) {
    log.info('doubling');
    const bar = progress('Doubling', options.times, { unit: 'time' });
    const values = [inputs.first];
    for (let n = 0; n < options.times; n++) {
      signal.throwIfAborted();
      values.push(2 * values.at(-1)!);
      bar.advance(1, `now ${values.at(-1)}`);
      await run.writeHistory(values.map((value) => ({ value })));
    }
    bar.stop();
    await run.write('model/last.txt', `${values.at(-1)}`);
    const plot = lineChart([{ name: 'value', y: values }]);
    return {
      metrics: { last: values.at(-1) },
      text: `Came to ${values.at(-1)}.`,
      plots: { values: plot },
      report: {
        title: 'Doubling',
        sections: [
          { title: 'Values', blocks: [{ kind: 'figures', figures: [{ picture: plot }] }] },
        ],
      },
    };
  },
};

const jsonOf = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

describe('runExperiment', () => {
  test('leaves everything about a run in its folder, and tells of it in order', async () => {
    const out = join(base, 'run');
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => events.push(structuredClone(event));
    const packages = { 'nn-doubling': '1.2.3' };
    const ended = await runExperiment(doubling, { seed: 7, times: 2 }, { out, packages, onEvent });

    expect(ended).toMatchObject({ path: out, text: 'Came to 12.' });
    expect((await readdir(out, { recursive: true })).sort()).toEqual(
      expect.arrayContaining([
        'config.json',
        'history.jsonl',
        'metrics.json',
        join('model', 'last.txt'),
        join('plots', 'values.png'),
        join('plots', 'values.svg'),
        'report.html',
      ]),
    );
    expect(await jsonOf(join(out, 'config.json'))).toMatchObject({
      options: { seed: 7, times: 2.5 },
      seeds: { all: 7 },
      packages: { 'nn-doubling': '1.2.3', '@nn-lab/core': expect.stringMatching(/^\d+\./) },
      backend: 'none',
      threads: 1,
      datasets: { numbers: 'abc' },
    });
    const metrics = await jsonOf(join(out, 'metrics.json'));
    expect(metrics).toEqual(JSON.parse(JSON.stringify(ended.metrics)));
    expect(metrics).toMatchObject({ last: 12, seed: 7, backend: 'none', threads: 1 });
    expect(metrics.machine.node).toBe(process.version);
    expect(metrics.seconds).toBeGreaterThan(0);

    const progress = { type: 'progress', stage: 'Doubling', total: 2, unit: 'time' };
    expect(events).toEqual([
      { type: 'log', level: 'detail', text: 'read' },
      { type: 'log', level: 'info', text: 'doubling' },
      { ...progress, done: 0, ended: false },
      { ...progress, done: 1, note: 'now 6', ended: false },
      { type: 'history', records: [{ value: 3 }, { value: 6 }] },
      { ...progress, done: 2, note: 'now 12', ended: false },
      { type: 'history', records: [{ value: 3 }, { value: 6 }, { value: 12 }] },
      { ...progress, done: 2, ended: true },
    ]);
  });

  test('refuses to replace a run unless told to', async () => {
    const out = join(base, 'run');
    await runExperiment(doubling, { seed: 7, times: 2 }, { out });
    await expect(runExperiment(doubling, { seed: 7, times: 3 }, { out })).rejects.toThrow(
      'holds a finished run already',
    );
    await runExperiment(doubling, { seed: 7, times: 3 }, { out, overwrite: true });
    expect((await jsonOf(join(out, 'metrics.json'))).last).toBe(24);
  });

  test('leaves no trace, and an earlier run alone, when the inputs cannot be read', async () => {
    const out = join(base, 'run');
    const failing = { seed: 7, times: 51 };
    await expect(runExperiment(doubling, failing, { out })).rejects.toThrow(InvalidArgumentError);
    await expect(stat(out)).rejects.toThrow('ENOENT');
    await runExperiment(doubling, { seed: 7, times: 2 }, { out });
    await expect(runExperiment(doubling, failing, { out, overwrite: true })).rejects.toThrow(
      InvalidArgumentError,
    );
    expect((await jsonOf(join(out, 'metrics.json'))).last).toBe(12);
  });

  test('gives the folder back when the work fails or is stopped, without metrics', async () => {
    const out = join(base, 'run');
    const signal = AbortSignal.abort();
    await expect(
      runExperiment(doubling, { seed: 7, times: 2 }, { out, signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(out)).not.toContain('metrics.json');
    expect(await readdir(out)).not.toContain('.lock');
  });

  test("lets an experiment's own metrics stand before those of every run", async () => {
    const timed: Experiment<object> = {
      project: 'timed',
      backend: false,
      seeds: () => ({ weights: 21 }),
      run: async () => ({ metrics: { seconds: 1234 }, text: '' }),
    };
    const { metrics } = await runExperiment(timed, {}, { out: join(base, 'run') });
    expect(metrics).toMatchObject({ seed: 21, seconds: 1234 });
  });

  test('starts a backend, saves networks, and tells of checkpoints and what to resume', async () => {
    const out = join(base, 'run');
    let fail = true;
    const training: Experiment<{ readonly backend: 'cpu'; readonly seed: number }> = {
      project: 'training',
      backend: true,
      seeds: ({ seed }) => ({ all: seed }),
      async run({ device, run, checkpoints }) {
        await checkpoints.save({ tensors: [] } as never, 1);
        if (fail) throw new Error('the power went');
        const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
        await run.saveModel(model);
        model.dispose();
        return { metrics: { ...device, resumed: run.resumed }, text: '' };
      },
    };
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => events.push(event);
    const options = { backend: 'cpu', seed: 1 } as const;
    await expect(runExperiment(training, options, { out, onEvent })).rejects.toThrow('power');
    const checkpoint = { type: 'checkpoint', path: join(out, 'checkpoints') };
    expect(events.filter(({ type }) => type === 'checkpoint')).toEqual([checkpoint]);
    expect(await jsonOf(join(out, 'config.json'))).toMatchObject({
      backend: 'cpu',
      packages: { '@tensorflow/tfjs': tf.version.tfjs },
    });

    fail = false;
    events.length = 0;
    const { metrics } = await runExperiment(training, options, { out, resume: true, onEvent });
    expect(metrics).toMatchObject({ backend: 'cpu', resumed: true });
    // Once for the one that is there, once for the new one.
    expect(events.filter(({ type }) => type === 'checkpoint')).toHaveLength(2);
    const model = await loadModel(join(out, 'model'));
    expect(model.inputs[0]!.shape).toEqual([null, 2]);
    model.dispose();
  });

  test('names a setting that does not exist', async () => {
    const settings = { out: join(base, 'run'), overwritte: true };
    await expect(runExperiment(doubling, { seed: 7, times: 2 }, settings)).rejects.toThrow(
      'overwritte',
    );
  });
});

describe('experimentCommand', () => {
  const command = experimentCommand(doubling, {
    name: 'double',
    summary: 'double a number',
    arguments: [textArgument('note', 'kept with the run', { optional: true })],
    options: [
      integerOption('times', 'how often', { default: 2 }),
      integerOption('seed', 'seed', { default: 42 }),
      ...outputFolderOptions('runs/<project>/double'),
    ],
    check({ times, note }) {
      if (note === 'once' && times !== 1) throw new UsageError('Once is one time.');
    },
  });

  async function call(...argv: string[]) {
    const program = {
      name: 'nn-doubling',
      packageName: '@nn-lab/doubling',
      version: '1.2.3',
      description: 'Doubles.',
      commands: [command],
    };
    const printed = { stdout: '', stderr: '' };
    const stream = (name: keyof typeof printed): CliStream => ({
      write(text, written) {
        printed[name] += text;
        written?.();
        return true;
      },
    });
    const code = await runCli(program, argv, {
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      env: {},
      cwd: base,
      entry: join(base, 'nn-doubling'),
      exit: () => {},
    });
    return { code, ...printed };
  }

  test('takes flags and arguments for options, and shows events and the result', async () => {
    const { code, stdout, stderr } = await call('double', '--times=3', 'twice');
    expect(code).toBe(0);
    expect(stdout).toBe('Came to 24.\n');
    expect(stderr).toMatch(/^doubling\nDoubling 100 % {2}3\/3 times .* now 24\n$/);
    const out = join(base, 'runs/doubling/double');
    const { options, packages } = await jsonOf(join(out, 'config.json'));
    expect(options).toEqual({ times: 3.5, seed: 42, note: 'twice' });
    expect(packages['nn-doubling']).toBe('1.2.3');
  });

  test('prints one document with the folder and the metrics', async () => {
    const { stdout } = await call('double', '--json');
    const { out, ...metrics } = JSON.parse(stdout);
    expect(out).toBe(join(base, 'runs/doubling/double'));
    expect(metrics).toEqual(await jsonOf(join(out, 'metrics.json')));
    const again = await call('double', '--json');
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout).error.message).toContain('Add --overwrite');
  });

  test('refuses flags and arguments that do not go together, before anything is made', async () => {
    const { code, stderr } = await call('double', '--times=3', 'once');
    expect(code).toBe(2);
    expect(stderr).toContain('Once is one time.');
    expect(await readdir(base)).toEqual([]);
  });

  test('has the flags that its experiment goes by', () => {
    const options = [integerOption('seed', 'seed', { default: 42 })] as const;
    // @ts-expect-error `times` is missing.
    expect(experimentCommand(doubling, { name: 'double', summary: 'none', options })).toBeDefined();
  });
});
