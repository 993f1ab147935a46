import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SimdBackend } from '../../src/index.js';
import { numberStream } from '../support.js';
import { builds, startBuild } from './products-support.js';

/** Allocates float32 arrays in the backend's memory and frees them all. */
function memoryOf(backend: SimdBackend) {
  const addresses: number[] = [];
  const allocate = (bytes: number) => {
    const address = backend.heap.allocate(bytes);
    addresses.push(address);
    return address;
  };
  return {
    scratch: allocate,
    noise(size: number, seed: number): number {
      const address = allocate(size * 4);
      const next = numberStream(seed);
      for (let i = 0; i < size; i++) backend.heap.float32[address / 4 + i] = next() - 0.5;
      return address;
    },
    read: (address: number, size: number) =>
      Array.from(backend.heap.float32.subarray(address / 4, address / 4 + size)),
    free() {
      for (const address of addresses) backend.heap.free(address);
    },
  };
}

// A pool of threads calls the same functions on ranges of their results: the values are not whole
// numbers here, so that another order of summation would show.
describe.each(builds)('in slices, $build SIMD', ({ relaxed }) => {
  let backend: SimdBackend;
  beforeAll(async () => {
    await startBuild(relaxed);
    backend = tf.backend() as SimdBackend;
  });

  test('a matrix product has the same bits as whole', () => {
    fc.assert(
      fc.property(
        fc.tuple(...[40, 40, 300].map((max) => fc.integer({ min: 2, max }))),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        ([m, n, k], transposeA, transposeB, cutSeed) => {
          const memory = memoryOf(backend);
          const { matmul, matmulScratch } = backend.kernels;
          const [a, b] = [memory.noise(m! * k!, 1), memory.noise(k! * n!, 2)];
          const [whole, sliced] = [memory.noise(m! * n!, 3), memory.noise(m! * n!, 4)];
          const work = memory.scratch(matmulScratch!(m!, n!, k!));
          const lda = transposeA ? m! : k!;
          const ldb = transposeB ? k! : n!;
          const rows = (target: number, begin: number, end: number) => {
            const from = a + begin * (transposeA ? 1 : lda) * 4;
            const to = target + begin * n! * 4;
            // biome-ignore format: as declared
            matmul!(
              from, lda, Number(transposeA), b, ldb, Number(transposeB), to, n!,
              end - begin, n!, k!, 0, 0, 0, 0, work,
            );
          };
          // At least two rows a slice: a single one is a product of vectors, summed in another order.
          const cut = m! < 4 ? m! : 2 + (cutSeed % (m! - 3));
          rows(whole, 0, m!);
          rows(sliced, 0, cut);
          if (cut < m!) rows(sliced, cut, m!);
          expect(memory.read(sliced, m! * n!)).toEqual(memory.read(whole, m! * n!));
          memory.free();
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each([
    { channels: 1, outChannels: 9 },
    { channels: 3, outChannels: 8 },
    { channels: 6, outChannels: 17 },
  ])(
    'a convolution of $channels channels and its filter gradient, too',
    ({ channels, outChannels }) => {
      const [images, height, width, size] = [2, 9, 13, 3];
      const memory = memoryOf(backend);
      const { kernels } = backend;
      const positions = images * height * width;
      const x = memory.noise(positions * channels, 5);
      const filterSize = size * size * channels * outChannels;
      const filter = memory.noise(filterSize, 6);
      const packed = memory.scratch(
        kernels.packedFilterBytes!(size * size * channels, outChannels),
      );
      kernels.packFilter!(filter, size, channels, outChannels, 0, 0, 1, size, 0, 1, size, packed);
      const taps = [size, size, -1, -1, 1, 1] as const;
      const work = memory.scratch(
        kernels.convolveScratch!(
          height,
          width,
          channels,
          outChannels,
          height,
          width,
          1,
          1,
          ...taps,
        ),
      );
      const convolve = (target: number, begin: number, end: number) => {
        // biome-ignore format: as declared
        kernels.convolve!(
        x, height, width, channels, target, height, width, outChannels, height, width,
        1, 1, 1, 1, 0, 0, ...taps, packed, 0, 0, 0, 0, begin, end, work,
      );
      };
      const [whole, sliced] = [7, 8].map((seed) => memory.noise(positions * outChannels, seed));
      convolve(whole!, 0, positions);
      for (const [begin, end] of [
        [0, 5],
        [5, 150],
        [150, positions],
      ]) {
        convolve(sliced!, begin!, end!);
      }
      const y = memory.read(whole!, positions * outChannels);
      expect(memory.read(sliced!, positions * outChannels)).toEqual(y);

      const strips = kernels.filterStrips!(channels, size, size, 1);
      const filterWork = memory.scratch(
        kernels.convolveFilterScratch!(
          channels,
          height,
          width,
          outChannels,
          1,
          1,
          size,
          size,
          1,
          1,
        ),
      );
      const gradient = (target: number, begin: number, end: number) => {
        // biome-ignore format: as declared
        kernels.convolveFilter!(
        x, images, height, width, channels, whole!, height, width, outChannels,
        1, 1, ...taps, target, begin, end, filterWork,
      );
      };
      const [wholeGradient, slicedGradient] = [9, 10].map((seed) => memory.noise(filterSize, seed));
      gradient(wholeGradient!, 0, strips);
      gradient(slicedGradient!, 0, 2);
      gradient(slicedGradient!, 2, strips);
      const expected = memory.read(wholeGradient!, filterSize);
      expect(memory.read(slicedGradient!, filterSize)).toEqual(expected);
      memory.free();
    },
  );
});
