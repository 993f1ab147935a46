import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AdamWOptimizer,
  createOptimizer,
  type OptimizerOptions,
} from '../../src/training/index.js';
import { captureOptimizer, restoreOptimizer } from '../../src/training/optimizer-state.js';
import { setLearningRate } from '../../src/training/optimizers.js';

afterEach(() => tf.disposeVariables());

/** Steps of an optimizer on f(w) = sum(c w^2) / 2, whose gradient is c w. */
function minimise(optimizer: tf.Optimizer, variable: tf.Variable, steps: number) {
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(
      () => tf.mul(tf.sum(tf.mul(curvature, tf.square(variable))), 0.5) as tf.Scalar,
      false,
      [variable],
    );
  }
}
const curvature = [1, 4, 0.25, 9];
const start = [1, -2, 3, 0.5];

/** The published update rules in double precision, one weight at a time. */
const rules: Record<string, (gradient: (w: number) => number, w: number, steps: number) => number> =
  {
    sgd: (gradient, w, steps) => {
      for (let t = 0; t < steps; t++) w -= 0.05 * gradient(w);
      return w;
    },
    momentum: (gradient, w, steps) => {
      let velocity = 0;
      for (let t = 0; t < steps; t++) {
        velocity = 0.9 * velocity + gradient(w);
        w -= 0.05 * velocity;
      }
      return w;
    },
    nesterov: (gradient, w, steps) => {
      let velocity = 0;
      for (let t = 0; t < steps; t++) {
        const g = gradient(w);
        velocity = 0.9 * velocity + g;
        w -= 0.05 * (g + 0.9 * velocity);
      }
      return w;
    },
    rmsprop: (gradient, w, steps) => {
      let square = 0;
      for (let t = 0; t < steps; t++) {
        const g = gradient(w);
        square = 0.9 * square + 0.1 * g * g;
        w -= (0.05 * g) / Math.sqrt(square + 1e-7);
      }
      return w;
    },
    adam: (gradient, w, steps) => adam(gradient, w, steps, 0),
    adamw: (gradient, w, steps) => adam(gradient, w, steps, 0.1),
    adamax: (gradient, w, steps) => {
      let [m, u] = [0, 0];
      for (let t = 1; t <= steps; t++) {
        const g = gradient(w);
        m = 0.9 * m + 0.1 * g;
        u = Math.max(0.999 * u, Math.abs(g));
        w -= ((0.05 / (1 - 0.9 ** t)) * m) / (u + 1e-7);
      }
      return w;
    },
    adagrad: (gradient, w, steps) => {
      let square = 0.1;
      for (let t = 0; t < steps; t++) {
        const g = gradient(w);
        square += g * g;
        w -= (0.05 * g) / Math.sqrt(square + 1e-7);
      }
      return w;
    },
    adadelta: (gradient, w, steps) => {
      // tfjs divides by the mean square before the step, where the paper takes the one after it.
      let [square, update] = [0, 0];
      for (let t = 0; t < steps; t++) {
        const g = gradient(w);
        const delta = (Math.sqrt(update + 1e-6) / Math.sqrt(square + 1e-6)) * g;
        square = 0.95 * square + 0.05 * g * g;
        update = 0.95 * update + 0.05 * delta * delta;
        w -= 0.05 * delta;
      }
      return w;
    },
  };

function adam(gradient: (w: number) => number, w: number, steps: number, weightDecay: number) {
  let [m, v] = [0, 0];
  for (let t = 1; t <= steps; t++) {
    const g = gradient(w);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const [mHat, vHat] = [m / (1 - 0.9 ** t), v / (1 - 0.999 ** t)];
    w -= 0.05 * (mHat / (Math.sqrt(vHat) + 1e-7) + weightDecay * w);
  }
  return w;
}

describe('createOptimizer', () => {
  const learningRate = 0.05;
  it.each<[string, OptimizerOptions]>([
    ['sgd', { name: 'sgd', learningRate }],
    ['momentum', { name: 'momentum', learningRate }],
    ['nesterov', { name: 'momentum', learningRate, nesterov: true }],
    ['rmsprop', { name: 'rmsprop', learningRate }],
    ['adam', { name: 'adam', learningRate }],
    ['adamw', { name: 'adamw', learningRate, weightDecay: 0.1, decays: () => true }],
    ['adamax', { name: 'adamax', learningRate }],
    ['adagrad', { name: 'adagrad', learningRate }],
    ['adadelta', { name: 'adadelta', learningRate }],
  ])('steps by the published rule of %s', async (rule, options) => {
    const optimizer = createOptimizer(options);
    const variable = tf.variable(tf.tensor1d(start));
    minimise(optimizer, variable, 12);
    const expected = start.map((w, index) => rules[rule]!((x) => curvature[index]! * x, w, 12));
    for (const [index, value] of (await variable.data()).entries()) {
      expect(value).toBeCloseTo(expected[index]!, 4);
    }
    optimizer.dispose();
  });

  it.each([
    ['sgd', 0.01],
    ['momentum', 0.01],
    ['rmsprop', 0.001],
    ['adam', 0.001],
    ['adamw', 0.001],
    ['adamax', 0.002],
    ['adagrad', 0.01],
    ['adadelta', 1],
  ] as const)('gives %s the learning rate %d by default', (name, learningRate) => {
    const optimizer = createOptimizer({ name });
    expect(optimizer).toHaveProperty('learningRate', learningRate);
    optimizer.dispose();
  });
});

