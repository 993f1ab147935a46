import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SimdBackend } from '../../src/backend.js';
import { SimdBackendError } from '../../src/errors.js';
import { Heap } from '../../src/heap.js';
import {
  type Call,
  type CompiledWasm,
  compileWasm,
  type Scratch,
  startThreads,
  type ThreadHost,
  type ThreadPool,
  threadHost,
} from '../../src/node.js';
import { numberStream, startSimd } from '../support.js';
import { buildTestModule } from './module.mjs';

const pageBytes = 65536;
/** What the module's own constants leave free. */
const start = pageBytes;
const cells = 2000;

let shared: CompiledWasm;
let own: CompiledWasm;
const pools: ThreadPool[] = [];

beforeAll(async () => {
  const builds = await buildTestModule();
  shared = await compileWasm(builds, { shared: true });
  own = await compileWasm(builds, { shared: false });
});
afterEach(() => {
  for (const pool of pools.splice(0)) pool.dispose();
});

interface Started {
  readonly pool: ThreadPool;
  readonly memory: WebAssembly.Memory;
  /** The numbers from `start` on. */
  readonly numbers: Int32Array;
}

async function startPool(
  threads: number,
  options: { readonly host?: ThreadHost | undefined; readonly stallMilliseconds?: number } = {},
): Promise<Started> {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 64, shared: true });
  const pool = await startThreads(shared.module, memory, { threads, host: threadHost, ...options });
  pools.push(pool);
  return { pool, memory, numbers: new Int32Array(memory.buffer, start, cells) };
}

const addressOf = (cell: number) => start + 4 * cell;

describe('a pool of threads', () => {
  it.each([2, 3, 5])(
    'makes every call exactly once, and its results are there: %i threads, 10,000 jobs',
    async (threads) => {
      const { pool, numbers } = await startPool(threads);
      expect(pool.threads).toBe(threads);
      const next = numberStream(threads);
      const expected = new Int32Array(cells);
      for (let job = 0; job < 10_000; job++) {
        const size = Math.floor(1 + 12 * next() ** 3);
        const first = Math.floor(next() * (cells - size));
        const calls = Array.from({ length: size }, (_, index) => [addressOf(first + index), job]);
        pool.run('count', calls);
        for (let cell = first; cell < first + size; cell++) {
          expected[cell]! += job;
          if (numbers[cell] !== expected[cell]) {
            expect.fail(`job ${job}: cell ${cell} is ${numbers[cell]}, not ${expected[cell]}`);
          }
        }
      }
      expect(numbers).toEqual(expected);
    },
  );

  it('makes more calls than fit into a job, and none of none', async () => {
    const { pool, numbers } = await startPool(2);
    for (const size of [254, 255, 256, 511, 1999]) {
      numbers.fill(0);
      pool.run(
        'count',
        Array.from({ length: size }, (_, cell) => [addressOf(cell), cell + 1]),
      );
      expect([...numbers]).toEqual(
        Array.from({ length: cells }, (_, cell) => (cell < size ? cell + 1 : 0)),
      );
    }
    pool.run('count', []);
  });

  it('gives each thread scratch of its own', async () => {
    const { pool, numbers } = await startPool(3);
    const bytes = 1024;
    const scratch: Scratch = { address: start + pageBytes, bytes };
    const seen = new Set<number>();
    for (let job = 1; job <= 200; job++) {
      const calls = Array.from({ length: 9 }, (_, cell) => [addressOf(cell), 10 * job + cell, 256]);
      pool.run('useScratch', calls, scratch);
      for (const address of numbers.subarray(0, 9)) seen.add(address);
    }
    const allowed = [0, 1, 2].map((thread) => scratch.address + thread * bytes);
    for (const address of seen) expect(allowed).toContain(address);
  });

  it('lets other threads take calls', async () => {
    const { pool, numbers } = await startPool(2);
    const scratch = { address: start + pageBytes, bytes: 64 };
    const call = [addressOf(0), 0, scratch.address];
    for (let job = 0; job < 50; job++) {
      numbers[0] = 0;
      // Never returns unless the second thread comes.
      pool.run('meet', [call, call], scratch);
    }
  });

  it('sees all of a memory that has grown', async () => {
    const { pool, memory } = await startPool(2);
    const scratch = { address: start, bytes: 64 };
    for (let grown = 0; grown < 40; grown++) {
      const before = memory.buffer.byteLength;
      memory.grow(1);
      const end = memory.buffer.byteLength;
      const places = Array.from({ length: 8 }, (_, index) => end - 64 * (index + 1));
      pool.run(
        'put',
        places.map((place, index) => [place, 1000 * grown + index]),
      );
      pool.run(
        'copy',
        places.map((place) => [place + 4, place, 4]),
      );
      // So that the second thread takes part for sure.
      new Int32Array(memory.buffer)[before / 4] = 0;
      const call = [before, 0, scratch.address];
      pool.run('meet', [call, call], scratch);
      const numbers = new Int32Array(memory.buffer);
      for (const [index, place] of places.entries()) {
        expect([numbers[place / 4], numbers[place / 4 + 1]]).toEqual(
          Array(2).fill(1000 * grown + index),
        );
      }
    }
  });

  it('works beside others', async () => {
    const [first, second] = [await startPool(2), await startPool(3)];
    const calls = Array.from({ length: 40 }, (_, cell) => [addressOf(cell), 1]);
    for (let job = 0; job < 300; job++) {
      first.pool.run('count', calls);
      if (job % 3 === 0) second.pool.run('count', calls);
    }
    expect([...first.numbers.subarray(0, 40)]).toEqual(Array(40).fill(300));
    expect([...second.numbers.subarray(0, 40)]).toEqual(Array(40).fill(100));
    first.pool.dispose();
    second.pool.run('count', calls);
    expect(second.numbers[0]).toBe(101);
  });
});

