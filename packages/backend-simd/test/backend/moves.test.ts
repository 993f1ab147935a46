import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { startSimd } from '../support.js';

beforeEach(async () => {
  await startSimd({ threads: 1 });
});

describe.each([
  ['simd', 'cpu'],
  ['cpu', 'simd'],
])('a complex tensor made on %s', (from, to) => {
  const parts = { real: [1, -2, 3], imag: [4, 5, -6] };

  it(`can be used on ${to}, and back on ${from}`, async () => {
    await tf.setBackend(from);
    const { numTensors, numDataBuffers } = tf.memory();
    const z = tf.complex(parts.real, parts.imag);
    for (const backend of [to, from, to]) {
      await tf.setBackend(backend);
      tf.tidy(() => {
        expect(Array.from(tf.real(z).dataSync())).toEqual(parts.real);
        expect(Array.from(tf.imag(z).dataSync())).toEqual(parts.imag);
        expect(Array.from(tf.mul(z, z).dataSync())).toEqual([-15, 8, -21, -20, -27, -36]);
        expect(Array.from(z.dataSync())).toEqual([1, 4, -2, 5, 3, -6]);
        const [sum] = tf.fft(z).dataSync();
        expect(sum).toBeCloseTo(2, 5);
      });
    }
    z.dispose();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });
});
