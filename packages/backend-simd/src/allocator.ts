/** Every block starts at a multiple of this many bytes (a cache line) and is as many long. */
export const blockAlignment = 64;

/** Blocks that are looked at in the size class of a request before a larger class is split. */
const scanLimit = 16;

/** Sizes below this, in units of `blockAlignment`, have a class each; above, 16 classes an octave. */
const linearClasses = 16;
const classCount = (26 - 4 + 1) * 16 + linearClasses + 16;

/** A run of bytes; all sizes and addresses in units of `blockAlignment`. */
interface Block {
  start: number;
  size: number;
  free: boolean;
  /** Neighbours in address order. */
  before: Block | undefined;
  after: Block | undefined;
  /** Neighbours in the free list of the size class. */
  previousFree: Block | undefined;
  nextFree: Block | undefined;
}

/**
 * Hands out blocks of a growing range of addresses: two-level segregated fit (Masmano et al., 2004)
 * with all bookkeeping outside of the range. Neighbouring free blocks are merged at once, so that
 * freeing everything always gives one block again. Both operations take constant time, but for a
 * bounded look at the free blocks nearest in size, which makes a loop that allocates the same
 * sizes again reuse the very same blocks.
 */
export class Allocator {
  #end: number;
  #last: Block | undefined;
  #unitsInUse = 0;
  readonly #start: number;
  readonly #used = new Map<number, Block>();
  readonly #freeLists: (Block | undefined)[] = new Array(classCount).fill(undefined);
  readonly #nonEmpty = new Int32Array((classCount + 31) >>> 5);

  /** @param start first address of the range, a multiple of `blockAlignment`; the range is empty. */
  constructor(start: number) {
    this.#start = start / blockAlignment;
    this.#end = this.#start;
  }

  /** Bytes that are handed out, rounded up to whole blocks. */
  get bytesInUse(): number {
    return this.#unitsInUse * blockAlignment;
  }

  /** One past the last address of the range. */
  get end(): number {
    return this.#end * blockAlignment;
  }

  /** Bytes by which the range must grow before `allocate(bytes)` is sure to succeed. */
  shortage(bytes: number): number {
    const last = this.#last;
    const tail = last?.free ? last.size : 0;
    return Math.max(0, toUnits(bytes) - tail) * blockAlignment;
  }

  /** Appends addresses up to `end` (exclusive) to the range. */
  extend(end: number): void {
    const units = Math.floor(end / blockAlignment) - this.#end;
    if (units <= 0) return;
    const block: Block = {
      start: this.#end,
      size: units,
      free: false,
      before: this.#last,
      after: undefined,
      previousFree: undefined,
      nextFree: undefined,
    };
    if (this.#last) this.#last.after = block;
    this.#last = block;
    this.#end += units;
    this.#release(block);
  }

  /** The address of a block of at least `bytes` bytes, or -1 if the range has none. */
  allocate(bytes: number): number {
    const units = toUnits(bytes);
    const block = this.#find(units);
    if (!block) return -1;
    this.#unlink(block);
    block.free = false;
    if (block.size > units) this.#split(block, units);
    this.#unitsInUse += units;
    const address = block.start * blockAlignment;
    this.#used.set(address, block);
    return address;
  }

  /** Gives back the block that `allocate` returned `address` for. */
  free(address: number): void {
    const block = this.#used.get(address);
    if (!block) throw new RangeError(`No allocated block starts at address ${address}.`);
    this.#used.delete(address);
    this.#unitsInUse -= block.size;
    this.#release(block);
  }

  /** The size in bytes of the block at `address`, which `allocate` returned. */
  sizeOf(address: number): number {
    const block = this.#used.get(address);
    if (!block) throw new RangeError(`No allocated block starts at address ${address}.`);
    return block.size * blockAlignment;
  }

  /** Every block in address order, for tests and diagnostics. */
  blocks(): { start: number; size: number; free: boolean }[] {
    const blocks = [];
    for (let block = this.#last; block; block = block.before) {
      blocks.push({
        start: block.start * blockAlignment,
        size: block.size * blockAlignment,
        free: block.free,
      });
    }
    return blocks.reverse();
  }

  #find(units: number): Block | undefined {
    const sizeClass = classOf(units);
    let candidate = this.#freeLists[sizeClass];
    for (let seen = 0; candidate && seen < scanLimit; seen++) {
      if (candidate.size >= units) return candidate;
      candidate = candidate.nextFree;
    }
    const larger = this.#nextNonEmpty(sizeClass + 1);
    if (larger >= 0) return this.#freeLists[larger];
    while (candidate && candidate.size < units) candidate = candidate.nextFree;
    return candidate;
  }

  #nextNonEmpty(sizeClass: number): number {
    let word = sizeClass >>> 5;
    let bits = this.#nonEmpty[word]! & (-1 << (sizeClass & 31));
    while (bits === 0) {
      if (++word >= this.#nonEmpty.length) return -1;
      bits = this.#nonEmpty[word]!;
    }
    return (word << 5) + 31 - Math.clz32(bits & -bits);
  }

  /** Leaves `units` in the block and frees the rest. */
  #split(block: Block, units: number): void {
    const rest: Block = {
      start: block.start + units,
      size: block.size - units,
      free: false,
      before: block,
      after: block.after,
      previousFree: undefined,
      nextFree: undefined,
    };
    if (rest.after) rest.after.before = rest;
    else this.#last = rest;
    block.after = rest;
    block.size = units;
    this.#release(rest);
  }

  /** Marks a block free, merged with its free neighbours. */
  #release(freed: Block): void {
    let block = freed;
    const { before, after } = block;
    if (after?.free) {
      this.#unlink(after);
      this.#absorb(block, after);
    }
    if (before?.free) {
      this.#unlink(before);
      this.#absorb(before, block);
      block = before;
    }
    block.free = true;
    const sizeClass = classOf(block.size);
    const head = this.#freeLists[sizeClass];
    block.previousFree = undefined;
    block.nextFree = head;
    if (head) head.previousFree = block;
    this.#freeLists[sizeClass] = block;
    this.#nonEmpty[sizeClass >>> 5]! |= 1 << (sizeClass & 31);
  }

  #absorb(block: Block, after: Block): void {
    block.size += after.size;
    block.after = after.after;
    if (after.after) after.after.before = block;
    else this.#last = block;
  }

  #unlink(block: Block): void {
    const { previousFree, nextFree } = block;
    if (nextFree) nextFree.previousFree = previousFree;
    if (previousFree) {
      previousFree.nextFree = nextFree;
      return;
    }
    const sizeClass = classOf(block.size);
    this.#freeLists[sizeClass] = nextFree;
    if (!nextFree) this.#nonEmpty[sizeClass >>> 5]! &= ~(1 << (sizeClass & 31));
  }
}

function toUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / blockAlignment));
}

function classOf(units: number): number {
  if (units < linearClasses) return units;
  const octave = 31 - Math.clz32(units);
  return (octave - 3) * 16 + ((units >>> (octave - 4)) & 15);
}
