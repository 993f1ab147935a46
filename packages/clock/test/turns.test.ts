import { createRandom } from '@nn-lab/core/random';
import type { Progress, WorkOptions } from '@nn-lab/core/work';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  buildCourseTwoHeadNetwork,
  courseBatches,
  courseTestPictures,
  freshCourseBatches,
} from '../src/course/index.js';
import { buildReaderNetwork, readerBatches } from '../src/reader/index.js';
import { ClockSequence, renderClock, renderClocks } from '../src/renderer/index.js';
import { renderTimedPictures } from '../src/timed-pictures.js';

const works: Record<string, (options: WorkOptions) => Promise<unknown>> = {
  renderClocks: (options) => renderClocks(12, createRandom(1), { size: 8, ...options }),
  renderTimedPictures: (options) => renderTimedPictures(12, { size: 8, ...options }),
  courseTestPictures: (options) => courseTestPictures(12, { size: 8, count: 60, ...options }),
};

afterEach(() => vi.restoreAllMocks());

/** Makes each look at the clock come 20 ms after the last, so that a turn is due at every chance. */
function hasten() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
}

describe.each(Object.entries(works))('%s', (_, run) => {
  it('gives others a turn, in which they can stop it', async () => {
    hasten();
    const reason = new Error('enough');
    const stop = new AbortController();
    setImmediate(() => stop.abort(reason));
    await expect(run({ signal: stop.signal })).rejects.toBe(reason);
    await expect(run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('comes to the same in the smallest parts, and tells how far it is', async () => {
    const whole = await run({});
    hasten();
    const told: Progress[] = [];
    expect(await run({ onProgress: (progress) => void told.push(progress) })).toEqual(whole);
    expect(told.map(({ done }) => done)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(told.at(-1)).toEqual({ stage: 'rendering', done: 12, total: 12 });
  });
});

describe('an option that is unknown', () => {
  const reader = { seed: 1, stream: 'train', batchSize: 2, batchesPerEpoch: 1 };
  const course = { batchesPerEpoch: 1 };
  it.each<[string, (options: object) => unknown]>([
    ['renderClock', (options) => renderClock({ hour: 1, minute: 2 }, {}, options)],
    ['renderClocks', (options) => renderClocks(1, createRandom(1), options)],
    ['renderTimedPictures', (options) => renderTimedPictures(1, options)],
    ['courseTestPictures', (options) => courseTestPictures(1, options)],
    ['ClockSequence', (options) => new ClockSequence(createRandom(1), options)],
    ['courseBatches', (options) => courseBatches(options)],
    ['freshCourseBatches', (options) => freshCourseBatches({ ...course, ...options })],
    ['readerBatches', (options) => readerBatches({ ...reader, ...options })],
    ['buildReaderNetwork', (options) => buildReaderNetwork(options)],
    ['buildCourseTwoHeadNetwork', (options) => buildCourseTwoHeadNetwork(options)],
  ])('is refused by name: %s', async (_, call) => {
    const calling = Promise.resolve({ colour: true }).then(call);
    await expect(calling).rejects.toThrow('Unknown option `colour`');
  });
});
