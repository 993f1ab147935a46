import { elementBytes, type SimdBackend } from './backend.js';
import { isWorthSlicing, type SliceOptions, sliceFor } from './slices.js';
import type { Call } from './threads/pool.js';

/** Functions of elements may run to the end of a block of this many: slices begin at one. */
export const blockElements = 16;

/** What an element takes, in nanoseconds, where moving it costs more than what is computed. */
export const movedElement = 0.4;

/** Calls a function for all items at once, or for slices of them on all threads if that pays. */
export function runSliced(
  backend: SimdBackend,
  name: string,
  count: number,
  options: SliceOptions,
  callFor: (begin: number, end: number) => Call,
): void {
  const { threads } = backend;
  if (isWorthSlicing(threads, count, options)) {
    const slices = sliceFor(threads, count, options);
    backend.run(
      name,
      slices.map(({ begin, end }) => callFor(begin, end)),
    );
  } else backend.kernels[name]!(...callFor(0, count));
}

/** Calls a function (source, target, count, ...more) of each element of a tensor by itself. */
export function runElementwise(
  backend: SimdBackend,
  name: string,
  parameters: { from: number; to: number; count: number; more?: Call; cost?: number },
): void {
  const { from, to, count, more, cost = movedElement } = parameters;
  if (!isWorthSlicing(backend.threads, count, { cost })) {
    if (more) backend.kernels[name]!(from, to, count, ...more);
    else backend.kernels[name]!(from, to, count);
    return;
  }
  runSliced(backend, name, count, { cost, multiple: blockElements }, (begin, end) => {
    const offset = begin * elementBytes;
    return [from + offset, to + offset, end - begin, ...(more ?? [])];
  });
}
