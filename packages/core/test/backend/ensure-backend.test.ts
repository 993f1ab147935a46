import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensureBackend } from '../../src/backend.js';
import { useBackend } from '../../src/node/backend.js';
import { evaluateModel, trainModel } from '../../src/training/index.js';
import { pointsSource, smallModel } from '../training/small-runs.js';

const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
const loss = 'categoricalCrossentropy';
const source = pointsSource();

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // tfjs's advice for Node
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** tfjs as a program finds it that chooses nothing: at its first operation it falls to cpu. */
function forgetBackends() {
  for (const name of ['simd', 'cpu']) {
    const factory = tf.findBackendFactory(name);
    if (!factory) continue;
    tf.removeBackend(name);
    if (name === 'cpu') tf.registerBackend('cpu', factory);
  }
  warn.mockClear();
}

it.each([
  ['trainModel', () => trainModel(smallModel(), source, { epochs: 1, loss })],
  ['evaluateModel', () => evaluateModel(smallModel(), source, { loss })],
])('%s starts the best backend where none was chosen, and says so once', async (_, run) => {
  forgetBackends();
  tf.ones([1]).dispose();
  expect(tf.getBackend()).toBe('cpu');
  await run();
  expect(tf.getBackend()).not.toBe('cpu');
  await run();
  expect(warn).toHaveBeenCalledOnce();
  expect(warn).toHaveBeenCalledWith(
    expect.stringMatching(/^No backend was chosen, so \w+ was started \(.*useBackend\(\)/),
    { type: 'NnLabNotice', code: 'NN_LAB_BACKEND' },
  );
});

it('starts it for work that comes before any tensor, and once for all that begins together', async () => {
  forgetBackends();
  await Promise.all([ensureBackend(), ensureBackend(), ensureBackend()]);
  expect(tf.getBackend()).not.toBe('cpu');
  expect(warn).toHaveBeenCalledOnce();
});

it.each<[string, () => Promise<unknown>]>([
  ['tf.setBackend', () => tf.setBackend('cpu')],
  ['useBackend', () => useBackend({ backend: 'cpu' })],
])('keeps cpu that was chosen by %s', async (_, choose) => {
  forgetBackends();
  await choose();
  await trainModel(smallModel(), source, { epochs: 1, loss });
  expect(tf.getBackend()).toBe('cpu');

  forgetBackends();
  tf.ones([1]).dispose();
  await choose();
  await ensureBackend();
  expect(tf.getBackend()).toBe('cpu');
  expect(warn).not.toHaveBeenCalled();
});

it('tells from a choice what tfjs gets ready itself, however often it is asked', async () => {
  forgetBackends();
  await Promise.all([tf.ready(), tf.ready()]);
  expect(tf.getBackend()).toBe('cpu');
  await ensureBackend();
  expect(tf.getBackend()).not.toBe('cpu');
});

it('waits for a choice that is being made', async () => {
  forgetBackends();
  const choosing = useBackend({ backend: 'simd', threads: 1 });
  await ensureBackend();
  await choosing;
  expect(tf.getBackend()).toBe('simd');
  expect(warn).not.toHaveBeenCalled();
});

it('prints the notice as a warning of the process', async () => {
  const built = new URL('../../dist/backend.js', import.meta.url);
  const program = `import { ensureBackend } from '${built}'; await ensureBackend();`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    ...['--input-type=module', '--eval', program],
  ]);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/\[NN_LAB_BACKEND\] NnLabNotice: No backend was chosen/);
});
