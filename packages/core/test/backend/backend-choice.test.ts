import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BackendCandidate,
  BackendMissingError,
  chooseBackend,
  startRegistered,
} from '../../src/backend-choice.js';
import { InvalidArgumentError, NnLabError } from '../../src/errors.js';
import { nodeBackends, useBackend } from '../../src/node/backend.js';

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  await tf.setBackend('cpu');
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A stand-in for a native addon: registers the plain backend under the addon's name. */
function fakeAddon(change: (backend: { isUsingGpuDevice?: boolean }) => void = () => {}) {
  const cpuFactory = tf.findBackendFactory('cpu');
  tf.registerBackend('tensorflow', () => {
    const backend = cpuFactory() as ReturnType<typeof cpuFactory> & { isUsingGpuDevice?: boolean };
    change(backend as { isUsingGpuDevice?: boolean });
    return backend;
  });
  tf.copyRegisteredKernels('cpu', 'tensorflow');
}

afterEach(() => {
  if (!tf.findBackendFactory('tensorflow')) return;
  for (const { kernelName } of tf.getKernelsForBackend('tensorflow')) {
    tf.unregisterKernel(kernelName, 'tensorflow');
  }
  tf.removeBackend('tensorflow');
});

const notInstalled = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /somewhere/backend.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });

/** Node with these modules and no others; an error is thrown when its module is imported. */
function surroundings(modules: Record<string, (() => unknown) | Error>, nodeVersion = '20.20.0') {
  return {
    nodeVersion,
    async importSimd() {
      const broken = modules.simd;
      if (broken instanceof Error) throw broken;
      return import('@nn-lab/backend-simd/node');
    },
    async importAccelerator(name: string) {
      const module = modules[name];
      if (module instanceof Error) throw module;
      if (module) return module();
      throw notInstalled(name);
    },
  };
}

const choose = (
  modules: Record<string, (() => unknown) | Error>,
  options: { backend?: 'auto' | 'tensorflow' | 'simd' | 'cpu'; threads?: number } = {},
  nodeVersion?: string,
) =>
  chooseBackend(
    options.backend ?? 'auto',
    nodeBackends(options, surroundings(modules, nodeVersion)),
  );

const gpu = '@tensorflow/tfjs-node-gpu';
const native = '@tensorflow/tfjs-node';

