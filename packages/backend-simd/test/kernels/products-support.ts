import * as tf from '@tensorflow/tfjs';
import { type SimdBackendOptions, useSimdBackend } from '../../src/node.js';
import { numberStream } from '../support.js';

/** Both builds of the kernels: with plain and with relaxed SIMD. */
export const builds = [
  { build: 'plain', relaxed: false },
  { build: 'relaxed', relaxed: true },
] as const;

/** Starts the backend anew with one of its builds. */
export async function startBuild(
  relaxed: boolean,
  options: SimdBackendOptions = {},
): Promise<void> {
  if (tf.findBackendFactory('simd')) tf.removeBackend('simd');
  await useSimdBackend({ relaxed, ...options });
}

/**
 * Whole numbers from -4 to 4, so that products and sums are exact in float32 and results can be
 * compared to the last bit in whatever order they are summed.
 */
export function wholeNumbers(shape: number[], seed: number): Float32Array {
  const next = numberStream(seed);
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  return values.map(() => Math.floor(next() * 9) - 4);
}

/** A tensor of {@link wholeNumbers}. */
export function wholeTensor<R extends tf.Rank>(shape: number[], seed: number): tf.Tensor<R> {
  return tf.tensor(wholeNumbers(shape, seed), shape as tf.ShapeMap[R]);
}

/** The values and shape of what `run` makes on a backend, where it leaves nothing else behind. */
export async function resultOn(
  name: 'cpu' | 'simd',
  run: () => tf.Tensor,
): Promise<{ shape: number[]; values: number[] }> {
  await tf.setBackend(name);
  try {
    return tf.tidy(() => {
      const result = run();
      return { shape: result.shape, values: Array.from(result.dataSync()) };
    });
  } finally {
    await tf.setBackend('simd');
  }
}

/** The sum of the products of two lists of numbers. */
export function innerProduct(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}
