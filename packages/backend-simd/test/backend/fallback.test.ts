import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runInFallback } from '../../src/fallback.js';
import { kernelsInFallback, type SimdBackend, SimdBackendError } from '../../src/index.js';
import { expectNumbers, expectSameAsPlain, startSimd } from '../support.js';

let backend: SimdBackend;

beforeEach(async () => {
  backend = await startSimd();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs something twice and asserts that the second time left nothing behind, in tfjs or the heap. */
function expectNoLeak(run: () => tf.TensorContainer): void {
  const round = () => tf.dispose(run());
  round();
  const dataIds = backend.numDataIds();
  const { numTensors, numDataBuffers } = tf.memory();
  const { bytesInUse } = backend.heap;
  round();
  expect(backend.numDataIds()).toBe(dataIds);
  expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  expect(backend.heap.bytesInUse).toBe(bytesInUse);
}

describe('kernelsInFallback', () => {
  it('lists, in order, kernels that tfjs has and training does not need', () => {
    const names = kernelsInFallback();
    expect(names).toEqual([...names].sort());
    expect(names).toContain('FFT');
    expect(names).toContain('NonMaxSuppressionV5');
    for (const name of names) expect(tf.getKernel(name, 'cpu'), name).toBeTruthy();
  });

  it('holds nothing that training draws on', () => {
    const needed = [
      ['Identity', 'Reshape', 'Cast', 'Fill', 'ZerosLike', 'OnesLike', 'OneHot'],
      ['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'Pow', 'SquaredDifference'],
      ['Greater', 'GreaterEqual', 'Less', 'Equal', 'LogicalAnd', 'Select', 'AddN'],
      ['Exp', 'Log', 'Sqrt', 'Rsqrt', 'Square', 'Tanh', 'Sigmoid', 'Relu', 'Relu6', 'Elu'],
      ['EluGrad', 'LeakyRelu', 'Prelu', 'Selu', 'Softplus', 'Step', 'Abs', 'Neg', 'ClipByValue'],
      ['Sum', 'Mean', 'Max', 'Min', 'ArgMax', 'Softmax', 'FusedBatchNorm', 'Transpose'],
      ['Concat', 'SplitV', 'Slice', 'StridedSlice', 'PadV2', 'Tile', 'GatherV2'],
      ['UnsortedSegmentSum', 'ResizeBilinear', 'ResizeBilinearGrad', 'ResizeNearestNeighbor'],
      ['ResizeNearestNeighborGrad', 'Pack', 'Unpack'],
    ].flat();
    const names = new Set(kernelsInFallback());
    expect(needed.filter((name) => names.has(name))).toEqual([]);
  });

  it('together with the native kernels covers every kernel of the plain backend', () => {
    for (const { kernelName } of tf.getKernelsForBackend('cpu')) {
      expect(tf.getKernel(kernelName, 'simd'), kernelName).toBeTruthy();
    }
  });
});

describe('a kernel in fallback', () => {
  it('does not greet', async () => {
    tf.env().set('IS_TEST', false);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    tf.dispose(tf.acos([0.5]));
    expect(warn).not.toHaveBeenCalled();
  });

  it('takes and gives every dtype', async () => {
    await expectSameAsPlain(
      [{ shape: [2, 3] }, { shape: [2, 3], dtype: 'int32' }, { shape: [2, 3], dtype: 'bool' }],
      (x, n, b) => [tf.atan(x!), tf.add(n!, tf.cast(b!, 'int32')), tf.add(b!, b!), tf.tan(x!)],
    );
  });

  it('takes and gives strings', () => {
    const words = tf.tensor1d(['b', 'a', 'b', 'čeština']);
    const { values, indices } = tf.unique(words);
    expect(values.dataSync()).toEqual(['b', 'a', 'čeština']);
    expect(Array.from(indices.dataSync())).toEqual([0, 1, 0, 2]);
    expect(tf.slice(words, [1], [2]).dataSync()).toEqual(['a', 'b']);
    expect(Array.from(tf.equal(words, 'b').dataSync())).toEqual([1, 0, 1, 0]);
    expectNoLeak(() => tf.unique(words));
  });

  it('takes and gives complex numbers', () => {
    const spectrum = tf.fft(tf.complex([1, 2, 3, 4], [0, 0, 0, 0]));
    expectNumbers(spectrum.dataSync(), [10, 0, -2, 2, -2, 0, -2, -2], 1e-6);
    const product = tf.mul(tf.complex([1], [2]), tf.complex([3], [4]));
    expectNumbers(product.dataSync(), [-5, 10], 0);
    const shaped = tf.reshape(tf.complex([1, 2], [3, 4]), [2, 1]);
    expect(tf.imag(tf.transpose(shaped)).shape).toEqual([1, 2]);
    expectNoLeak(() =>
      tf.tidy(() => {
        const z = tf.complex(tf.ones([4]), tf.zeros([4]));
        return [tf.fft(z), tf.mul(z, z), tf.real(z), tf.cast(z, 'float32'), z];
      }),
    );
    expectNoLeak(() => tf.tidy(() => tf.cast(tf.ones([3]), 'complex64')));
  });

  it('gives several outputs', () => {
    const boxes = tf.tensor2d([0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11], [3, 4]);
    const scores = tf.tensor1d([0.9, 0.75, 0.6]);
    const run = () => tf.image.nonMaxSuppressionWithScore(boxes, scores, 3, 0.5, 0, 0);
    const { selectedIndices, selectedScores } = run();
    expect(Array.from(selectedIndices!.dataSync())).toEqual([0, 2]);
    expectNumbers(selectedScores!.dataSync(), [0.9, 0.6], 1e-6);
    expectNoLeak(run);
  });

  it('may give back its very input', () => {
    // The plain Cast and Identity answer with the data of their input.
    const x = tf.tensor1d([1, 2, 3]);
    for (const [name, attrs] of [
      ['Identity', {}],
      ['Cast', { dtype: 'float32' }],
      ['Reshape', { shape: [3, 1] }],
    ] as const) {
      const output = runInFallback(name, { inputs: { x }, attrs, backend }) as tf.TensorInfo;
      expect(output.dataId).not.toBe(x.dataId);
      expectNumbers(backend.typedArrayFromHeap(output), [1, 2, 3], 0);
      backend.disposeIntermediateTensorInfo(output);
    }
    expectNumbers(x.dataSync(), [1, 2, 3], 0);
  });

  it('keeps outputs that are views of an input through the growth of the memory', async () => {
    backend = await startSimd({ maximumMemory: 2 ** 28 });
    const x = tf.ones([2 ** 20]);
    const before = backend.heap.bytesReserved;
    const held: tf.Tensor[] = [];
    while (backend.heap.bytesReserved === before) {
      const output = runInFallback('Identity', { inputs: { x }, attrs: {}, backend });
      const info = output as tf.TensorInfo;
      expect(backend.typedArrayFromHeap(info).every((value) => value === 1)).toBe(true);
      held.push(tf.engine().makeTensorFromTensorInfo(info, backend));
    }
    expect(tf.sum(held.at(-1)!).dataSync()[0]).toBe(2 ** 20);
    tf.dispose([x, ...held]);
  });

  it('replaces tensors among the attributes too', () => {
    const name = 'AttributeProbe';
    tf.registerKernel({
      kernelName: name,
      backendName: 'cpu',
      kernelFunc: ({ attrs, backend: plain }) => {
        const { nested } = attrs as unknown as { nested: { tensors: tf.TensorInfo[] } };
        const [tensor] = nested.tensors;
        const values = (plain as tf.MathBackendCPU).readSync(tensor!.dataId) as Float32Array;
        return (plain as tf.MathBackendCPU).makeTensorInfo(
          [2],
          'float32',
          values.map((v) => v + 1),
        );
      },
    });
    const x = tf.tensor1d([1, 2]);
    const attrs = { nested: { tensors: [x] } };
    const output = runInFallback(name, { inputs: {}, attrs, backend }) as tf.TensorInfo;
    expectNumbers(backend.typedArrayFromHeap(output), [2, 3], 0);
    tf.unregisterKernel(name, 'cpu');
  });

  it('leaves nothing behind, even when it throws', () => {
    const x = tf.tensor1d([1, 2, 3]);
    expectNoLeak(() => tf.acos(x));
    // The plain Abs and ComplexAbs make a tensor where others make a tensor info.
    expectNoLeak(() => tf.tidy(() => tf.abs(tf.complex(x, x))));
    const dataIds = backend.numDataIds();
    const { bytesInUse } = backend.heap;
    expect(() =>
      runInFallback('Reshape', { inputs: { x }, attrs: { shape: [7] }, backend }),
    ).toThrow();
    expect(backend.numDataIds()).toBe(dataIds);
    expect(backend.heap.bytesInUse).toBe(bytesInUse);
  });

  it('says what to do when the plain kernel is missing', () => {
    expect(() => runInFallback('NoSuchKernel', { inputs: {}, attrs: {}, backend })).toThrow(
      SimdBackendError,
    );
    expect(() => runInFallback('NoSuchKernel', { inputs: {}, attrs: {}, backend })).toThrow(
      /Kernel 'NoSuchKernel' is neither native .* nor registered for 'cpu'/,
    );
  });
});
