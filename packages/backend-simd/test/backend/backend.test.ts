import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  kernelsInFallback,
  registerSimdBackend,
  type SimdBackend,
  SimdBackendError,
  type SimdBackendOptions,
  SimdMemoryError,
  useSimdBackend,
} from '../../src/index.js';
import { expectNumbers, startSimd } from '../support.js';

let backend: SimdBackend;

beforeEach(async () => {
  backend = await startSimd();
  tf.engine().startScope();
});

afterEach(() => {
  tf.engine().endScope();
});

describe('starting the backend', () => {
  it('makes it the current one, again and again', async () => {
    await useSimdBackend();
    expect(tf.getBackend()).toBe('simd');
    expect(tf.backend()).toBe(backend);
  });

  it('refuses other options while it runs, and takes them after it is removed', async () => {
    await expect(useSimdBackend({ relaxed: false })).rejects.toThrow(
      "The simd backend runs already with other options: call useSimdBackend once, or tf.removeBackend('simd') first.",
    );
    tf.removeBackend('simd');
    await useSimdBackend({ relaxed: false });
    expect((tf.backend() as SimdBackend).relaxed).toBe(false);
  });

  it('passes on why the runtime gives it no memory, and starts later', async () => {
    tf.removeBackend('simd');
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(() => {
      throw new RangeError('could not allocate memory');
    });
    const failed = useSimdBackend({ maximumMemory: 2 ** 31 });
    await expect(failed).rejects.toThrow(
      'The runtime refused a WebAssembly memory of at most 2147483648 bytes: ' +
        'pass a smaller maximumMemory to useSimdBackend.',
    );
    vi.restoreAllMocks();
    await useSimdBackend({ maximumMemory: 2 ** 24 });
    expect(tf.memory()).toMatchObject({ heapBytesLimit: 2 ** 24 });
  });

  describe('by calls that overlap', () => {
    /** Counts the memories that starts make, and refuses the first ones. */
    function memories({ refused = 0 } = {}) {
      const { Memory } = WebAssembly;
      const made = vi.spyOn(WebAssembly, 'Memory');
      // biome-ignore lint/complexity/useArrowFunction: it is called with `new`
      return made.mockImplementation(function (descriptor) {
        if (made.mock.calls.length <= refused) throw new RangeError('could not allocate memory');
        return new Memory(descriptor);
      });
    }

    beforeEach(() => {
      tf.removeBackend('simd');
      vi.spyOn(console, 'warn').mockImplementation(() => {});
    });
    afterEach(() => {
      vi.restoreAllMocks();
    });

    it('shares one start', async () => {
      const started = memories();
      await Promise.all([useSimdBackend(), useSimdBackend({}), useSimdBackend()]);
      expect(tf.getBackend()).toBe('simd');
      expectNumbers(tf.add(1, 2).dataSync(), [3], 0);
      expect(started).toHaveBeenCalledOnce();
    });

    it('shares one start with a call of tfjs itself', async () => {
      const started = memories();
      registerSimdBackend();
      await Promise.all([tf.setBackend('simd'), tf.setBackend('simd'), useSimdBackend()]);
      expect(tf.getBackend()).toBe('simd');
      expectNumbers(tf.add(1, 2).dataSync(), [3], 0);
      expect(started).toHaveBeenCalledOnce();
    });

    it('gives the first its options and refuses others', async () => {
      const calls = [{ relaxed: false }, { relaxed: true }, {}].map((options) =>
        useSimdBackend(options),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((tf.backend() as SimdBackend).relaxed).toBe(false);
    });

    it('starts for those that follow one that fails, and forgets its options', async () => {
      await tf.setBackend('cpu');
      memories({ refused: 1 });
      const failing = useSimdBackend({ maximumMemory: 2 ** 25 });
      const following = useSimdBackend();
      await expect(failing).rejects.toThrow(SimdMemoryError);
      await following;
      expect(tf.getBackend()).toBe('simd');
      expect(tf.memory()).toMatchObject({ heapBytesLimit: 65_535 * 65_536 });
    });

    it('leaves the backend that was current when it fails', async () => {
      await tf.setBackend('cpu');
      memories({ refused: 2 });
      const calls = await Promise.allSettled([useSimdBackend(), useSimdBackend()]);
      expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(tf.getBackend()).toBe('cpu');
      expectNumbers(tf.add(1, 2).dataSync(), [3], 0);
    });

    it('starts anew when it was removed during a start, or disposed after it', async () => {
      const removed = useSimdBackend();
      await Promise.resolve();
      tf.removeBackend('simd');
      const again = useSimdBackend();
      await expect(removed).rejects.toThrow(/was removed or another was set meanwhile/);
      await again;
      expectNumbers(tf.add(1, 2).dataSync(), [3], 0);
      const before = tf.backend();
      (before as SimdBackend).dispose();
      await useSimdBackend();
      expect(tf.backend()).not.toBe(before);
      expectNumbers(tf.add(1, 2).dataSync(), [3], 0);
    });

    it('is the current one even if another is set during the start', async () => {
      const using = useSimdBackend();
      await Promise.resolve();
      await tf.setBackend('cpu');
      await using;
      expect(tf.getBackend()).toBe('simd');
      expect(tf.backend()).toBe(tf.engine().registry.simd);
    });
  });

  it.each<[string, SimdBackendOptions, RegExp]>([
    [
      'a relaxed that is no boolean',
      { relaxed: 1 as never },
      /relaxed must be true or false, got 1/,
    ],
    ['too little memory', { maximumMemory: 1024 }, /from 2\*\*24 \(16 MiB\).*got 1024/],
    ['too much memory', { maximumMemory: 2 ** 33 }, /to 2\*\*32 \(4 GiB\), got 8589934592/],
    ['no number', { maximumMemory: Number.NaN }, /got NaN/],
    [
      'what is no option',
      { thread: 1 } as SimdBackendOptions,
      /^Unknown option `thread`\. The options are `threads`, `relaxed`/,
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => registerSimdBackend(options)).toThrow(SimdBackendError);
    expect(() => registerSimdBackend(options)).toThrow(message);
  });
});

describe('holding tensors', () => {
  it('keeps every dtype as it came', async () => {
    const values = {
      float32: new Float32Array([1.5, -2, Number.NaN]),
      int32: new Int32Array([1, -2, 2147483647]),
      bool: new Uint8Array([1, 0, 1]),
    };
    for (const [dtype, array] of Object.entries(values)) {
      const x = tf.tensor(array, [3], dtype as tf.DataType);
      expect(x.dataSync()).toEqual(array);
      expect(await x.data()).toEqual(array);
      expect(backend.pointer(x) % 64).toBe(0);
      x.dispose();
    }
    expect(tf.tensor(['a', 'ž']).dataSync()).toEqual(['a', 'ž']);
    expectNumbers(tf.complex([1, 2], [3, 4]).dataSync(), [1, 3, 2, 4], 0);
    expect(tf.zeros([0, 4]).dataSync()).toEqual(new Float32Array(0));
  });

  it('gives out copies: the reader cannot change the tensor, nor the writer later', () => {
    const source = new Float32Array([1, 2]);
    const x = tf.tensor1d(source);
    source[0] = 9;
    x.dataSync()[1] = 9;
    expectNumbers(x.dataSync(), [1, 2], 0);
  });

  it('frees what is disposed, with the last reference', () => {
    const { bytesInUse } = backend.heap;
    const x = tf.ones([1000]);
    const view = tf.reshape(x, [10, 100]);
    expect(backend.heap.bytesInUse).toBe(bytesInUse + 4032);
    expect(backend.refCount(x.dataId)).toBe(2);
    x.dispose();
    expect(backend.heap.bytesInUse).toBe(bytesInUse + 4032);
    view.dispose();
    expect(backend.heap.bytesInUse).toBe(bytesInUse);
    expect(backend.refCount(x.dataId)).toBe(0);
    const z = tf.complex([1], [2]);
    z.dispose();
    expect(backend.heap.bytesInUse).toBe(bytesInUse);
  });

  it('moves tensors from and to another backend', async () => {
    await tf.setBackend('cpu');
    const x = tf.tensor1d([1, 2, 3]);
    const z = tf.complex([1, 2], [3, 4]);
    const words = tf.tensor1d(['a', 'b']);
    await tf.setBackend('simd');
    expectNumbers(tf.add(x, 1).dataSync(), [2, 3, 4], 0);
    expectNumbers(tf.imag(z).dataSync(), [3, 4], 0);
    expect(tf.slice(words, [1], [1]).dataSync()).toEqual(['b']);
    const y = tf.tensor1d([4, 5], 'int32');
    await tf.setBackend('cpu');
    expectNumbers(tf.add(y, 1).dataSync(), [5, 6], 0);
    expectNumbers(tf.sub(x, 1).dataSync(), [0, 1, 2], 0);
    await tf.setBackend('simd');
  });

  it('times and profiles', async () => {
    const timing = await tf.time(() => tf.tidy(() => tf.ones([100, 100]).exp().sum()));
    expect(timing.kernelMs).toBeGreaterThan(0);
    const profile = await tf.profile(() => tf.tidy(() => tf.ones([3]).square().sum()));
    expect(profile.kernelNames).toEqual(expect.arrayContaining(['Square', 'Sum']));
    expect(tf.memory()).toMatchObject({
      unreliable: false,
      heapBytesReserved: backend.heap.bytesReserved,
      heapBytesLimit: 65_535 * 65_536,
    });
    expect(backend.floatPrecision()).toBe(32);
    expect(backend.epsilon()).toBe(1e-7);
  });

  it('says that it has no GPU data', () => {
    expect(() => tf.ones([1]).dataToGPU()).toThrow(/runs on the CPU: it has no GPU data/);
    expect(() => backend.createTensorFromGPUData()).toThrow(/cannot use a GPU buffer or texture/);
  });
});

describe('running out of memory', () => {
  it('ends an operation in one clear error and leaves the backend usable', async () => {
    backend = await startSimd({ maximumMemory: 2 ** 25 });
    const x = tf.ones([3 * 2 ** 20]);
    let error: unknown;
    try {
      tf.tidy(() => tf.concat([x, x, x]));
    } catch (thrown) {
      error = thrown;
    }
    expect(SimdMemoryError.isInstance(error)).toBe(true);
    expect((error as Error).message).toMatch(
      /37748736 bytes wanted, \d+ in use, the limit is 33554432 bytes\. Use a smaller batch/,
    );
    expect(tf.tidy(() => tf.sum(x).dataSync()[0])).toBe(3 * 2 ** 20);
    x.dispose();
  });
});

describe('training', () => {
  const optimizers: Record<string, () => tf.Optimizer> = {
    sgd: () => tf.train.sgd(0.1),
    momentum: () => tf.train.momentum(0.1, 0.9),
    adagrad: () => tf.train.adagrad(0.1),
    adadelta: () => tf.train.adadelta(1),
    adam: () => tf.train.adam(0.05),
    adamax: () => tf.train.adamax(0.05),
    rmsprop: () => tf.train.rmsprop(0.01),
    'rmsprop, centred': () => tf.train.rmsprop(0.01, 0.9, 0.1, 1e-7, true),
  };

  it.each(Object.keys(optimizers))(
    'with %s takes the same steps as plain JavaScript, in constant memory',
    async (name) => {
      const train = async (backendName: string) => {
        await tf.setBackend(backendName);
        const w = tf.variable(tf.tensor2d([0.1, -0.2, 0.3, 0.4, -0.5, 0.6], [3, 2]));
        const b = tf.variable(tf.zeros([2]));
        const x = tf.tensor2d([1, 2, 3, -1, 0.5, 2, 0, 1, -2, 3, 1, 1], [4, 3]);
        const y = tf.tensor2d([1, 0, 0, 1, 1, 1, 0, 0], [4, 2]);
        const optimizer = optimizers[name]!();
        const footprints: unknown[] = [];
        for (let step = 0; step < 6; step++) {
          optimizer.minimize(() =>
            tf.mean(tf.squaredDifference(y, tf.sigmoid(tf.add(tf.matMul(x, w), b)))).asScalar(),
          );
          const { numTensors, numBytes } = tf.memory();
          const { heapBytesInUse, heapBytesReserved } = tf.memory() as unknown as Record<
            string,
            number
          >;
          footprints.push({ numTensors, numBytes, heapBytesInUse, heapBytesReserved });
        }
        const result = [...w.dataSync(), ...b.dataSync()];
        optimizer.dispose();
        tf.dispose([w, b, x, y]);
        return { result, footprints };
      };
      const actual = await train('simd');
      // The second step is the first for which every slot of the optimizer exists.
      for (const footprint of actual.footprints.slice(2)) {
        expect(footprint).toEqual(actual.footprints[1]);
      }
      const expected = await train('cpu');
      await tf.setBackend('simd');
      expectNumbers(actual.result, expected.result, 2e-5);
    },
  );

  it('uses no kernel in fallback for a network with its optimizer', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [8], units: 16, activation: 'relu' }),
        tf.layers.batchNormalization(),
        tf.layers.dropout({ rate: 0.3, seed: 1 }),
        tf.layers.dense({ units: 10, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    const x = tf.ones([12, 8]);
    const y = tf.oneHot(tf.range(0, 12, 1, 'int32').mod(tf.scalar(10, 'int32')), 10);
    await model.trainOnBatch(x, y);
    const { heapBytesInUse, numTensors } = tf.memory() as unknown as Record<string, number>;
    const profile = await tf.profile(async () => {
      await model.trainOnBatch(x, y);
      return tf.scalar(0);
    });
    const slow = new Set(kernelsInFallback());
    expect(profile.kernelNames.filter((kernelName) => slow.has(kernelName))).toEqual([]);
    tf.dispose(profile.result);
    for (let step = 0; step < 3; step++) await model.trainOnBatch(x, y);
    expect(tf.memory()).toMatchObject({ heapBytesInUse, numTensors });
    model.dispose();
    tf.dispose([x, y]);
  });
});
