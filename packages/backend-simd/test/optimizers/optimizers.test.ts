import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerSimdBackend } from '../../src/node.js';
import { numberStream, startSimd } from '../support.js';

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.03),
  momentum: () => tf.train.momentum(0.01, 0.9),
  nesterov: () => tf.train.momentum(0.01, 0.8, true),
  adagrad: () => tf.train.adagrad(0.1, 0.2),
  adadelta: () => tf.train.adadelta(0.5, 0.9, 1e-6),
  adam: () => tf.train.adam(0.01),
  'adam with other betas': () => tf.train.adam(0.02, 0.8, 0.95, 1e-3),
  adamax: () => tf.train.adamax(0.02, 0.9, 0.99, 1e-7, 0.1),
  rmsprop: () => tf.train.rmsprop(0.005),
  'rmsprop with momentum': () => tf.train.rmsprop(0.005, 0.95, 0.7, 1e-4),
  'centred rmsprop': () => tf.train.rmsprop(0.005, 0.9, 0.5, -1e-3, true),
};

/** Sizes below, at and above a vector and a block of 16, and one that is worth several slices. */
const shapes = [[], [3], [4, 4], [17], [200, 301]];
const steps = 7;

beforeAll(async () => {
  await startSimd({ threads: 2 });
});
afterAll(() => tf.removeBackend('simd'));

function random(shape: number[], seed: number): tf.Tensor {
  const next = numberStream(seed);
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 2 * next() - 1);
  return tf.tensor(values, shape);
}

/** Stands for all bits of a tensor: comparing tens of thousands of numbers one by one takes long. */
function digest(tensor: tf.Tensor): string {
  return createHash('sha256').update(tensor.dataSync()).digest('hex');
}

interface SlotVariables {
  readonly [field: string]: unknown;
}

/** Every tensor that an optimizer holds, by name. */
function stateOf(optimizer: tf.Optimizer): Record<string, string> {
  const state: Record<string, string> = {};
  for (const [field, value] of Object.entries(optimizer as unknown as SlotVariables)) {
    if (value instanceof tf.Variable) state[field] = digest(value);
    if (!Array.isArray(value)) continue;
    for (const { originalName, variable } of value as {
      originalName: string;
      variable: tf.Variable;
    }[]) {
      const owner = originalName.replace(/^variable-\d+/, '');
      state[`${field} ${Object.keys(state).length}${owner}`] = digest(variable);
    }
  }
  return state;
}

let variablesMade = 0;

/** Trains variables by gradients that depend on them and gives all numbers that come of it. */
async function train(backend: string, make: () => tf.Optimizer, form: 'map' | 'list') {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const variables = shapes.map((shape, index) =>
    tf.tidy(() => tf.variable(random(shape, index + 1), true, `variable-${variablesMade++}`)),
  );
  const optimizer = make();
  const noise = shapes.map((shape, index) => random(shape, 100 + index));
  for (let step = 0; step < steps; step++) {
    tf.tidy(() => {
      const gradients = variables.map((variable, index) => {
        // The fourth variable has none at first, and the second none in the end.
        if ((index === 3 && step < 2) || (index === 1 && step > 4)) return null;
        return tf.add(tf.mul(variable, 0.3), tf.mul(noise[index]!, 1 - step / 3));
      });
      const named = variables.map(({ name }, index) => ({ name, tensor: gradients[index]! }));
      optimizer.applyGradients(
        form === 'list'
          ? named
          : Object.fromEntries(named.map(({ name, tensor }) => [name, tensor])),
      );
    });
  }
  tf.dispose(noise);
  const outcome = {
    isFinite: variables.map((variable) => variable.dataSync().every(Number.isFinite)),
    values: variables.map(digest),
    state: stateOf(optimizer),
    iterations: optimizer.iterations,
    tensors: tf.memory().numTensors - before,
  };
  optimizer.dispose();
  tf.dispose(variables);
  await tf.setBackend('simd');
  return outcome;
}

