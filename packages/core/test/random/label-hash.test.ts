import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashLabel } from '../../src/random/label-hash.js';

/** MurmurHash3_x86_128 over bytes, written for clearness in BigInt after its description. */
function murmur(bytes: Uint8Array, lanes: readonly number[]): bigint[] {
  const word = (value: bigint) => BigInt.asUintN(32, value);
  const rotate = (value: bigint, bits: bigint) => word((value << bits) | (value >> (32n - bits)));
  const c = [0x239b961bn, 0xab0e9789n, 0x38b34ae5n, 0xa1e38b93n];
  const add = [0x561ccd1bn, 0x0bcaa747n, 0x96cd1c35n, 0x32ac3b17n];
  const h = lanes.map((lane) => word(BigInt(lane)));
  const scramble = (k: bigint, lane: number) =>
    word(rotate(word(k * c[lane]!), BigInt(15 + lane)) * c[(lane + 1) % 4]!);
  const blockWord = (offset: number) => {
    let value = 0n;
    for (let byte = 3; byte >= 0; byte--) value = (value << 8n) | BigInt(bytes[offset + byte] ?? 0);
    return value;
  };
  const blocks = Math.floor(bytes.length / 16);
  for (let block = 0; block < blocks; block++) {
    for (let lane = 0; lane < 4; lane++) {
      h[lane] = h[lane]! ^ scramble(blockWord(16 * block + 4 * lane), lane);
      h[lane] = rotate(h[lane]!, BigInt(19 - 2 * lane));
      h[lane] = word((h[lane]! + h[(lane + 1) % 4]!) * 5n + add[lane]!);
    }
  }
  for (let lane = 0; lane < 4; lane++) {
    h[lane] = h[lane]! ^ scramble(blockWord(16 * blocks + 4 * lane), lane) ^ BigInt(bytes.length);
  }
  const mixLanes = () => {
    h[0] = word(h[0]! + h[1]! + h[2]! + h[3]!);
    for (const lane of [1, 2, 3]) h[lane] = word(h[lane]! + h[0]!);
  };
  mixLanes();
  for (let lane = 0; lane < 4; lane++) {
    let k = h[lane]!;
    k = word((k ^ (k >> 16n)) * 0x85ebca6bn);
    k = word((k ^ (k >> 13n)) * 0xc2b2ae35n);
    h[lane] = k ^ (k >> 16n);
  }
  mixLanes();
  return h;
}

function utf16(label: string): Uint8Array {
  return Uint8Array.from({ length: 2 * label.length }, (_, byte) => {
    const unit = label.charCodeAt(byte >> 1);
    return byte % 2 ? unit >> 8 : unit & 0xff;
  });
}

function toBytes(words: readonly bigint[]): number[] {
  return words.flatMap((w) => [0n, 8n, 16n, 24n].map((shift) => Number((w >> shift) & 0xffn)));
}

describe('hashLabel', () => {
  it('is measured against a MurmurHash3_x86_128 that has SMHasher’s verification value', () => {
    const hashes = Array.from({ length: 256 }, (_, n) => {
      const key = Uint8Array.from({ length: n }, (_, byte) => byte);
      return toBytes(murmur(key, Array(4).fill(256 - n)));
    });
    expect(murmur(Uint8Array.from(hashes.flat()), [0, 0, 0, 0])[0]).toBe(0xb3ece62an);
  });

  it('is that hash of the UTF-16 text, its lanes started from the parent’s key', () => {
    const lane = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(
        fc.tuple(lane, lane, lane, lane),
        fc.string({ unit: 'binary', maxLength: 40 }),
        (key, label) => {
          const ours = hashLabel(key, label).map((lane) => BigInt(lane >>> 0));
          expect(ours).toEqual(murmur(utf16(label), key));
        },
      ),
      { numRuns: 100 },
    );
  });
});
