import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Progress, Work } from '../src/work.js';

/** A clock that the test moves, so that no machine is too slow for it. */
function fakeClock() {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return (milliseconds: number) => {
    now += milliseconds;
  };
}

afterEach(() => vi.restoreAllMocks());

describe('Work', () => {
  it('lets timers turn when 16 ms have passed, and not before', async () => {
    const pass = fakeClock();
    let turned = 0;
    const timer = setInterval(() => turned++, 1);
    const work = new Work();
    work.begin('counting', 1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    turned = 0;
    for (let done = 0; done < 100; done++) {
      pass(0.1);
      await work.reach(done);
    }
    expect(turned).toBe(0);
    // setImmediate gives the timers their turn only when they are due by the real clock.
    for (let done = 0; turned === 0 && done < 1e6; done++) {
      pass(16);
      expect(work.isDue).toBe(true);
      await work.reach(done);
      expect(work.isDue).toBe(false);
    }
    expect(turned).toBeGreaterThan(0);
    clearInterval(timer);
  });

  it('tells of the progress with each turn and at the end of a stage', async () => {
    const pass = fakeClock();
    const told: Progress[] = [];
    const work = new Work({ onProgress: (progress) => void told.push(progress) });
    work.begin('reading', 4);
    for (let done = 1; done <= 4; done++) {
      pass(done === 2 ? 20 : 1);
      await work.reach(done);
    }
    work.begin('writing', 1);
    await work.reach(1);
    expect(told).toEqual([
      { stage: 'reading', done: 2, total: 4 },
      { stage: 'reading', done: 4, total: 4 },
      { stage: 'writing', done: 1, total: 1 },
    ]);
  });

  it('stops with the reason of the signal, at once or between', async () => {
    const reason = new Error('enough');
    expect(() => new Work({ signal: AbortSignal.abort(reason) })).toThrow(reason);
    const stop = new AbortController();
    const work = new Work({ signal: stop.signal });
    work.begin('counting', 10);
    await work.reach(1);
    stop.abort(reason);
    await expect(work.reach(2)).rejects.toBe(reason);
    await expect(work.turn()).rejects.toBe(reason);
  });

  it('stops when a listener of the progress aborts or throws', async () => {
    const stop = new AbortController();
    const aborting = new Work({ signal: stop.signal, onProgress: () => stop.abort('mine') });
    aborting.begin('counting', 1);
    await expect(aborting.reach(1)).rejects.toBe('mine');
    const throwing = new Work({
      onProgress: () => {
        throw new RangeError('of the caller');
      },
    });
    throwing.begin('counting', 1);
    await expect(throwing.reach(1)).rejects.toThrow(new RangeError('of the caller'));
  });

  it('turns without setImmediate too, as in a browser', async () => {
    const pass = fakeClock();
    vi.stubGlobal('setImmediate', undefined);
    try {
      let turned = false;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        turned = true;
      };
      port2.postMessage(null);
      const work = new Work();
      pass(16);
      await work.reach(0);
      for (let more = 0; !turned && more < 1000; more++) await work.turn();
      expect(turned).toBe(true);
      port1.close();
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