describe('a call that fails', () => {
  it.each([1, 2, 4])('is an error, after which %i threads work on', async (threads) => {
    const { pool, numbers } = await startPool(threads);
    const calls = Array.from({ length: 30 }, (_, index) => [index, 17]);
    for (let job = 0; job < 20; job++) {
      expect(() => pool.run('failAt', calls)).toThrow(SimdBackendError);
      pool.run('count', [
        [addressOf(0), 1],
        [addressOf(0), 1],
      ]);
    }
    expect(numbers[0]).toBe(40);
  });

  it('is told of by its message when it failed on another thread', async () => {
    const { pool, numbers } = await startPool(2);
    const scratch = { address: start + pageBytes, bytes: 64 };
    const call = [addressOf(0), 1, scratch.address];
    expect(() => pool.run('meet', [call, call], scratch)).toThrow(/thread .*unreachable/);
    numbers[0] = 0;
    const good = [addressOf(0), 0, scratch.address];
    pool.run('meet', [good, good], scratch);
  });

  it('leaves nothing behind when calls fail on every thread at once', async () => {
    const { pool, numbers } = await startPool(3);
    const bad = Array.from({ length: 60 }, () => [1, 1]);
    for (let job = 0; job < 50; job++) {
      expect(() => pool.run('failAt', bad)).toThrow(SimdBackendError);
      pool.run(
        'count',
        Array.from({ length: 6 }, () => [addressOf(0), 1]),
      );
    }
    expect(numbers[0]).toBe(300);
  });
});

describe('a thread that is lost', () => {
  it('is an error when it never returns, and so is everything after', async () => {
    const { pool } = await startPool(2, { stallMilliseconds: 300 });
    const scratch = { address: start + pageBytes, bytes: 64 };
    const call = [addressOf(0), scratch.address];
    expect(() => pool.run('strand', [call, call], scratch)).toThrow(
      /has not answered for 0\.3 seconds/,
    );
    expect(() => pool.run('count', [[addressOf(0), 1]])).toThrow(SimdBackendError);
  });
});

describe('where there can be no threads', () => {
  const calls = [
    [start, 1],
    [start, 2],
  ];
  const hosts: Record<string, ThreadHost | undefined> = {
    'without a host': undefined,
    'in a page that is not isolated': { ...threadHost, canShare: false },
    'where the host throws': {
      ...threadHost,
      start() {
        throw new Error('forbidden');
      },
    },
    'where a thread ends at once': {
      ...threadHost,
      start(_main, _data, { ended }) {
        queueMicrotask(() => ended(new Error('no memory')));
        return { stop() {} };
      },
    },
    'where the second thread does not start': {
      ...threadHost,
      start(main, data, events) {
        if (data.thread === 2) throw new Error('too many');
        return threadHost.start(main, data, events);
      },
    },
  };

  it.each(Object.entries(hosts))('there is one: %s', async (_name, host) => {
    const { pool, numbers } = await startPool(3, { host });
    expect(pool.threads).toBe(1);
    pool.run('count', calls);
    expect(numbers[0]).toBe(3);
  });

  it('there is one: over memory that is not shared', async () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 64 });
    const pool = await startThreads(own.module, memory, { threads: 2, host: threadHost });
    expect(pool.threads).toBe(1);
    pool.run('count', calls);
    expect(new Int32Array(memory.buffer)[start / 4]).toBe(3);
  });
});

describe('disposal', () => {
  it('ends the threads, and says so to who goes on', async () => {
    let stopped = 0;
    const host: ThreadHost = {
      ...threadHost,
      start(main, data, events) {
        const thread = threadHost.start(main, data, events);
        return {
          stop() {
            stopped++;
            thread.stop();
          },
        };
      },
    };
    const { pool } = await startPool(4, { host });
    pool.dispose();
    pool.dispose();
    expect(stopped).toBe(3);
    expect(() => pool.run('count', [[start, 1]])).toThrow(/disposed/);
  });
});

describe('the backend', () => {
  it('starts anew after it was removed, with other threads', async () => {
    for (const threads of [2, 1, 4, 2]) {
      const backend = await startSimd({ threads });
      expect(backend.threads).toBe(threads);
      const product = tf.tidy(() => tf.matMul(tf.ones([200, 200]), tf.ones([200, 200])).dataSync());
      expect(product.every((value) => value === 200)).toBe(true);
    }
    tf.removeBackend('simd');
  });

  it('has scratch for every thread, however few the calls', () => {
    const heap = new Heap();
    const jobs: { readonly calls: number; readonly room: number; readonly bytes: number }[] = [];
    const pool: ThreadPool = {
      threads: 4,
      functions: {},
      run(_name: string, calls: readonly Call[], scratch?: Scratch) {
        const block = heap.blocks().find((each) => each.start === scratch!.address)!;
        jobs.push({ calls: calls.length, room: block.size, bytes: scratch!.bytes });
      },
      dispose() {},
    };
    const backend = new SimdBackend({ heap, pool, relaxed: false, convolution: 'direct' });
    for (const calls of [1, 2, 3, 9]) backend.run('any', Array(calls).fill([0]), 100);
    for (const { calls, room, bytes } of jobs) {
      expect(bytes).toBeGreaterThanOrEqual(100);
      // Any thread may take any call, but a single one is made on the first.
      expect(room).toBeGreaterThanOrEqual(calls > 1 ? 4 * bytes : bytes);
    }
    expect(heap.bytesInUse).toBe(0);
  });
});
