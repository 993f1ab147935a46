import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sha256, sha256Of } from '../../src/datasets/sha256.js';
import { sha256Of as sha256InNode } from '../../src/node/sha256.js';
import { Work } from '../../src/work.js';

afterEach(() => vi.unstubAllGlobals());

describe('sha256', () => {
  it('is what Node computes, of any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(Buffer.from(await sha256(bytes, new Work()))).toEqual(
          createHash('sha256').update(bytes).digest(),
        );
      }),
      { seed: 42, numRuns: 500 },
    );
  });

  it('of lengths about the ends of blocks, and of many blocks', async () => {
    for (const length of [0, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1_000_003]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * i) % 251);
      const digest = createHash('sha256').update(bytes).digest();
      expect(Buffer.from(await sha256(bytes, new Work()))).toEqual(digest);
      expect(await sha256InNode(bytes, new Work())).toBe(digest.toString('hex'));
    }
  });

  it('is there without crypto.subtle, which pages over plain http have not', async () => {
    const bytes = new TextEncoder().encode('abc');
    // The example of FIPS 180.
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await sha256Of(bytes, new Work())).toBe(digest);
    vi.stubGlobal('crypto', {});
    expect(await sha256Of(bytes, new Work())).toBe(digest);
  });
});
