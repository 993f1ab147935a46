import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectSameAsPlain, type Input, numberStream, startSimd } from '../support.js';

type Options = Partial<Parameters<typeof tf.layers.lstm>[0]>;

/** Repeatable numbers from -1 to 1. */
function numbers(shape: number[], seed: number): Input & { values: number[] } {
  const next = numberStream(seed);
  const values = Array.from({ length: tf.util.sizeFromShape(shape) }, () => 2 * next() - 1);
  return { shape, values };
}

type Kind = 'lstm' | 'gru';
const kinds = ['lstm', 'gru'] as const;

/** The weights of a layer with these sizes: of the inputs, of the output before, and the bias. */
function weightsOf(kind: Kind, features: number, units: number): Input[] {
  const columns = units * (kind === 'lstm' ? 4 : 3);
  return [[features, columns], [units, columns], [columns]].map((shape, index) =>
    numbers(shape, index + 2),
  );
}

/** A layer with these weights. */
function layerOf(kind: Kind, weights: tf.Tensor[], options: Options): tf.layers.Layer {
  const units = weights[1]!.shape[0]!;
  const initializers = { kernelInitializer: 'zeros', recurrentInitializer: 'zeros' } as const;
  const layer = tf.layers[kind]({ units, ...initializers, ...options });
  layer.apply(tf.zeros([1, 1, weights[0]!.shape[0]!]));
  layer.setWeights(options.useBias === false ? weights.slice(0, 2) : weights);
  return layer;
}

const variants: Record<string, { units: number; options: Options }> = {
  'with hard sigmoids': { units: 8, options: {} },
  'with sigmoids': { units: 8, options: { recurrentActivation: 'sigmoid' } },
  'of 5 units that give every output': { units: 5, options: { returnSequences: true } },
  'of 3 units without a bias': {
    units: 3,
    options: { useBias: false, recurrentActivation: 'sigmoid' },
  },
  'that goes backwards': { units: 7, options: { goBackwards: true, returnSequences: true } },
  'with another activation, which is not fused': { units: 4, options: { activation: 'relu' } },
};

describe.each(kinds.flatMap((kind) => [true, false].map((relaxed) => ({ kind, relaxed }))))(
  'the layer $kind, relaxed SIMD: $relaxed',
  ({ kind, relaxed }) => {
    beforeAll(async () => {
      await startSimd({ relaxed, threads: 2 });
    });

    it.each(Object.entries(variants))('%s is that of the plain backend', (_, { units, options }) =>
      expectSameAsPlain(
        [numbers([6, 5, 4], 1), ...weightsOf(kind, 4, units)],
        (x, ...weights) => {
          const layer = layerOf(kind, weights, options);
          const run = (input: tf.Tensor) => tf.square(layer.apply(input) as tf.Tensor);
          const result = run(x!);
          const ofInput = tf.grad(run)(x!);
          const variables = layer.trainableWeights.map(
            (weight) => (weight as unknown as { val: tf.Variable }).val,
          );
          const { grads } = tf.variableGrads(() => tf.sum(run(x!)) as tf.Scalar, variables);
          const outcomes = [result, ofInput, ...variables.map(({ name }) => grads[name]!)];
          layer.dispose();
          return outcomes;
        },
        5e-6,
      ),
    );

    it('spreads NaN and infinity as the operations apart do', () => {
      const x = numbers([6, 5, 4], 1);
      x.values[2] = Number.NaN;
      x.values[25] = 1 / 0;
      x.values[50] = -1 / 0;
      return expectSameAsPlain(
        [x, ...weightsOf(kind, 4, 6)],
        (input, ...weights) => {
          const layer = layerOf(kind, weights, {});
          const result = layer.apply(input!) as tf.Tensor;
          layer.dispose();
          return result;
        },
        5e-6,
      );
    });
  },
);

describe.each(kinds)('the cell of the layer %s', (kind) => {
  beforeAll(async () => {
    await startSimd();
  });

  it('is one or two kernels beside the products, and its gradient as many', async () => {
    const weights = weightsOf(kind, 4, 8).map(({ shape, values }) =>
      tf.tensor(Array.from(values!), shape),
    );
    const layer = layerOf(kind, weights, {});
    const { kernels } = await tf.profile(() =>
      tf.grad((x: tf.Tensor) => layer.apply(x) as tf.Tensor)(tf.ones([2, 3, 4])),
    );
    const count = (name: string) => kernels.filter((kernel) => kernel.name === name).length;
    for (const name of kind === 'lstm' ? ['LstmCell'] : ['GruReset', 'GruOutput']) {
      expect([count(name), count(`${name}Grad`)]).toEqual([3, 3]);
    }
    expect(count(tf.Tanh) + count(tf.ClipByValue) + count(tf.Slice)).toBe(0);
  });

  it('has gradients of its gradients', () =>
    expectSameAsPlain(
      [numbers([2, 3, 4], 1), ...weightsOf(kind, 4, 3)],
      (x, ...weights) => {
        const layer = layerOf(kind, weights, { recurrentActivation: 'sigmoid' });
        const run = (input: tf.Tensor) => layer.apply(input) as tf.Tensor;
        const second = tf.grad((a: tf.Tensor) => tf.sum(tf.square(tf.grad(run)(a))))(x!);
        layer.dispose();
        return second;
      },
      5e-5,
    ));
});
