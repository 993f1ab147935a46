/** A Huffman code of bytes (ITU-T T.81, annexes C and F). */
export interface HuffmanTable {
  /** Length * 256 + symbol of the code that so many bits begin with; 0 when it is longer. */
  readonly short: Uint16Array;
  /** For each length, one more than its last code, moved left to 16 bits; the symbol is at its offset. */
  readonly ends: Int32Array;
  readonly offsets: Int32Array;
  readonly symbols: Uint8Array;
}

const shortBits = 9;

/**
 * @param counts - Number of codes of 1 to 16 bits.
 * @returns `undefined` when they are more than there are codes.
 */
export function createHuffmanTable(
  counts: Uint8Array,
  symbols: Uint8Array,
): HuffmanTable | undefined {
  const short = new Uint16Array(2 ** shortBits);
  const ends = new Int32Array(17);
  const offsets = new Int32Array(17);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++, code <<= 1) {
    offsets[length] = index - code;
    for (const last = index + counts[length - 1]!; index < last; index++, code++) {
      if (length > shortBits) continue;
      const first = code << (shortBits - length);
      short.fill(length * 256 + symbols[index]!, first, first + 2 ** (shortBits - length));
    }
    if (code > 2 ** length) return undefined;
    ends[length] = code << (16 - length);
  }
  return { short, ends, offsets, symbols };
}

/** Reads the bits of entropy-coded bytes, the highest first. After the end come zeros. */
export class BitReader {
  #at = 0;
  #bits = 0;
  #count = 0;
  #missing = 0;

  constructor(readonly bytes: Uint8Array) {}

  /** Bits were read that are not there. */
  get isPastEnd(): boolean {
    return this.#missing > this.#count;
  }

  /** The next `count` bits, 16 at most. */
  take(count: number): number {
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  /** The next `count` bits as a signed number (annex F, EXTEND). */
  takeSigned(count: number): number {
    if (count === 0) return 0;
    const value = this.take(count);
    return value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
  }

  /** The symbol of the next code; -1 when no code begins so. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table.short[(this.#bits >>> (this.#count - shortBits)) & ((1 << shortBits) - 1)]!;
    if (entry > 0) {
      this.#count -= entry >> 8;
      return entry & 255;
    }
    const next = (this.#bits >>> (this.#count - 16)) & 0xffff;
    for (let length = shortBits + 1; length <= 16; length++) {
      if (next < table.ends[length]!) {
        this.#count -= length;
        return table.symbols[(next >> (16 - length)) + table.offsets[length]!]!;
      }
    }
    return -1;
  }

  #fill(): void {
    for (; this.#count < 24; this.#count += 8) this.#bits = (this.#bits << 8) | this.#byte();
  }

  #byte(): number {
    const { bytes } = this;
    const byte = bytes[this.#at++];
    if (byte !== undefined && byte !== 0xff) return byte;
    // A zero follows 255, lest it begin a marker; between them may be fill bytes.
    while (bytes[this.#at] === 0xff) this.#at++;
    if (this.#at++ < bytes.length) return 0xff;
    this.#missing += 8;
    return 0;
  }
}
