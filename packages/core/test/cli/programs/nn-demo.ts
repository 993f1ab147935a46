// The program that the frame's tests spawn: small, but every command of it really runs.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  backendOptions,
  type CliProgram,
  dataOption,
  defineCommand,
  integerOption,
  listOption,
  numberOption,
  pathArgument,
  runCli,
  seedOption,
  switchOption,
  textOption,
} from '../../../src/cli/index.js';
import { DataFormatError } from '../../../src/errors.js';
import { presetOption, runFolderOptions } from '../../../src/experiment/index.js';
import { writeFileAtomic } from '../../../src/node/atomic-files.js';
import { printableLine } from '../../../src/printable.js';

const train = defineCommand({
  name: 'train',
  summary: 'train the demo network',
  description: 'Trains the demo network and leaves everything about the run in its run folder.',
  options: [
    presetOption({ smoke: 'seconds, for tests', quick: 'ten minutes', course: 'hours' }, 'quick'),
    integerOption('epochs', 'passes over the training set', { minimum: 1, default: 3 }),
    numberOption('learning-rate', 'step size of the optimizer', {
      minimum: 0,
      aboveMinimum: true,
      maximum: 10,
      default: 0.001,
    }),
    listOption(integerOption('classes', 'numbers of classes to compare', { minimum: 2 }), {
      default: [24, 48],
    }),
    textOption('note', 'a remark kept with the run'),
    seedOption,
    ...backendOptions,
    dataOption,
    ...runFolderOptions,
    switchOption('stubborn', 'do not react to Ctrl-C'),
  ],
  examples: [
    { args: 'train --preset smoke', does: 'see that everything works, in seconds' },
    { args: 'train --out runs/mine --resume', does: 'go on where a run was stopped' },
  ],
  async run({ options, log, progress, result, signal, checkpointSaved }) {
    log.info(`seed ${options.seed}, ${options.epochs} epochs`);
    if (options.note !== undefined) log.info(`note: ${options.note}`);
    log.detail(`learning rate ${options.learningRate}`);
    await mkdir(options.out, { recursive: true });
    const bar = progress('Training', options.epochs * 10, { unit: 'batch', lineInterval: 0.3 });
    for (let step = 0; step < options.epochs * 10; step++) {
      await wait(20);
      bar.advance(1, `loss ${(1 / (step + 1)).toFixed(3)}`);
      if (step === 15) log.info('halfway through');
      if (signal.aborted && !options.stubborn) {
        const path = join(options.out, 'checkpoint.json');
        await writeFileAtomic(path, JSON.stringify({ step }));
        checkpointSaved(path);
        return;
      }
    }
    bar.stop();
    result({ options, losses: new Float32Array([0.5, 0.25]) }, `Trained ${options.epochs} epochs.`);
  },
});

const read = defineCommand({
  name: 'read',
  summary: 'say how long pictures are',
  arguments: [pathArgument('picture', 'a picture', { many: true, existing: 'file' })],
  async run({ arguments: { picture }, result, resolvePath }) {
    const sizes = await Promise.all(picture.map(async (path) => (await readFile(path)).length));
    result(
      { sizes, files: picture, here: resolvePath('.') },
      picture.map((path, index) => `${printableLine(path)}: ${sizes[index]} bytes`).join('\n'),
    );
  },
});

const fail = defineCommand({
  name: 'fail',
  summary: 'fail in a chosen way',
  options: [textOption('how', 'the way', { required: true })],
  async run({ options, progress }) {
    progress('Failing', 10).update(3);
    if (options.how === 'data') {
      throw new DataFormatError('labels.npy: expected 100 bytes,\n  got 7. Download it again.', {
        source: 'labels.npy',
        cause: new RangeError('offset 8 is outside'),
      });
    }
    if (options.how === 'bug') (undefined as unknown as { field: () => void }).field();
    if (options.how === 'missing') await import(String('@nn-lab/not-there/part'));
    if (options.how === 'later') {
      setTimeout(() => {
        throw new TypeError('thrown where nobody waits');
      }, 10);
      await wait(60_000);
    }
    if (options.how === 'rejection') {
      void Promise.reject(new TypeError('rejected where nobody waits'));
      await wait(60_000);
    }
    await writeFileAtomic(options.how, 'text');
  },
});

const noise = defineCommand({
  name: 'noise',
  summary: 'print like a library that has a banner, and a large result',
  run({ result }) {
    console.log('banner on stdout');
    process.stdout.write('more banner\n');
    result({ numbers: Array.from({ length: 50_000 }, (_, index) => index) }, 'x'.repeat(300_000));
  },
});

const silent = defineCommand({ name: 'silent', summary: 'give no result', run() {} });

const program: CliProgram = {
  name: 'nn-demo',
  packageName: '@nn-lab/demo',
  version: '1.2.3',
  description: 'A demonstration of the command-line frame.',
  commands: async () => [train, read, fail, noise, silent],
  examples: [{ args: 'train --preset smoke', does: 'train in seconds' }],
};

await runCli(program);
