import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/node/batch-thread-worker.js', import.meta.url));
if (!existsSync(built)) {
  console.log(
    'The tests of the batch thread skip: it runs built files. Have them with `npx nx build clock`.',
  );
}

/** The outcome of a scenario of `thread-of-tests.mjs`, run in a program of its own to its end. */
async function run(scenario: string) {
  const program = fileURLToPath(new URL('thread-of-tests.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, scenario], {
    timeout: 25_000,
    // Neither colours nor Node's warning about asking for both.
    env: { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: undefined, NO_COLOR: undefined },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

function batch(epoch: number, index: number) {
  return [
    { shape: [3, 2], dtype: 'float32', values: new Array(6).fill(10 * epoch + index) },
    { shape: [2], dtype: 'int32', values: [epoch, index] },
    { shape: [], dtype: 'bool', values: [1] },
  ];
}

describe.skipIf(!existsSync(built))('a thread that makes batches', () => {
  it('gives each caller what it asked for, though they ask at once', async () => {
    expect(await run('batches')).toEqual({
      threaded: true,
      contents: [batch(0, 0), batch(2, 3), batch(0, 1)],
      sizes: [3, 4],
    });
  });

  it('waits for sources and batches that come later', async () => {
    expect(await run('slowFactory')).toEqual({ threaded: true, contents: batch(1, 1) });
  });

  it('passes errors on with name, message and stack, and goes on', async () => {
    const [argument, range, next] = await run('errors');
    expect(argument).toMatchObject({ name: 'InvalidArgumentError', message: 'no epoch 9 here' });
    expect(range).toMatchObject({ name: 'RangeError', message: 'out of range' });
    expect(range.stack).toContain('task-of-tests.mjs');
    expect(next).toEqual(batch(1, 0));
  });

  it('says what is wrong with a task', async () => {
    const [broken, notAFunction] = await run('brokenFactory');
    expect(broken.message).toBe('settings that cannot be');
    expect(notAFunction.message).toMatch(/to export a function notAFunction, got number/);
  });

  it('refuses what waits and what comes when the thread dies', async () => {
    for (const { message } of await run('death')) expect(message).toMatch(/ended with code 3/);
  });

  it('makes batches in this thread where none can be started', async () => {
    expect(await run('noThread')).toEqual({ threaded: false, contents: batch(2, 1) });
  });

  it('refuses what waits when it is disposed, and may be disposed again', async () => {
    for (const { message } of await run('dispose')) expect(message).toMatch(/disposed/);
  });

  it('renders the same batches of each preset as this thread', async () => {
    expect(await run('presets')).toEqual({
      smoke: { same: [true, true], threaded: true },
      course: { same: [true, true], threaded: true },
    });
  });
});
