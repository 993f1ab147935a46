import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/node/batches-in-thread.js', import.meta.url));
if (!existsSync(built)) {
  console.info('batch thread tests skipped: have the built files by npx nx build core');
}

/** The outcome of a scenario of `scenarios.mjs`, run in a program of its own to its end. */
async function run(scenario: string) {
  const program = fileURLToPath(new URL('threads/scenarios.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, scenario], {
    timeout: 25_000,
    // Neither colors nor Node's warning about asking for both.
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

describe.skipIf(!existsSync(built))('batchesInThread in Node', () => {
  it('gives each caller what it asked for, though they ask at once', async () => {
    expect(await run('batches')).toEqual({
      threaded: true,
      contents: [batch(0, 0), batch(2, 3), batch(0, 1)],
      sizes: [3, 4],
    });
  });

  it('waits for sources and batches that come later', async () => {
    expect(await run('late')).toEqual({ threaded: true, contents: batch(1, 1) });
  });

  it('gives the same augmented batches as this thread, without targets where there are none', async () => {
    expect(await run('unlabeled')).toEqual({ same: true, shapes: [[8, 16, 16, 1]], kept: 0 });
  });

  it('passes errors on with name, message and stack, and goes on', async () => {
    const [argument, range, next] = await run('errors');
    expect(argument).toMatchObject({ name: 'InvalidArgumentError', message: 'no epoch 9 here' });
    expect(range).toMatchObject({ name: 'RangeError', message: 'out of range' });
    expect(range.stack).toContain('counting.mjs');
    expect(next).toEqual(batch(1, 0));
  });

  it('says what is wrong with settings and programs', async () => {
    const [wrong, uncloneable, missing, silent, unknown] = await run('refusals');
    expect(wrong).toMatchObject({
      name: 'InvalidArgumentError',
      message: 'settings that cannot be',
    });
    expect(uncloneable.name).toBe('DataCloneError');
    expect(missing.message).toMatch(
      /^No thread that makes batches can be started \(.*nothing-here\.mjs.*\)\. Give `inline`/s,
    );
    expect(silent.message).toMatch(/can be started \(The thread .* ended with code 0/);
    expect(unknown.message).toMatch(/^Unknown option `worker`/);
  });

  it('refuses what waits and what comes when the thread dies', async () => {
    for (const { message } of await run('death')) expect(message).toMatch(/ended with code 3/);
  });

  it('makes batches in this thread where no other can be started', async () => {
    expect(await run('noThread')).toEqual({ threaded: false, contents: batch(2, 1) });
  });

  it('refuses what waits when it is disposed, and may be disposed again', async () => {
    for (const { message } of await run('dispose')) expect(message).toMatch(/disposed/);
  });
});
