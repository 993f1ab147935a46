/** The 128 bits that stand for a seed and a path of labels: the starting state of their stream. */
export type StreamKey = readonly [number, number, number, number];

/**
 * The key of the stream that `label` names below the stream of `key`: the MurmurHash3_x86_128
 * (Austin Appleby, public domain) of the label's UTF-16 code units, low byte first, with the hash's
 * four lanes started from `key` instead of from one repeated seed.
 */
export function hashLabel(key: StreamKey, label: string): StreamKey {
  let [h1, h2, h3, h4] = key;
  const unitsInBlocks = label.length - (label.length % 8);
  for (let unit = 0; unit < unitsInBlocks; unit += 8) {
    h1 ^= scramble1(pair(label, unit));
    h1 = Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b;
    h2 ^= scramble2(pair(label, unit + 2));
    h2 = Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747;
    h3 ^= scramble3(pair(label, unit + 4));
    h3 = Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35;
    h4 ^= scramble4(pair(label, unit + 6));
    h4 = Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17;
  }

  // Past the end pair() is 0, which scrambles to 0 and leaves its lane as it is.
  const byteLength = 2 * label.length;
  h1 ^= scramble1(pair(label, unitsInBlocks)) ^ byteLength;
  h2 ^= scramble2(pair(label, unitsInBlocks + 2)) ^ byteLength;
  h3 ^= scramble3(pair(label, unitsInBlocks + 4)) ^ byteLength;
  h4 ^= scramble4(pair(label, unitsInBlocks + 6)) ^ byteLength;

  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = avalanche(h2 + h1);
  h3 = avalanche(h3 + h1);
  h4 = avalanche(h4 + h1);
  h1 = avalanche(h1);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return [h1, (h2 + h1) | 0, (h3 + h1) | 0, (h4 + h1) | 0];
}

/** Two code units as one 32-bit word, the first in the low half; 0 past the end of the label. */
function pair(label: string, unit: number): number {
  return label.charCodeAt(unit) | (label.charCodeAt(unit + 1) << 16); // NaN counts as 0 here
}

function scramble1(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0x239b961b), 15), 0xab0e9789);
}

function scramble2(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xab0e9789), 16), 0x38b34ae5);
}

function scramble3(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0x38b34ae5), 17), 0xa1e38b93);
}

function scramble4(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xa1e38b93), 18), 0x239b961b);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function avalanche(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
