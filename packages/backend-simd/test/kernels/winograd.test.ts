import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SimdBackendOptions } from '../../src/index.js';
import { numberStream } from '../support.js';
import { builds, startBuild } from './products-support.js';

type Shape4D = [number, number, number, number];
type Padding = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

interface Convolution {
  readonly x: Shape4D;
  readonly filter: Shape4D;
  readonly pad: Padding;
}

/** Convolutions that Winograd's algorithm is chosen for, of every remainder of channels and tiles. */
const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    batch: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 3, max: 17 }),
    width: fc.integer({ min: 3, max: 17 }),
    inChannels: fc.integer({ min: 16, max: 30 }),
    outChannels: fc.integer({ min: 16, max: 70 }),
    pad: fc.constantFrom<Padding>('same', 'valid', 1, 2, 4, [
      [0, 0],
      [2, 1],
      [0, 3],
      [0, 0],
    ]),
  })
  .map(({ batch, height, width, inChannels, outChannels, pad }) => ({
    x: [batch, height, width, inChannels] as Shape4D,
    filter: [3, 3, inChannels, outChannels] as Shape4D,
    pad,
  }))
  .filter(({ x, filter, pad }) => {
    const { outHeight, outWidth } = infoOf({ x, filter, pad });
    const tiles = Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
    return x[0] * tiles >= 16 && outHeight * outWidth >= 8 * tiles;
  });

function infoOf({ x, filter, pad }: Convolution) {
  return tf.backend_util.computeConv2DInfo(x, filter, 1, 1, pad);
}

/** Numbers from -1 to 1. */
function noise(shape: number[], seed: number): Float32Array {
  const next = numberStream(seed);
  return new Float32Array(tf.util.sizeFromShape(shape)).map(() => 2 * next() - 1);
}

interface Results {
  readonly y: Float32Array | Float64Array;
  readonly dx: Float32Array | Float64Array;
  readonly dFilter: Float32Array | Float64Array;
}

/** The convolution and both of its gradients by definition, in double precision. */
function byDefinition(
  convolution: Convolution,
  x: Float32Array,
  filter: Float32Array,
  dy: Float32Array,
): Results {
  const info = infoOf(convolution);
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  for (let image = 0; image < info.batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        const out = ((image * outHeight + row) * outWidth + column) * outChannels;
        for (let tap = 0; tap < 9; tap++) {
          const inRow = row - padInfo.top + Math.floor(tap / 3);
          const inColumn = column - padInfo.left + (tap % 3);
          if (inRow < 0 || inRow >= inHeight || inColumn < 0 || inColumn >= inWidth) continue;
          const pixel = ((image * inHeight + inRow) * inWidth + inColumn) * inChannels;
          for (let c = 0; c < inChannels; c++) {
            const weights = (tap * inChannels + c) * outChannels;
            for (let k = 0; k < outChannels; k++) {
              y[out + k]! += x[pixel + c]! * filter[weights + k]!;
              dx[pixel + c]! += dy[out + k]! * filter[weights + k]!;
              dFilter[weights + k]! += dy[out + k]! * x[pixel + c]!;
            }
          }
        }
      }
    }
  }
  return { y, dx, dFilter };
}

/** The same on the current backend. */
function onBackend(
  convolution: Convolution,
  x: Float32Array,
  filter: Float32Array,
  dy: Float32Array,
): Results {
  const { pad } = convolution;
  return tf.tidy(() => {
    const inputs = [tf.tensor4d(x, convolution.x), tf.tensor4d(filter, convolution.filter)];
    const convolve = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, pad);
    const y = convolve(inputs[0]!, inputs[1]!);
    const [dx, dFilter] = tf.grads(convolve)(inputs, tf.tensor(dy, y.shape));
    const valuesOf = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;
    return { y: valuesOf(y), dx: valuesOf(dx!), dFilter: valuesOf(dFilter!) };
  });
}

function inputsOf(convolution: Convolution, seed: number) {
  const x = noise(convolution.x, seed);
  const filter = noise(convolution.filter, seed + 1);
  const dy = noise(infoOf(convolution).outShape, seed + 2);
  return [x, filter, dy] as const;
}

/** The largest error over the root mean square of the exact result. */
function relativeError(got: ArrayLike<number>, exact: ArrayLike<number>): number {
  let largest = 0;
  let squares = 0;
  for (let index = 0; index < exact.length; index++) {
    largest = Math.max(largest, Math.abs(got[index]! - exact[index]!));
    squares += exact[index]! ** 2;
  }
  return largest / Math.sqrt(squares / exact.length);
}

