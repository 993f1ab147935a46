import { describe, expect, it } from 'vitest';
import { SimdMemoryError } from '../../src/errors.js';
import { Heap } from '../../src/heap.js';

const mebibyte = 2 ** 20;

describe('Heap', () => {
  it('grows in large steps, keeps its content, and renews its views', () => {
    const heap = new Heap();
    const first = heap.allocate(mebibyte);
    heap.float32[first / 4] = 42;
    const before = heap.bytesReserved;
    const staleView = heap.float32;
    const second = heap.allocate(before);
    expect(heap.bytesReserved).toBeGreaterThanOrEqual(before * 1.5);
    expect(heap.float32 === staleView).toBe(false);
    expect(heap.float32[first / 4]).toBe(42);
    heap.float32[second / 4 + before / 4 - 1] = 1;
    expect(heap.uint8.byteLength).toBe(heap.bytesReserved);
    expect(heap.int32.byteLength).toBe(heap.bytesReserved);
  });

  it('ends in one clear error when the limit is reached, and stays usable', () => {
    const heap = new Heap({ maximumMemory: 32 * mebibyte });
    const held = heap.allocate(20 * mebibyte);
    let error: unknown;
    try {
      heap.allocate(16 * mebibyte);
    } catch (thrown) {
      error = thrown;
    }
    expect(SimdMemoryError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      name: 'SimdMemoryError',
      bytesWanted: 16 * mebibyte,
      bytesInUse: 20 * mebibyte,
      bytesLimit: 32 * mebibyte,
    });
    expect((error as Error).message).toBe(
      'The simd backend is out of memory: 16777216 bytes wanted, 20971520 in use, the limit is ' +
        '33554432 bytes. Use a smaller batch, dispose tensors (tf.tidy, tensor.dispose), or raise ' +
        'maximumMemory (at most 4 GiB).',
    );
    heap.free(held);
    expect(heap.bytesInUse).toBe(0);
    expect(heap.allocate(24 * mebibyte)).toBe(held);
  });

  it('reports a runtime that refuses to grow', () => {
    const heap = new Heap({ maximumMemory: 64 * mebibyte });
    heap.memory.grow(48 * 16);
    expect(() => heap.allocate(40 * mebibyte)).toThrow(/the runtime refused to grow the memory/);
  });

  it.each([0, Number.NaN, -1, 2 ** 20, Number.POSITIVE_INFINITY])(
    'refuses %d bytes as a limit',
    (maximumMemory) => {
      expect(() => new Heap({ maximumMemory })).toThrow(/at least 16777216 \(16 MiB\), got/);
    },
  );
});
