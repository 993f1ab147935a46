import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { SimdBackend } from '../src/index.js';
import { type SimdBackendOptions, useSimdBackend } from '../src/node.js';

/**
 * Starts the backend afresh. tfjs's test mode checks after every kernel that it leaked no data id,
 * and keeps the plain backend from greeting.
 */
export async function startSimd(options: SimdBackendOptions = {}): Promise<SimdBackend> {
  tf.env().set('IS_TEST', true);
  if (tf.findBackendFactory('simd')) tf.removeBackend('simd');
  await useSimdBackend(options);
  return tf.backend() as SimdBackend;
}

/** What a function gives while another backend is the current one. */
async function onBackend<T>(name: string, run: () => T): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend(name);
  try {
    return run();
  } finally {
    await tf.setBackend(before);
  }
}

/** A tensor to be built on any backend. */
export interface Input {
  readonly shape: number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** Default: numbers of `numberStream`, between -2 and 2; int32 between -8 and 8; bool 0 or 1. */
  readonly values?: ArrayLike<number>;
}

/** What an operation gave: its shapes, dtypes and numbers. */
interface Outcome {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: number[];
}

/** The outcome of an operation on a backend, which it starts with tensors of its own. */
async function runOn(
  backendName: string,
  inputs: readonly Input[],
  run: (...tensors: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
): Promise<Outcome[]> {
  return onBackend(backendName, () => {
    const { numTensors } = tf.memory();
    const outcomes = tf.tidy(() =>
      [run(...inputs.map(buildTensor))].flat().map((tensor) => ({
        shape: tensor.shape,
        dtype: tensor.dtype,
        values: Array.from(tensor.dataSync()),
      })),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    return outcomes;
  });
}

/**
 * Asserts that `simd` gives what the plain JavaScript backend gives: the same shapes, dtypes and
 * NaNs, and numbers that differ by at most `tolerance` relative to the larger of 1 and the number.
 */
export async function expectSameAsPlain(
  inputs: readonly Input[],
  run: (...tensors: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  tolerance = 0,
): Promise<void> {
  const expected = await runOn('cpu', inputs, run);
  const actual = await runOn('simd', inputs, run);
  expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  for (const [index, { values }] of actual.entries()) {
    expectNumbers(values, expected[index]!.values, tolerance);
  }
}

/** Asserts that numbers agree within `tolerance`, relative to the larger of 1 and the number. */
export function expectNumbers(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  for (let index = 0; index < actual.length; index++) {
    const got = actual[index]!;
    const want = expected[index]!;
    const same = got === want || (Number.isNaN(got) && Number.isNaN(want));
    if (same || Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want))) continue;
    expect.fail(`number ${index}: got ${got}, expected ${want} within ${tolerance}`);
  }
}

function buildTensor({ shape, dtype = 'float32', values }: Input): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(Array.from(values ?? defaultValues(size, dtype)), shape, dtype);
}

function defaultValues(size: number, dtype: 'float32' | 'int32' | 'bool'): number[] {
  const next = numberStream(size + 1);
  return Array.from({ length: size }, () => {
    if (dtype === 'float32') return Math.fround(4 * next() - 2);
    return dtype === 'bool' ? Number(next() < 0.5) : Math.floor(17 * next()) - 8;
  });
}

/** The distance from one float32 number to the next at `value`. */
function unitInLastPlace(value: number): number {
  const size = Math.abs(value);
  if (size < 2 ** -126) return 2 ** -149;
  return 2 ** (Math.floor(Math.log2(size)) - 23);
}

/** The error of `actual` against the exact `expected`, in units in the last place of float32. */
export function errorInUlps(actual: number, expected: number): number {
  const rounded = Math.fround(expected);
  if (Object.is(actual, rounded)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(rounded)) return Number.POSITIVE_INFINITY;
  return Math.abs(actual - expected) / unitInLastPlace(expected);
}

/** A repeatable stream of numbers in [0, 1): a 32-bit xorshift, well stirred. */
export function numberStream(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