describe('AdamW', () => {
  it('spares biases and scales by default, which have one dimension', async () => {
    const options = { name: 'adamw', learningRate: 0.1, weightDecay: 0.5 } as const;
    const optimizer = createOptimizer(options);
    const kernel = tf.variable(tf.tensor2d([[1]]));
    const bias = tf.variable(tf.tensor1d([1]));
    const unused = tf.variable(tf.tensor2d([[1]]));
    // The gradients are 1, so Adam's own first step is the learning rate.
    optimizer.minimize(() => tf.add(tf.sum(kernel), tf.sum(bias)) as tf.Scalar, false, [
      kernel,
      bias,
    ]);
    expect((await kernel.data())[0]).toBeCloseTo(1 - 0.05 - 0.1, 5);
    expect((await bias.data())[0]).toBeCloseTo(1 - 0.1, 5);
    expect((await unused.data())[0]).toBe(1);
    optimizer.dispose();
  });

  it('is serialised with its decay', () => {
    const optimizer = new AdamWOptimizer(0.1, 0.8, 0.9, 1e-6, 0.25);
    const config = optimizer.getConfig();
    expect(config).toMatchObject({ learningRate: 0.1, beta1: 0.8, beta2: 0.9, weightDecay: 0.25 });
    const copy = AdamWOptimizer.fromConfig(AdamWOptimizer as never, config) as AdamWOptimizer;
    expect(copy.getConfig()).toEqual(config);
    optimizer.dispose();
    copy.dispose();
  });
});

describe('the learning rate', () => {
  it.each(['sgd', 'momentum', 'rmsprop', 'adam', 'adamax', 'adagrad', 'adadelta'] as const)(
    'of %s can change between steps, with no tensor left behind',
    async (name) => {
      const optimizer = createOptimizer({ name, learningRate: 0.1 });
      const variable = tf.variable(tf.tensor1d(start));
      minimise(optimizer, variable, 1);
      const before = tf.memory().numTensors;
      const values = await variable.data();
      setLearningRate(optimizer, 1e-30);
      minimise(optimizer, variable, 1);
      expect([...(await variable.data())]).toEqual([...values]);
      setLearningRate(optimizer, 0.1);
      minimise(optimizer, variable, 1);
      expect([...(await variable.data())]).not.toEqual([...values]);
      expect(tf.memory().numTensors).toBe(before);
      optimizer.dispose();
    },
  );
});

describe('the state of an optimizer', () => {
  it.each<OptimizerOptions>([
    { name: 'sgd' },
    { name: 'momentum' },
    { name: 'rmsprop', momentum: 0.5 },
    { name: 'adam', learningRate: 0.3 },
    { name: 'adamw' },
    { name: 'adamax' },
    { name: 'adagrad' },
    { name: 'adadelta' },
  ])('of $name moves to another one, bit by bit, at any step', async (options) => {
    for (const steps of [0, 1, 37]) {
      const variable = tf.variable(tf.tensor1d(start));
      const original = createOptimizer(options);
      minimise(original, variable, steps);

      const copy = tf.variable(variable.clone());
      const other = createOptimizer(options);
      minimise(other, tf.variable(tf.tensor1d(start)), 2);
      restoreOptimizer(other, captureOptimizer(original), [copy]);
      expect(other.iterations).toBe(original.iterations);

      minimise(original, variable, 5);
      minimise(other, copy, 5);
      expect([...(await copy.data())]).toEqual([...(await variable.data())]);
      original.dispose();
      other.dispose();
    }
  });

  it('cannot be captured of an optimizer that nobody here knows', () => {
    const strange = createOptimizer({ name: 'sgd' });
    strange.getClassName = () => 'Lion';
    expect(() => captureOptimizer(strange)).toThrow(/whose state is known \(SGD, .*but got Lion/);
    strange.dispose();
  });
});
