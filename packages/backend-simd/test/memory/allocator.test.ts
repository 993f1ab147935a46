import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Allocator, blockAlignment } from '../../src/allocator.js';

const start = 65_536;

/** What a program does: take so many bytes, or give back one of the blocks it holds. */
type Step = { readonly take: number } | { readonly giveBack: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ take: fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(2 ** 22)) }),
  fc.record({ giveBack: fc.nat(1000) }),
);

/** Runs the steps over a range that grows when it is full, and calls `check` after each. */
function play(
  steps: readonly Step[],
  check: (allocator: Allocator, held: Map<number, number>) => void,
): { allocator: Allocator; held: Map<number, number> } {
  const allocator = new Allocator(start);
  const held = new Map<number, number>();
  for (const action of steps) {
    if ('take' in action) {
      let address = allocator.allocate(action.take);
      if (address < 0) {
        allocator.extend(allocator.end + allocator.shortage(action.take));
        address = allocator.allocate(action.take);
      }
      expect(address).toBeGreaterThanOrEqual(start);
      held.set(address, action.take);
    } else if (held.size > 0) {
      const address = [...held.keys()][action.giveBack % held.size]!;
      held.delete(address);
      allocator.free(address);
    }
    check(allocator, held);
  }
  return { allocator, held };
}

describe('Allocator', () => {
  it('hands out aligned blocks that never overlap and hold what was asked for', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        play(steps, (allocator, held) => {
          const blocks = allocator.blocks();
          let end = start;
          for (const block of blocks) {
            // The blocks tile the range without a gap, so none can overlap another.
            expect(block.start).toBe(end);
            expect(block.start % blockAlignment).toBe(0);
            end += block.size;
          }
          expect(end).toBe(allocator.end);
          const used = blocks.filter(({ free }) => !free);
          expect(new Set(used.map((block) => block.start))).toEqual(new Set(held.keys()));
          for (const block of used) {
            expect(block.size).toBeGreaterThanOrEqual(held.get(block.start)!);
            expect(block.size).toBe(allocator.sizeOf(block.start));
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('leaves no two free blocks side by side, and one when all is given back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { allocator, held } = play(steps, (current) => {
          const blocks = current.blocks();
          const touching = blocks.some((block, index) => block.free && blocks[index + 1]?.free);
          expect(touching).toBe(false);
        });
        for (const address of held.keys()) allocator.free(address);
        expect(allocator.bytesInUse).toBe(0);
        const free = allocator.end - start;
        expect(allocator.blocks()).toEqual(free > 0 ? [{ start, size: free, free: true }] : []);
      }),
      { numRuns: 60 },
    );
  });

  it('gives a loop that takes the same sizes again the same addresses', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 40 }), (sizes) => {
        const allocator = new Allocator(start);
        allocator.extend(start + 2 ** 26);
        const round = () => sizes.map((size) => allocator.allocate(size));
        const first = round();
        for (const address of first) allocator.free(address);
        const second = round();
        expect(second).toEqual(first);
      }),
      { numRuns: 60 },
    );
  });

  it('finds a block that fits among many that do not', () => {
    const allocator = new Allocator(0);
    allocator.extend(2 ** 30);
    // Free blocks of 1,000 units, kept apart, and one of 1,020 units of the same size class.
    const spacers: number[] = [];
    const blocks: number[] = [];
    for (let index = 0; index < 40; index++) {
      blocks.push(allocator.allocate((index === 0 ? 1020 : 1000) * blockAlignment));
      spacers.push(allocator.allocate(1));
    }
    const rest = allocator.allocate(2 ** 30 - allocator.bytesInUse);
    expect(rest).toBeGreaterThan(0);
    for (const address of blocks) allocator.free(address);
    expect(allocator.allocate(1010 * blockAlignment)).toBe(blocks[0]);
    expect(allocator.allocate(1010 * blockAlignment)).toBe(-1);
  });

  it('says -1 when nothing fits, and refuses to free what it did not hand out', () => {
    const allocator = new Allocator(0);
    expect(allocator.allocate(1)).toBe(-1);
    allocator.extend(128);
    const address = allocator.allocate(100);
    expect(address).toBe(0);
    expect(allocator.allocate(1)).toBe(-1);
    expect(() => allocator.free(64)).toThrow('No allocated block starts at address 64.');
    allocator.free(address);
    expect(() => allocator.free(address)).toThrow('No allocated block starts at address 0.');
  });

  it('addresses blocks beyond two gigabytes', () => {
    const allocator = new Allocator(0);
    allocator.extend(65_535 * 65_536);
    const low = allocator.allocate(3 * 2 ** 30);
    const high = allocator.allocate(2 ** 29);
    expect([low, high]).toEqual([0, 3 * 2 ** 30]);
    expect(allocator.allocate(2 ** 29)).toBe(-1);
  });
});
