import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimdMemoryError } from '../../src/index.js';
import { startSimd } from '../support.js';

/** The bytes and tensors that a function leaves behind when it throws `error`. */
function leftBehind(run: () => void, error: RegExp | typeof SimdMemoryError) {
  const before = tf.memory() as tf.MemoryInfo & { heapBytesInUse: number };
  expect(() => tf.tidy(run)).toThrow(error as RegExp);
  const after = tf.memory() as typeof before;
  return {
    bytes: after.heapBytesInUse - before.heapBytesInUse,
    tensors: after.numTensors - before.numTensors,
    dataIds: after.numDataBuffers - before.numDataBuffers,
  };
}

const nothing = { bytes: 0, tensors: 0, dataIds: 0 };
const indices = () => tf.tensor2d([[9]], [1, 1], 'int32');
const row = () => tf.ones([1, 100]);
const table = () => tf.ones([4, 100]);

describe('a kernel that throws', () => {
  beforeAll(async () => {
    await startSimd({ threads: 1 });
  });

  it.each<[name: string, run: () => void, error: RegExp]>([
    ['gatherND', () => tf.gatherND(table(), indices()), /does not index into/],
    ['scatterND', () => tf.scatterND(indices(), row(), [4, 100]), /does not index into/],
    [
      'tensorScatterUpdate',
      () => tf.tensorScatterUpdate(table(), indices(), row()),
      /does not index into/,
    ],
    ['gather', () => tf.gather(table(), tf.tensor1d([0, 7], 'int32')), /not in \[0, 3\]/],
    [
      'a fused product with an unknown activation',
      () => {
        const activation = 'mish' as 'relu';
        tf.engine().runKernel(
          '_FusedMatMul',
          { a: tf.ones([2, 3]), b: tf.ones([3, 4]) },
          { transposeA: false, transposeB: false, activation },
        );
      },
      /Expected an activation/,
    ],
  ])('%s leaves nothing behind', (_, run, error) => {
    expect(leftBehind(run, error)).toEqual(nothing);
  });

  it('frees what it made before, and nothing else', () => {
    tf.registerKernel({
      kernelName: 'Failing',
      backendName: 'simd',
      kernelFunc: ({ backend }) => {
        const simd = backend as Awaited<ReturnType<typeof startSimd>>;
        return simd.attempt(() => {
          simd.makeOutput([1000], 'float32');
          simd.makeComplex(simd.makeOutput([10], 'float32'), simd.makeOutput([10], 'float32'));
          throw new Error('on purpose');
        }, {} as never);
      },
    });
    const kept = tf.ones([7]);
    expect(leftBehind(() => tf.engine().runKernel('Failing', { kept }), /on purpose/)).toEqual(
      nothing,
    );
    expect(Array.from(kept.dataSync())).toEqual([1, 1, 1, 1, 1, 1, 1]);
    kept.dispose();
    tf.unregisterKernel('Failing', 'simd');
  });
});

describe('running out of memory', () => {
  beforeAll(async () => {
    await startSimd({ threads: 1, maximumMemory: 2 ** 25 });
    tf.env().set('IS_TEST', false);
  });
  afterAll(() => tf.env().set('IS_TEST', true));

  /** A training step of three convolutions; `batch` decides what it takes. */
  const step = (variables: tf.Variable[], batch: number) => {
    const x = tf.ones<tf.Rank.R4>([batch, 32, 32, 8]);
    const { value, grads } = tf.variableGrads(() => {
      const layers = variables.reduce<tf.Tensor4D>(
        (input, filter) =>
          tf.tanh(tf.relu(tf.conv2d(input, filter as tf.Variable<tf.Rank.R4>, 1, 'same'))),
        x,
      );
      return tf.mean(layers) as tf.Scalar;
    });
    return [value, ...Object.values(grads)];
  };

  it('in a training step keeps nothing of it, however often, and smaller steps go on', () => {
    const variables = [1, 2, 3].map(() => tf.variable(tf.fill([3, 3, 8, 8], 0.01)));
    for (let round = 0; round < 3; round++) {
      expect(leftBehind(() => step(variables, 300), SimdMemoryError)).toEqual(nothing);
    }
    // A dozen tensors of 1.6 MB: they fit only if what the failed steps took is free.
    const loss = tf.tidy(() => step(variables, 50)[0]!.dataSync()[0]!);
    expect(loss).toBeGreaterThan(0);
    tf.dispose(variables);
  });

  it('in the gradients frees what the forward pass has kept', () => {
    const x = tf.ones([1024, 1024]);
    const failing = tf.customGrad((input) => ({
      value: tf.square(input as tf.Tensor),
      gradFunc: () => tf.ones([2 ** 24]),
    }));
    const gradient = tf.grad((input) => failing(tf.tanh(tf.exp(input))));
    for (let round = 0; round < 3; round++) {
      expect(leftBehind(() => gradient(x), SimdMemoryError)).toEqual(nothing);
    }
    x.dispose();
  });
});