describe.each(Object.entries(optimizers))('%s', (_name, make) => {
  it.each(['map', 'list'] as const)(
    'gives to the last bit what the plain backend gives, for a %s of gradients',
    async (form) => {
      const expected = await train('cpu', make, form);
      const actual = await train('simd', make, form);
      expect(actual).toEqual(expected);
      expect(actual.isFinite).toEqual(shapes.map(() => true));
    },
  );

  it('changes each variable by one kernel', async () => {
    const variables = shapes.map((shape) => tf.variable(tf.zeros(shape)));
    const optimizer = make();
    const gradients = variables.map(({ name, shape }) => ({ name, tensor: tf.ones(shape) }));
    optimizer.applyGradients(gradients);
    const { kernels } = await tf.profile(() => {
      optimizer.applyGradients(gradients);
      return tf.scalar(0);
    });
    const updates = kernels.filter(({ name }) => name.startsWith('Apply'));
    expect(updates).toHaveLength(shapes.length);
    // The others work on scalars, once a step.
    const others = kernels.filter(({ name }) => !name.startsWith('Apply'));
    expect(others.length).toBeLessThanOrEqual(8);
    expect(
      others.every(({ outputShapes }) => outputShapes.every((shape) => shape.length === 0)),
    ).toBe(true);
    optimizer.dispose();
    tf.dispose([variables, gradients.map(({ tensor }) => tensor)]);
  });
});

describe('the update of a variable', () => {
  function variableOf(values: number[]): tf.Variable {
    return tf.tidy(() => tf.variable(tf.tensor1d(values)));
  }

  const step = (variable: tf.Variable, gradient: tf.Tensor) =>
    tf.train.sgd(1).applyGradients([{ name: variable.name, tensor: gradient }]);

  it('leaves clones and views of the old value alone', () => {
    const variable = variableOf([1, 2, 3, 4]);
    const clone = variable.clone();
    const view = variable.reshape([2, 2]);
    step(variable, tf.tensor1d([1, 1, 1, 1]));
    expect([...variable.dataSync()]).toEqual([0, 1, 2, 3]);
    expect([...clone.dataSync()]).toEqual([1, 2, 3, 4]);
    expect([...view.dataSync()]).toEqual([1, 2, 3, 4]);
  });

  it('leaves the tensor that the variable was made of alone', () => {
    const initial = tf.tensor1d([5, 6]);
    const variable = tf.variable(initial);
    step(variable, tf.tensor1d([1, 2]));
    expect([...variable.dataSync()]).toEqual([4, 4]);
    expect([...initial.dataSync()]).toEqual([5, 6]);
  });

  it('leaves alone what was computed with the old value, though nobody has read it yet', () => {
    const variable = tf.tidy(() => tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2])));
    const product = tf.matMul(tf.tensor2d([1, 0, 0, 1], [2, 2]), variable as tf.Tensor2D);
    const activated = tf.relu(tf.add(product, tf.tensor1d([0, 1])));
    step(variable, tf.tensor2d([1, 1, 1, 1], [2, 2]));
    expect([...product.dataSync()]).toEqual([1, 2, 3, 4]);
    expect([...activated.dataSync()]).toEqual([1, 3, 3, 5]);
    expect([...variable.dataSync()]).toEqual([0, 1, 2, 3]);
  });

  it('may be by the variable itself', () => {
    const variable = variableOf([1, -2, 3]);
    step(variable, variable);
    expect([...variable.dataSync()]).toEqual([0, 0, 0]);
  });

  it('is the business of tfjs where the gradient must be broadcast', () => {
    const variable = variableOf([1, 2, 3]);
    step(variable, tf.scalar(1));
    expect([...variable.dataSync()]).toEqual([0, 1, 2]);
  });

  it('is the business of tfjs for other dtypes', () => {
    const variable = tf.variable(tf.tensor1d([1, 2], 'int32'));
    expect(() => step(variable, tf.tensor1d([1, 1]))).toThrow(/dtype of the new value/);
    expect([...variable.dataSync()]).toEqual([1, 2]);
  });

  it('says as tfjs does that a variable is unknown', () => {
    expect(() =>
      tf.train.sgd(1).applyGradients([{ name: 'nobody', tensor: tf.scalar(1) }]),
    ).toThrow(/must be a Tensor/);
  });

  it('takes variables, gradients and optimizers that were made on another backend', async () => {
    await tf.setBackend('cpu');
    const variable = variableOf([1, 2]);
    const optimizer = tf.train.momentum(1, 0.5);
    const gradient = tf.tensor1d([1, 1]);
    optimizer.applyGradients([{ name: variable.name, tensor: gradient }]);
    await tf.setBackend('simd');
    optimizer.applyGradients([{ name: variable.name, tensor: gradient }]);
    expect([...variable.dataSync()]).toEqual([-1.5, -0.5]);
  });

  it('makes no tensor once the slots are there', () => {
    const variable = variableOf([1, 2, 3]);
    const optimizer = tf.train.rmsprop(0.1);
    const gradient = tf.tensor1d([1, 1, 1]);
    const apply = () => optimizer.applyGradients([{ name: variable.name, tensor: gradient }]);
    apply();
    const { dataId } = variable;
    const { numTensors } = tf.memory();
    apply();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(variable.dataId).toBe(dataId);
  });
});

