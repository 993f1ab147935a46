import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { seedOption } from '../../src/cli/common-options.js';
import { describeFailure, describeStack, describeSystemError } from '../../src/cli/failure.js';
import {
  camelCase,
  choiceOption,
  integerOption,
  listOption,
  nearest,
  numberOption,
  type OptionValues,
  pathArgument,
  pathOption,
  switchOption,
  textOption,
} from '../../src/cli/options.js';
import { defineCommand } from '../../src/cli/program.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { DataFormatError, ShapeError } from '../../src/errors.js';
import { presetOption, runFolderOptions } from '../../src/experiment/options.js';

const context = { resolvePath: (path: string) => `/base/${path}` };

describe('numbers', () => {
  const epochs = integerOption('epochs', 'passes', { minimum: 1, maximum: 1000 });

  test('every whole number in range is read back, and every other is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5000, max: 5000 }), (value) => {
        if (value >= 1 && value <= 1000) expect(epochs.parse(String(value), context)).toBe(value);
        else expect(() => epochs.parse(String(value), context)).toThrow(UsageError);
      }),
    );
  });

  test('no text makes anything but a number in range or a UsageError', () => {
    const rate = numberOption('rate', 'step size', { minimum: 0, aboveMinimum: true });
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(rate.parse(text, context)).toBeGreaterThan(0);
        } catch (error) {
          expect(UsageError.isInstance(error)).toBe(true);
          expect((error as Error).message.length).toBeLessThan(400);
        }
      }),
    );
  });

  test.each(['', ' ', '1e999', 'NaN', '1_000', '1,5', '0x1', '٣', '--1'])('refuses %j', (text) => {
    expect(() => numberOption('rate', '').parse(text, context)).toThrow('--rate expects a number');
  });
});

test('a default that must be there already is checked like a path that was given', () => {
  const settings = { existing: 'folder', default: 'runs/none' } as const;
  const model = pathOption('model', 'trained model', settings);
  const given = { ...context, values: {}, project: 'demo' };
  expect(() => model.fallback(given)).toThrow(
    '--model: there is no folder at /base/runs/none. Check the path. It is the default: make it first, or give --model.',
  );
  expect(pathOption('out', '', { default: 'runs/none' }).fallback(given)).toBe('/base/runs/none');
  expect(pathOption('data', '', { existing: 'folder' }).fallback(given)).toBeUndefined();
});

test('a word is found by what was probably meant, and no word for nonsense', () => {
  const words = ['preset', 'seed', 'backend', 'threads', 'resume'];
  expect(nearest('prset', words)).toBe('preset');
  expect(nearest('backedn', words)).toBe('backend');
  expect(nearest('thr', words)).toBe('threads');
  expect(nearest('xyzzy', words)).toBeUndefined();
  expect(nearest('', words)).toBeUndefined();
});

test('flags become field names', () => {
  expect(camelCase('learning-rate')).toBe('learningRate');
  expect(camelCase('seed')).toBe('seed');
});

test('the types of the values follow from the options', () => {
  const options = [
    presetOption({ smoke: 'seconds', quick: 'minutes' }, 'quick'),
    integerOption('batch-size', '', { default: 100 }),
    integerOption('limit', ''),
    integerOption('folds', '', { required: true }),
    numberOption('rate', ''),
    textOption('note', ''),
    choiceOption('loss', '', ['mse', 'circular'], { default: 'mse' }),
    choiceOption('norm', '', ['l1', 'l2']),
    listOption(integerOption('classes', '')),
    pathOption('model', '', { existing: 'folder' }),
    switchOption('fast', ''),
    seedOption,
    ...runFolderOptions,
  ] as const;
  expectTypeOf<OptionValues<typeof options>>().toEqualTypeOf<{
    readonly preset: 'smoke' | 'quick';
    readonly batchSize: number;
    readonly limit: number | undefined;
    readonly folds: number;
    readonly rate: number | undefined;
    readonly note: string | undefined;
    readonly loss: 'mse' | 'circular';
    readonly norm: 'l1' | 'l2' | undefined;
    readonly classes: readonly number[];
    readonly model: string | undefined;
    readonly fast: boolean;
    readonly seed: number;
    readonly out: string;
    readonly resume: boolean;
    readonly overwrite: boolean;
  }>();
  const command = defineCommand({
    name: 'read',
    summary: 'read the time',
    arguments: [
      pathArgument('picture', '', { many: true }),
      pathArgument('model-folder', '', { optional: true }),
    ],
    options: [switchOption('loud', '')],
    run(given) {
      expectTypeOf(given.arguments.picture).toEqualTypeOf<readonly string[]>();
      expectTypeOf(given.arguments.modelFolder).toEqualTypeOf<string | undefined>();
      expectTypeOf(given.options.loud).toEqualTypeOf<boolean>();
      expectTypeOf(given.options.json).toEqualTypeOf<boolean>();
    },
  });
  expect(command.name).toBe('read');
});

describe('failures', () => {
  const systemError = (code: string, path?: string) =>
    Object.assign(new Error(`${code}: something, open`), { code, ...(path && { path }) });

  test.each([
    'EACCES',
    'EPERM',
    'EROFS',
    'ENOSPC',
    'EDQUOT',
    'ENOTDIR',
    'EISDIR',
    'EEXIST',
    'ENOENT',
    'ENAMETOOLONG',
    'EMFILE',
    'EIO',
  ])('%s is one line with the path and a remedy', (code) => {
    const line = describeSystemError(systemError(code, '/data/run'));
    expect(line).toContain('/data/run');
    expect(line).toContain(`(${code}).`);
    expect(line).toMatch(/\. [A-Z][a-z]+ .+ \(|Check the path; /);
    expect(line).not.toContain('\n');
  });

  test.skipIf(process.platform !== 'linux')('an error that Node has no name for has one', () => {
    const error = Object.assign(new Error('Unknown system error -122, write'), {
      code: 'Unknown system error -122',
      errno: -122,
      path: '/data/run',
    });
    expect(describeSystemError(error)).toBe(
      'Disk quota reached: cannot write /data/run. Free some space, or choose a folder on another disk (EDQUOT).',
    );
  });

  test('an error of the system without a path still makes sense', () => {
    expect(describeSystemError(systemError('ENOSPC'))).toMatch(
      /^Disk full: no space left to write a file\./,
    );
  });

  test('errors thrown on purpose keep their words, others show that they are faults', () => {
    expect(describeFailure(new ShapeError('expected\n [2], got [3].'))).toEqual({
      name: 'ShapeError',
      message: 'expected [2], got [3].',
      exitCode: 1,
      unexpected: false,
    });
    expect(describeFailure(new UsageError('no')).exitCode).toBe(2);
    expect(describeFailure(new RangeError('too big'))).toMatchObject({
      name: 'RangeError',
      unexpected: true,
    });
    expect(describeFailure('a string')).toMatchObject({
      name: 'Error',
      message: 'a string',
      unexpected: true,
    });
    expect(describeFailure(undefined)).toMatchObject({ message: 'undefined' });
    expect(describeFailure(new Error(''))).toMatchObject({ message: 'no message' });
  });

  test('a stack names each cause, and a circle of causes ends', () => {
    const inner = new Error('inner');
    const outer = new DataFormatError('outer', { source: 'a.npy', cause: inner });
    expect(describeStack(outer)).toMatch(/outer[\s\S]*Caused by: Error: inner/);
    inner.cause = outer;
    expect(describeStack(outer).match(/Caused by/g)!.length).toBeLessThan(10);
  });
});
