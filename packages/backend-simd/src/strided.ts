import type { SimdBackend } from './backend.js';
import { elementBytes } from './backend.js';
import { blockElements, movedElement } from './sliced.js';
import { isWorthSlicing, sliceFor } from './slices.js';

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
  const count = merged.reduce((product, { size }) => product * size, 1);
  if (!isWorthSlicing(backend.threads, count, { cost: movedElement })) {
    withLayouts(backend, [merged], ([layout]) => {
      backend.kernels.copyStrided!(from, to, merged.length, layout!);
    });
    return;
  }
  const along = merged.findIndex(({ size }) => size > 1);
  const outermost = merged[along]!;
  const cost = (count / outermost.size) * movedElement;
  const multiple = along === merged.length - 1 ? blockElements : 1;
  const slices = sliceFor(backend.threads, outermost.size, { cost, multiple });
  const parts = slices.map(({ begin, end }) =>
    merged.map((dimension, index) =>
      index === along ? { ...dimension, size: end - begin } : dimension,
    ),
  );
  withLayouts(backend, parts, (layouts) => {
    const calls = slices.map(({ begin }, index) => [
      from + begin * outermost.from * elementBytes,
      to + begin * outermost.to * elementBytes,
      merged.length,
      layouts[index]!,
    ]);
    backend.run('copyStrided', calls);
  });
}

/** Lends kernels the addresses of dimensions in their own form, each with room for its counters. */
export function withLayouts(
  backend: SimdBackend,
  layouts: readonly (readonly CopyDimension[])[],
  run: (addresses: number[]) => void,
): void {
  const { heap } = backend;
  // Layouts that threads write to lie on cache lines of their own.
  const bytes = Math.ceil(((layouts[0]!.length * 4 + 1) * elementBytes) / 64) * 64;
  const block = heap.allocate(bytes * layouts.length);
  const addresses = layouts.map((dimensions, index) => {
    const address = block + index * bytes;
    let word = address / elementBytes;
    for (const { size, from, to } of dimensions) {
      heap.int32[word++] = size;
      heap.int32[word++] = from * elementBytes;
      heap.int32[word++] = to * elementBytes;
    }
    return address;
  });
  try {
    run(addresses);
  } finally {
    heap.free(block);
  }
}