const tiny: Convolution = { x: [2, 9, 10, 18], filter: [3, 3, 18, 21], pad: 'same' };

describe.each(builds)('convolutions by Winograd, $build SIMD', ({ relaxed }) => {
  const restart = (options?: SimdBackendOptions) => startBuild(relaxed, options);
  beforeAll(() => restart());
  afterAll(() => tf.removeBackend('simd'));

  test('are within 5e-5 of the exact result, gradients too, for every shape and padding', () => {
    fc.assert(
      fc.property(convolutions, fc.nat(1000), (convolution, seed) => {
        const inputs = inputsOf(convolution, seed);
        const exact = byDefinition(convolution, ...inputs);
        const got = onBackend(convolution, ...inputs);
        for (const name of ['y', 'dx', 'dFilter'] as const) {
          expect(relativeError(got[name], exact[name]), name).toBeLessThan(5e-5);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('are computed otherwise than direct ones', async () => {
    const inputs = inputsOf(tiny, 1);
    const winograd = onBackend(tiny, ...inputs);
    await restart({ convolution: 'direct' });
    const direct = onBackend(tiny, ...inputs);
    await restart();
    for (const name of ['y', 'dx', 'dFilter'] as const) {
      expect(winograd[name], name).not.toEqual(direct[name]);
    }
  });

  test('are direct where there are few channels, few tiles or tiles mostly over the border', async () => {
    const others: Convolution[] = [
      { x: [2, 16, 16, 15], filter: [3, 3, 15, 32], pad: 'same' },
      { x: [2, 16, 16, 32], filter: [3, 3, 32, 15], pad: 'same' },
      { x: [1, 12, 12, 16], filter: [3, 3, 16, 16], pad: 'same' },
      { x: [64, 2, 2, 16], filter: [3, 3, 16, 16], pad: 'same' },
    ];
    const results = () => others.map((other) => onBackend(other, ...inputsOf(other, 2)));
    const chosen = results();
    await restart({ convolution: 'direct' });
    const direct = results();
    await restart();
    expect(chosen).toEqual(direct);
  });

  test('have the same bytes for any number of threads', async () => {
    const wide: Convolution = { x: [3, 21, 18, 50], filter: [3, 3, 50, 150], pad: 'same' };
    const results: Results[] = [];
    for (const threads of [1, 2, 3]) {
      await restart({ threads });
      results.push(onBackend(wide, ...inputsOf(wide, 3)));
    }
    await restart();
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 3e38])(
    'pass %s on exactly as direct ones do, wherever it stands',
    async (value) => {
      const spoiled = [0, 1, 2].flatMap((which) =>
        [0, 101, 1900].map((place) => {
          const inputs = inputsOf(tiny, 4).map((values) => values.slice());
          inputs[which]![place % inputs[which]!.length] = value;
          return inputs as unknown as [Float32Array, Float32Array, Float32Array];
        }),
      );
      const notFinite = (results: Results) =>
        [results.y, results.dx, results.dFilter].map((values) =>
          Array.from(values, (number) => (Number.isFinite(number) ? 0 : number)),
        );
      const winograd = spoiled.map((inputs) => notFinite(onBackend(tiny, ...inputs)));
      await restart({ convolution: 'direct' });
      const direct = spoiled.map((inputs) => notFinite(onBackend(tiny, ...inputs)));
      await restart();
      expect(winograd).toEqual(direct);
    },
  );

  test('fuse a bias and an activation', async () => {
    for (const activation of ['linear', 'relu', 'relu6', 'elu'] as const) {
      const [x, filter] = inputsOf(tiny, 5);
      const run = () =>
        tf.tidy(() =>
          tf.fused
            .conv2d({
              x: tf.tensor4d(x, tiny.x),
              filter: tf.tensor4d(filter, tiny.filter),
              strides: 1,
              pad: 'same',
              bias: tf.tensor1d(noise([21], 6)),
              activation,
            })
            .dataSync(),
        );
      const winograd = run();
      await restart({ convolution: 'direct' });
      const direct = run();
      await restart();
      expect(relativeError(winograd, direct), activation).toBeLessThan(5e-5);
      expect(relativeError(winograd, direct), activation).toBeGreaterThan(0);
    }
  });

  test('leave no tensors and no scratch behind', () => {
    const bytes = () => (tf.memory() as unknown as { heapBytesInUse: number }).heapBytesInUse;
    const inputs = inputsOf(tiny, 7);
    const before = [tf.memory().numTensors, bytes()];
    onBackend(tiny, ...inputs);
    expect([tf.memory().numTensors, bytes()]).toEqual(before);
  });
});