describe('a derived optimizer', () => {
  /** Halves each variable, then does what Adam does. */
  class HalvingAdam extends tf.AdamOptimizer {
    override applyGradients(gradients: Parameters<tf.AdamOptimizer['applyGradients']>[0]): void {
      for (const { name } of gradients as { name: string }[]) {
        const variable = tf.engine().registeredVariables[name]!;
        tf.tidy(() => variable.assign(tf.mul(variable, 0.5)));
      }
      super.applyGradients(gradients);
    }
  }

  it('takes the one kernel and keeps what it adds', async () => {
    const variable = tf.variable(tf.tensor1d([8, 16]));
    const optimizer = new HalvingAdam(0.1, 0.9, 0.999, 1e-7);
    const gradients = [{ name: variable.name, tensor: tf.tensor1d([1, -1]) }];
    const { kernels } = await tf.profile(() => {
      optimizer.applyGradients(gradients);
      return tf.scalar(0);
    });
    expect(kernels.filter(({ name }) => name === 'ApplyAdam')).toHaveLength(1);
    const [first, second] = variable.dataSync();
    expect(first).toBeCloseTo(4 - 0.1, 5);
    expect(second).toBeCloseTo(8 + 0.1, 5);
  });
});

describe('state that was saved', () => {
  it.each(['momentum', 'adagrad', 'adadelta', 'rmsprop', 'centred rmsprop'])(
    'lets %s go on to the same bytes',
    async (name) => {
      const make = optimizers[name]!;
      const variable = tf.variable(random([5, 7], 3));
      const gradient = (step: number) => ({
        name: variable.name,
        tensor: random([5, 7], 10 + step),
      });
      const first = make();
      for (let step = 0; step < 3; step++) first.applyGradients([gradient(step)]);
      const weights = (await first.getWeights()).map(({ name, tensor }) => ({
        name,
        tensor: tensor.clone(),
      }));
      const value = variable.clone();
      for (let step = 3; step < 6; step++) first.applyGradients([gradient(step)]);
      const straight = variable.dataSync();

      const second = make();
      await second.setWeights(weights);
      variable.assign(value);
      for (let step = 3; step < 6; step++) second.applyGradients([gradient(step)]);
      expect(variable.dataSync()).toEqual(straight);
      expect(second.iterations).toBe(6);
    },
  );
});

describe('the number of threads', () => {
  it('changes no bit of a large variable', async () => {
    const results: Record<number, string> = {};
    for (const threads of [1, 2, 3]) {
      await startSimd({ threads });
      const variable = tf.variable(random([700, 401], 1));
      const optimizer = tf.train.adam(0.01);
      for (let step = 0; step < 3; step++) {
        optimizer.applyGradients([{ name: variable.name, tensor: random([700, 401], 5 + step) }]);
      }
      results[threads] = digest(variable);
      optimizer.dispose();
      variable.dispose();
    }
    expect(results[2]).toEqual(results[1]);
    expect(results[3]).toEqual(results[1]);
    await startSimd({ threads: 2 });
  });
});

describe('registration', () => {
  it('replaces the methods once, and other backends keep the code of tfjs', async () => {
    const { applyGradients } = tf.AdamOptimizer.prototype;
    registerSimdBackend({ threads: 2 });
    expect(tf.AdamOptimizer.prototype.applyGradients).toBe(applyGradients);
    await tf.setBackend('cpu');
    const variable = tf.variable(tf.scalar(1));
    const { kernels } = await tf.profile(() => {
      tf.train.sgd(1).applyGradients([{ name: variable.name, tensor: tf.scalar(1) }]);
      return tf.scalar(0);
    });
    expect(kernels.map(({ name }) => name)).toEqual(['Multiply', 'Add']);
    await tf.setBackend('simd');
  });
});
