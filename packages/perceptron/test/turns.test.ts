import type { Progress, WorkOptions } from '@nn-lab/core/work';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { matrixOf, Perceptron, type PerceptronMethod } from '../src/index.js';

const rows = Array.from({ length: 40 }, (_, row) => [Math.sin(row), Math.cos(3 * row), row % 3]);
const x = matrixOf(rows);
const labels = rows.map((_, row) => ((row * row) % 3) % 2);
const fitted = new Perceptron();
await fitted.fit(x, labels);

const fit = (method: PerceptronMethod) => async (options: WorkOptions) => {
  const perceptron = new Perceptron({ method, maxEpochs: 5 });
  const training = await perceptron.fit(x, labels, { test: { x, labels }, ...options });
  return { training, weights: perceptron.weights };
};
const works: Record<string, (options: WorkOptions) => Promise<unknown>> = {
  'fit, batch': fit('batch'),
  'fit, online': fit('online'),
  'fit, averaged': fit('averaged'),
  scores: (options) => fitted.scores(x, options),
  predict: (options) => fitted.predict(x, options),
};

afterEach(() => vi.restoreAllMocks());

/** Makes each look at the clock come 20 ms after the last, so that a turn is due at every chance. */
function hasten() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 20;
    return now;
  });
}

describe.each(Object.entries(works))('%s', (_, run) => {
  it('gives others a turn, in which they can stop it', async () => {
    hasten();
    const stop = new AbortController();
    const reason = new Error('enough');
    setImmediate(() => stop.abort(reason));
    await expect(run({ signal: stop.signal })).rejects.toBe(reason);
    await expect(run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('comes to the same in parts, and tells how far it is', async () => {
    const whole = await run({});
    hasten();
    const told: Progress[] = [];
    expect(await run({ onProgress: (progress) => void told.push(progress) })).toEqual(whole);
    expect(told.length).toBeGreaterThan(0);
    for (const { stage, done, total } of told) {
      expect(stage).toMatch(/./);
      expect(done).toBeLessThanOrEqual(total);
    }
  });
});

it('stays as it was when a fit is stopped', async () => {
  const before = JSON.stringify(fitted);
  hasten();
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  await expect(fitted.fit(x, labels.toReversed(), { signal: stop.signal })).rejects.toThrow(
    'abort',
  );
  expect(JSON.stringify(fitted)).toBe(before);
});
