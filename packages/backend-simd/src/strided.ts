import type { SimdBackend } from './backend.js';
import { elementBytes } from './backend.js';

/** One dimension of a copy; strides in elements, 0 to repeat, negative to run backwards. */
export interface CopyDimension {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Elements between neighbours along each dimension of a dense row-major tensor. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides: number[] = new Array(shape.length);
  let stride = 1;
  for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
    strides[dimension] = stride;
    stride *= shape[dimension]!;
  }
  return strides;
}

/** The same copy with as few dimensions as possible, outermost first; at least two. */
function mergeDimensions(dimensions: readonly CopyDimension[]): CopyDimension[] {
  const merged: CopyDimension[] = [];
  for (const inner of dimensions) {
    if (inner.size === 1) continue;
    const outer = merged.at(-1);
    const contiguous =
      outer && outer.from === inner.from * inner.size && outer.to === inner.to * inner.size;
    if (contiguous) merged[merged.length - 1] = { ...inner, size: outer.size * inner.size };
    else merged.push(inner);
  }
  while (merged.length < 2) merged.unshift({ size: 1, from: 1, to: 1 });
  return merged;
}

/** Copies elements between two layouts; `from` and `to` are the addresses of the first elements. */
export function copyStrided(
  backend: SimdBackend,
  from: number,
  to: number,
  dimensions: readonly CopyDimension[],
): void {
  if (dimensions.some(({ size }) => size === 0)) return;
  const merged = mergeDimensions(dimensions);
  withLayout(backend, merged, (layout) => {
    backend.kernels.copyStrided!(from, to, merged.length, layout);
  });
}

/** Lends a kernel the address of the dimensions in its own form, with room for its counters. */
export function withLayout(
  backend: SimdBackend,
  dimensions: readonly CopyDimension[],
  run: (layout: number) => void,
): void {
  const { heap } = backend;
  const layout = heap.allocate((dimensions.length * 4 + 1) * elementBytes);
  let index = layout / elementBytes;
  for (const { size, from, to } of dimensions) {
    heap.int32[index++] = size;
    heap.int32[index++] = from * elementBytes;
    heap.int32[index++] = to * elementBytes;
  }
  run(layout);
  heap.free(layout);
}
