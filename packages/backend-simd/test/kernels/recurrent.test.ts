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

/** The weights of an LSTM with these sizes: of the inputs, of the output before, and the bias. */
function weightsOf(features: number, units: number): Input[] {
  return [[features, 4 * units], [units, 4 * units], [4 * units]].map((shape, index) =>
    numbers(shape, index + 2),
  );
}

/** An LSTM with these weights, as a function of its input. */
function lstm(weights: tf.Tensor[], options: Options): tf.layers.Layer {
  const units = weights[1]!.shape[0]!;
  const initializers = { kernelInitializer: 'zeros', recurrentInitializer: 'zeros' } as const;
  const layer = tf.layers.lstm({ units, ...initializers, ...options });
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

describe.each([true, false])('an LSTM of tf.layers, relaxed SIMD: %s', (relaxed) => {
  beforeAll(async () => {
    await startSimd({ relaxed, threads: 2 });
  });

  it.each(Object.entries(variants))('%s is that of the plain backend', (_, { units, options }) =>
    expectSameAsPlain(
      [numbers([6, 5, 4], 1), ...weightsOf(4, units)],
      (x, ...weights) => {
        const layer = lstm(weights, options);
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
      [x, ...weightsOf(4, 6)],
      (input, ...weights) => {
        const layer = lstm(weights, {});
        const result = layer.apply(input!) as tf.Tensor;
        layer.dispose();
        return result;
      },
      5e-6,
    );
  });
});

describe('the cell of an LSTM', () => {
  beforeAll(async () => {
    await startSimd();
  });

  it('is two products and one kernel a step, and its gradient one kernel more', async () => {
    const weights = weightsOf(4, 8).map(({ shape, values }) =>
      tf.tensor(Array.from(values!), shape),
    );
    const layer = lstm(weights, {});
    const { kernels } = await tf.profile(() =>
      tf.grad((x: tf.Tensor) => layer.apply(x) as tf.Tensor)(tf.ones([2, 3, 4])),
    );
    const count = (name: string) => kernels.filter((kernel) => kernel.name === name).length;
    expect(count('LstmCell')).toBe(3);
    expect(count('LstmCellGrad')).toBe(3);
    expect(count(tf.Tanh) + count(tf.ClipByValue) + count(tf.Slice)).toBe(0);
  });

  it('has gradients of its gradients', () =>
    expectSameAsPlain(
      [numbers([2, 3, 4], 1), ...weightsOf(4, 3)],
      (x, ...weights) => {
        const layer = lstm(weights, { recurrentActivation: 'sigmoid' });
        const run = (input: tf.Tensor) => layer.apply(input) as tf.Tensor;
        const second = tf.grad((a: tf.Tensor) => tf.sum(tf.square(tf.grad(run)(a))))(x!);
        layer.dispose();
        return second;
      },
      5e-5,
    ));
});