describe('the choice of a backend in Node', () => {
  it('is simd where no accelerator is installed, with the way to a faster one', async () => {
    const chosen = await choose({});
    expect(chosen).toEqual({
      name: 'simd',
      description: 'WebAssembly SIMD',
      threads: availableParallelism(),
      hint: expect.stringContaining('npm i @tensorflow/tfjs-node'),
      notes: [],
    });
    expect(tf.getBackend()).toBe('simd');
  });

  it('gives no hint that would not work: Node 23 and later', async () => {
    expect((await choose({}, {}, '23.1.0')).hint).toBeUndefined();
    expect((await choose({}, {}, '22.12.0')).hint).toBeDefined();
  });

  it('is TensorFlow on a GPU before all others', async () => {
    const chosen = await choose({
      [gpu]: () => fakeAddon((backend) => Object.assign(backend, { isUsingGpuDevice: true })),
      [native]: () => expect.fail('the addon for the CPU is not needed'),
    });
    expect(chosen).toMatchObject({
      name: 'tensorflow',
      description: 'TensorFlow on a CUDA GPU',
      hint: undefined,
      notes: [],
    });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('is native TensorFlow where there is no GPU, and says why', async () => {
    const chosen = await choose({ [gpu]: () => fakeAddon() });
    expect(chosen).toMatchObject({ name: 'tensorflow', description: 'native TensorFlow' });
    expect(chosen.notes).toEqual([expect.stringMatching(/found no CUDA GPU.*nvidia-smi/)]);
  });

  it('falls from a broken addon for the GPU to the one for the CPU', async () => {
    const chosen = await choose({
      [gpu]: new Error('libcudart.so.11.0: cannot open shared object file: No such file'),
      [native]: () => fakeAddon(),
    });
    expect(chosen).toMatchObject({ name: 'tensorflow', description: 'native TensorFlow' });
    expect(chosen.notes).toEqual([
      `${gpu} is installed but does not start: libcudart.so.11.0 of CUDA is not found. Install the NVIDIA driver with CUDA and cuDNN, or use @tensorflow/tfjs-node.`,
    ]);
  });

  it.each<[string, Error, RegExp]>([
    [
      // As thrown by tfjs-node 4.22 when its installation could not download the addon.
      'without its addon',
      new Error(
        `The Node.js native addon module (tfjs_binding.node) can not be found at path: /x/lib/napi-v8/tfjs_binding.node. \nPlease run command 'npm rebuild ...`,
      ),
      /native addon is missing for Node 20\.20\.0\. Try: npm rebuild @tensorflow\/tfjs-node --build/,
    ],
    [
      'built for another Node',
      Object.assign(
        new Error(
          `The module '/x/tfjs_binding.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 93.`,
        ),
        { code: 'ERR_DLOPEN_FAILED' },
      ),
      /was built for another Node than 20\.20\.0/,
    ],
    [
      'without its library',
      Object.assign(
        new Error('libtensorflow.so.2: cannot open shared object file: No such file or directory'),
        { code: 'ERR_DLOPEN_FAILED' },
      ),
      /the TensorFlow library is missing/,
    ],
    [
      'with a dependency missing',
      Object.assign(new Error("Cannot find module '@mapbox/node-pre-gyp'\nRequire stack:\n- x"), {
        code: 'MODULE_NOT_FOUND',
      }),
      /does not start: Cannot find module '@mapbox\/node-pre-gyp'\. Try: npm rebuild/,
    ],
  ])('falls through to simd from an addon %s, in one line', async (_what, error, reason) => {
    const chosen = await choose({ [native]: error });
    expect(chosen.name).toBe('simd');
    expect(chosen.notes).toEqual([expect.stringMatching(reason)]);
    expect(chosen.notes[0]).not.toContain('\n');
  });

  it('falls through from an addon that fails at its first operation: Node 23', async () => {
    const chosen = await choose(
      {
        [native]: () => {
          fakeAddon();
          tf.unregisterKernel('BatchMatMul', 'tensorflow');
          tf.registerKernel({
            kernelName: 'BatchMatMul',
            backendName: 'tensorflow',
            kernelFunc: () => {
              throw new TypeError('(0 , util_1.isNullOrUndefined) is not a function');
            },
          });
        },
      },
      {},
      '23.1.0',
    );
    expect(chosen.name).toBe('simd');
    expect(chosen.notes).toEqual([
      `${native} is installed but does not start: it does not run on Node 23.1.0. Use Node 22 or older, or remove the package.`,
    ]);
    expect(tf.getBackend()).toBe('simd');
  });

  it('falls through from an addon that computes wrongly', async () => {
    const chosen = await choose({
      [native]: () => {
        fakeAddon();
        tf.unregisterKernel('BatchMatMul', 'tensorflow');
        tf.registerKernel({
          kernelName: 'BatchMatMul',
          backendName: 'tensorflow',
          kernelFunc: () => tf.zeros([2, 1]),
        });
      },
    });
    expect(chosen.name).toBe('simd');
    expect(chosen.notes[0]).toContain('computes wrongly: expected 76,108, but got 0,0');
  });

  it('is plain JavaScript where WebAssembly SIMD is missing too', async () => {
    const chosen = await choose({
      simd: new Error('This runtime has no WebAssembly SIMD.'),
    });
    expect(chosen).toMatchObject({
      name: 'cpu',
      notes: ['This runtime has no WebAssembly SIMD.'],
    });
  });

  it('takes a name at its word, or fails and leaves the old backend', async () => {
    expect((await choose({}, { backend: 'cpu' })).name).toBe('cpu');
    expect(await choose({}, { backend: 'simd' })).toMatchObject({
      name: 'simd',
      hint: undefined,
      notes: [],
    });
    const refused = choose({}, { backend: 'tensorflow' });
    await expect(refused).rejects.toThrow(NnLabError);
    await expect(refused).rejects.toThrow(
      /'tensorflow' cannot be used: .*npm i @tensorflow\/tfjs-node-gpu .*npm i @tensorflow\/tfjs-node$/,
    );
    await expect(
      choose(
        {
          [native]: new Error(
            'The Node.js native addon module (tfjs_binding.node) can not be found',
          ),
        },
        { backend: 'tensorflow' },
      ),
    ).rejects.toThrow(/'tensorflow' cannot be used: .*native addon is missing/);
    expect(tf.getBackend()).toBe('simd');
  });

  it('refuses names and threads that there are not', async () => {
    await expect(choose({}, { backend: 'webgl' as 'cpu' })).rejects.toThrow(
      /\(auto, tensorflow, simd, cpu\), but got 'webgl'/,
    );
    await expect(useBackend({ threads: 0 })).rejects.toThrow(InvalidArgumentError);
  });

  it('computes on as many threads as it is told', async () => {
    for (const threads of [1, 3]) {
      if (tf.findBackend('simd')) tf.removeBackend('simd');
      const chosen = await choose({}, { threads });
      expect(chosen).toMatchObject({ name: 'simd', threads, notes: [] });
      expect((tf.backend() as unknown as { threads: number }).threads).toBe(threads);
    }
    const running = await choose({}, { threads: 3 });
    expect(running).toMatchObject({ threads: 3, notes: [] });
    tf.removeBackend('simd');
  });

  it('says when threads are not to be had', async () => {
    if (tf.findBackend('simd')) tf.removeBackend('simd');
    const simd = await import('@nn-lab/backend-simd');
    const withoutThreads = { ...simd, useSimdBackend: () => simd.useSimdBackend({ threads: 1 }) };
    const { threads, notes } = await chooseBackend(
      'simd',
      nodeBackends({ threads: 4 }, { ...surroundings({}), importSimd: async () => withoutThreads }),
    );
    expect(threads).toBe(1);
    expect(notes).toEqual([
      expect.stringMatching(/^The simd backend computes on one thread, not on 4: .*memory/),
    ]);
    tf.removeBackend('simd');
  });
});

describe('useBackend', () => {
  it('starts what really is installed here, and prints nothing', async () => {
    const { name } = await useBackend();
    expect(['tensorflow', 'simd']).toContain(name);
    expect(tf.getBackend()).toBe(name);
    await useBackend({ backend: 'cpu' });
    tf.tidy(() => tf.ones([2]));
    expect(tf.getBackend()).toBe('cpu');
    expect(console.warn).not.toHaveBeenCalled();
  });
});

describe('calls of useBackend that overlap', () => {
  beforeEach(() => {
    if (tf.findBackendFactory('simd')) tf.removeBackend('simd');
  });

  it.each([2, 3, 5])('all have the same one: %i', async (count) => {
    const chosen = await Promise.all(Array.from({ length: count }, () => useBackend()));
    expect(chosen).toEqual(Array.from(chosen, () => chosen[0]));
    expect(chosen[0]!.name).toBe(tf.getBackend());
    expect(tf.getBackend()).not.toBe('cpu');
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
  });

  it('do not fall to a slower one for want of the threads that they ask for', async () => {
    const [one, three] = await Promise.all([
      choose({}, { threads: 1 }),
      choose({}, { threads: 3 }),
    ]);
    expect(one).toMatchObject({ name: 'simd', threads: 1, notes: [] });
    expect(three).toMatchObject({
      name: 'simd',
      threads: 1,
      notes: [expect.stringContaining('runs already with other options')],
    });
    await expect(choose({}, { backend: 'simd', threads: 3 })).rejects.toThrow(
      /runs already with other options/,
    );
    expect(tf.getBackend()).toBe('simd');
    tf.removeBackend('simd');
  });

  it('end on the last one that was asked for, whatever fails between', async () => {
    const outcomes = await Promise.allSettled([
      choose({}),
      choose({}, { backend: 'tensorflow' }),
      choose({}, { backend: 'cpu' }),
      choose({}),
    ]);
    expect(outcomes.map((it) => (it.status === 'fulfilled' ? it.value.name : it.status))).toEqual([
      'simd',
      'rejected',
      'cpu',
      'simd',
    ]);
    expect(tf.getBackend()).toBe('simd');
  });
});

describe('chooseBackend', () => {
  const candidate = (name: BackendCandidate['name'], error?: Error): BackendCandidate => ({
    name,
    hint: `how to have ${name}`,
    async start() {
      if (error) throw error;
      return { description: name, threads: 1 };
    },
  });

  it('hints at the fastest that is missing, not at one that is broken', async () => {
    const chosen = await chooseBackend('auto', [
      candidate('webgpu', new NnLabError('no device.')),
      candidate('webgl', new BackendMissingError('not there.')),
      candidate('simd'),
    ]);
    expect(chosen).toMatchObject({
      name: 'simd',
      hint: 'how to have webgl',
      notes: ['no device.'],
    });
  });

  it('fails when nothing starts', async () => {
    const nothing = chooseBackend('auto', [candidate('cpu', new NnLabError('broken.'))]);
    await expect(nothing).rejects.toThrow('No backend can be used: broken.');
  });
});

it('startRegistered leaves no tensor behind', async () => {
  await startRegistered('cpu');
  const before = tf.memory().numTensors;
  await startRegistered('cpu');
  expect(tf.memory().numTensors).toBe(before);
  await expect(startRegistered('quantum')).rejects.toThrow();
});
