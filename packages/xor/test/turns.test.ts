import { createRandom } from '@nn-lab/core/random';
import type { Progress, WorkOptions } from '@nn-lab/core/work';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { courseLazyCounts, courseRuns, oneStreamLazyCounts } from '../src/course/index.js';
import {
  buildSigmoidNetwork,
  measureSuccess,
  searchLazily,
  trainNetwork,
  trainXor,
} from '../src/index.js';

const initial = [0.1, -0.2, 0.3, 0.2, 0.1, -0.3, 0.1, 0.2, -0.1];
const xor = { inputs: [0, 0, 0, 1, 1, 0, 1, 1], targets: [0, 1, 1, 0] };

const works: Record<string, (options: WorkOptions) => Promise<unknown>> = {
  trainXor: (options) => trainXor(initial, { maxEvaluations: 20_000, trace: true, ...options }),
  measureSuccess: (options) =>
    measureSuccess(0.3, 'normal', { count: 3, maxEvaluations: 12_000, ...options }),
  searchLazily: (options) => {
    const random = createRandom(3);
    return searchLazily(() => random.normal(), options);
  },
  trainNetwork: (options) =>
    trainNetwork(buildSigmoidNetwork([2, 2, 1]), xor, initial, { maxEvaluations: 50, ...options }),
  courseRuns,
  courseLazyCounts,
  oneStreamLazyCounts: (options) => oneStreamLazyCounts(2, options),
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
