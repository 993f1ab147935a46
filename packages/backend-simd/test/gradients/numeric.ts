import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { numberStream } from '../support.js';

/** An operation whose gradients are compared with numeric differences. */
export interface GradientCase {
  /** The name of the operation, as `tf` exports it: `add`, `image.resizeBilinear`. */
  readonly op: string;
  /** What is special about this case. */
  readonly title?: string;
  /** Shapes of the inputs. */
  readonly inputs: readonly (readonly number[])[];
  readonly values?: readonly (readonly number[])[];
  // biome-ignore lint/suspicious/noExplicitAny: tensors of the ranks that the operation wants
  readonly run: (...inputs: any[]) => tf.Tensor;
  /** The inputs lie between these. Default: -2 and 2. */
  readonly range?: readonly [low: number, high: number];
  /** Why the plain backend is left out. */
  readonly notOnCpu?: string;
}

/** Apart from each other and from 0, in all inputs together, so that small steps meet no kink. */
function spacedValues(
  sizes: readonly number[],
  [low, high]: readonly [number, number],
): Float32Array[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const next = numberStream(31 * total + 7);
  const gap = (high - low) / Math.max(1, total);
  const values = Array.from({ length: total }, (_, index) => ({
    // No two differences between values are the same.
    value: low + (index + 0.3 + 0.4 * next()) * gap,
    key: next(),
  }));
  values.sort((one, other) => one.key - other.key);
  let start = 0;
  return sizes.map((size) => {
    const part = values.slice(start, start + size);
    start += size;
    return Float32Array.from(part, ({ value }) => value);
  });
}

/** Numbers that no two outputs share, in [-1, 1]. */
function weightsFor(size: number): Float32Array {
  const next = numberStream(size + 77);
  return Float32Array.from({ length: size }, () => 2 * next() - 1);
}

const step = 0.004;
/** The fourth-order difference: its error is that of rounding, about 1e-4. */
const stencil = [
  [-2, 1 / 12],
  [-1, -8 / 12],
  [1, 8 / 12],
  [2, -1 / 12],
] as const;
const tolerance = 2e-3;

/** Asserts that the gradient of each input is that of a weighed sum of the outputs. */
export function expectNumericGradients(one: GradientCase): void {
  const { run, range = [-2, 2] } = one;
  const shapes = one.inputs as readonly number[][];
  const sizes = shapes.map((shape) => tf.util.sizeFromShape(shape));
  const inputs = spacedValues(sizes, range).map((values, input) =>
    Float32Array.from(one.values?.[input] ?? values),
  );
  const tensorsOf = () => inputs.map((values, input) => tf.tensor(values.slice(), shapes[input]!));
  let weights = new Float32Array();
  const sum = (): number =>
    tf.tidy(() => {
      const values = run(...tensorsOf()).dataSync();
      let total = 0;
      for (let index = 0; index < values.length; index++) total += values[index]! * weights[index]!;
      return total;
    });
  const outShape = tf.tidy(() => run(...tensorsOf()).shape);
  weights = weightsFor(tf.util.sizeFromShape(outShape)) as Float32Array<ArrayBuffer>;
  const { numTensors } = tf.memory();
  const gradients = tf.tidy(() =>
    tf
      .grads(run)(tensorsOf(), tf.tensor(weights.slice(), outShape))
      .map((gradient, input) => {
        expect(gradient.shape).toEqual(shapes[input]);
        return gradient.dataSync();
      }),
  );
  expect(tf.memory().numTensors).toBe(numTensors);
  for (const [input, values] of inputs.entries()) {
    const actual = gradients[input]!;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      let difference = 0;
      let reach = 0;
      for (const [steps, factor] of stencil) {
        values[index] = value + steps * step;
        // The step as float32 has it.
        if (steps === 2) reach = (values[index]! - value) / 2;
        difference += factor * sum();
      }
      values[index] = value;
      const expected = difference / reach;
      const error = Math.abs(actual[index]! - expected);
      if (!(error <= tolerance * Math.max(1, Math.abs(expected)))) {
        expect.fail(
          `gradient ${index} of input ${input}: got ${actual[index]}, expected ${expected}`,
        );
      }
    }
  }
}
