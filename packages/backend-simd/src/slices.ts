/** A part of a range of items: `begin` to `end`, `end` excluded. */
export interface Slice {
  readonly begin: number;
  readonly end: number;
}

/** What {@link sliceFor} goes by. */
export interface SliceOptions {
  /** What an item takes on one thread, in nanoseconds, roughly. */
  readonly cost: number;
  /** All slices but the last have a multiple of this many items. Default: 1. */
  readonly multiple?: number;
  /** Slices a thread at most: more than one, so that a thread held up holds up the others less. Default: 4. */
  readonly perThread?: number;
}

/** What a thread computes in a nanosecond: multiplications, each with its addition. */
export const productsPerNanosecond = 20;

/** A slice must be worth the microsecond or two that handing it to a thread costs. */
const leastNanoseconds = 15_000;

/** Whether {@link sliceFor} gives more than one slice. */
export function isWorthSlicing(
  threads: number,
  count: number,
  { cost }: Pick<SliceOptions, 'cost'>,
): boolean {
  return threads > 1 && count * cost >= 2 * leastNanoseconds;
}

/**
 * Divides `count` items among threads: into one slice where dividing is not worth it. How many there
 * are depends on the number of threads, so the results must not depend on the slices.
 */
export function sliceFor(threads: number, count: number, options: SliceOptions): Slice[] {
  const { cost, multiple = 1, perThread = 4 } = options;
  const worth = Math.floor((count * cost) / leastNanoseconds);
  const wanted = threads === 1 ? 1 : Math.max(1, Math.min(threads * perThread, worth));
  return cut(count, Math.min(wanted, Math.ceil(count / multiple)), multiple);
}

/**
 * Divides `count` items into about `wanted` slices, whatever the number of threads: for sums over the
 * items, whose last bits depend on how they are divided.
 */
export function cut(count: number, wanted: number, multiple = 1): Slice[] {
  const size = Math.ceil(count / Math.max(1, wanted) / multiple) * multiple;
  const slices: Slice[] = [];
  for (let begin = 0; begin < count; begin += size) {
    slices.push({ begin, end: Math.min(count, begin + size) });
  }
  return slices;
}
