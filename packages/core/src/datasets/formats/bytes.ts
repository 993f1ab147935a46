import { type Check, type OptionChecks, text } from '../../checks/index.js';
import { DataFormatError } from '../../errors.js';
import { Parts, type Work, type WorkOptions, workChecks } from '../../work.js';

/** Options of every parser of bytes. */
export interface ParseOptions extends WorkOptions {
  /** Where the bytes are from, for messages. Default: the name of the format. */
  readonly source?: string;
}

export const parseChecks: OptionChecks<ParseOptions> = { ...workChecks, source: text };

/** A limit in bytes, which may be none. */
export const byteLimit: Check<number> = {
  expected: 'a number of bytes, 0 or more',
  accepts: (value): value is number => typeof value === 'number' && value >= 0,
};

/** `bytes` as a `DataFormatError` names a number of them: `'1,234 bytes'`. */
export function describeBytes(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} byte${bytes === 1 ? '' : 's'}`;
}

/**
 * A `DataFormatError` whose message is one line and names its source, whatever bytes of the file are
 * quoted in it.
 */
export function formatError(
  source: string,
  message: string,
  details: { readonly offset?: number | undefined; readonly cause?: unknown } = {},
): DataFormatError {
  const { offset, cause } = details;
  const line = oneLine(`${source}: ${message}`);
  return new DataFormatError(
    line,
    offset === undefined ? { source, cause } : { source, offset, cause },
  );
}

/** A text without the characters that would act on a terminal. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

/** No engine's strings are much longer. */
const maxTextBytes = 2 ** 29 - 32;

/**
 * The text of a file in UTF-8, or in UTF-16 with a byte order mark. The mark stays in it.
 *
 * @throws DataFormatError when the bytes are neither, or more than a string holds.
 */
export async function decodeText(
  content: Uint8Array | string,
  source: string,
  work: Work,
): Promise<string> {
  if (typeof content === 'string') return content;
  if (content.length > maxTextBytes) {
    throw formatError(
      source,
      `Expected text of at most ${describeBytes(maxTextBytes)}, got ${describeBytes(content.length)}. Divide it into smaller files.`,
    );
  }
  const [first, second] = content;
  const encoding =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : 'utf-8';
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const parts: string[] = [];
  for (let begin = 0; begin < content.length; ) {
    const end = characterEnd(content, begin + decodedBytes, encoding);
    try {
      parts.push(decoder.decode(content.subarray(begin, end)));
    } catch (cause) {
      throw formatError(
        source,
        'Expected UTF-8 text, got other bytes. Save the table as CSV with the encoding UTF-8.',
        { cause },
      );
    }
    begin = end;
    if (work.isDue) await work.turn();
  }
  return parts.join('');
}

/** Engines decode whole texts several times as fast as streams of text. */
const decodedBytes = 2 ** 20;

/** The first place from an even `at` on at which no character is divided. */
function characterEnd(bytes: Uint8Array, at: number, encoding: string): number {
  if (encoding === 'utf-8') {
    let end = at;
    while (end < at + 3 && (bytes[end]! & 0xc0) === 0x80) end++;
    return end;
  }
  const high = bytes[encoding === 'utf-16le' ? at + 1 : at]!;
  return (high & 0xfc) === 0xdc ? at + 2 : at;
}

/** Reads numbers one after another from bytes, and never past their end. */
export class ByteReader {
  readonly #view: DataView;
  offset = 0;

  /**
   * @param what - The format, for messages: `'an idx file'`.
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly source: string,
    readonly what: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  uint8(part: string): number {
    return this.#view.getUint8(this.#skip(1, part));
  }

  uint16(part: string, littleEndian = false): number {
    return this.#view.getUint16(this.#skip(2, part), littleEndian);
  }

  uint32(part: string, littleEndian = false): number {
    return this.#view.getUint32(this.#skip(4, part), littleEndian);
  }

  take(length: number, part: string): Uint8Array {
    const from = this.#skip(length, part);
    return this.bytes.subarray(from, from + length);
  }

  /** An error at the present offset, or another. */
  error(message: string, offset = this.offset, cause?: unknown): DataFormatError {
    return formatError(this.source, message, { offset, cause });
  }

  #skip(length: number, part: string): number {
    if (length > this.left) {
      throw this.error(
        `${this.what} is cut short: its ${part} needs ${describeBytes(length)} at offset ${this.offset}, but ${describeBytes(this.left)} are left; fetch the file again.`,
      );
    }
    const from = this.offset;
    this.offset += length;
    return from;
  }
}

/** Copies all of `from` into `to` at `offset`, in parts. */
export function copyInParts(
  from: Uint8Array,
  to: Uint8Array,
  offset: number,
  work: Work,
): Promise<void> {
  return work.inParts(
    from.length,
    (begin, end) => to.set(from.subarray(begin, end), offset + begin),
    new Parts(copiedBytes),
  );
}

/** What a machine copies in some milliseconds. */
const copiedBytes = 2 ** 20;

/** Several pieces as one; a single one is not copied. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Product of extents that came from a file.
 *
 * @returns `undefined` when it is beyond exact integers.
 */
export function safeProduct(extents: readonly number[]): number | undefined {
  let product = 1;
  for (const extent of extents) {
    product *= extent;
    if (!Number.isSafeInteger(product)) return undefined;
  }
  return product;
}

/** True when this machine stores the lowest byte of a number first. */
const isLittleEndian = /* @__PURE__ */ (() => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1)();

/**
 * Copies `bytes` into a new buffer, with the bytes of each number in this machine's order, ready for
 * a typed array of numbers of `size` bytes. A stage of `work`.
 */
export async function alignedCopy(
  bytes: Uint8Array,
  size: number,
  littleEndian: boolean,
  work: Work,
): Promise<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length);
  const isTurned = size > 1 && littleEndian !== isLittleEndian;
  await work.stage(
    'reading',
    bytes.length,
    (begin, end) => {
      if (!isTurned) return copy.set(bytes.subarray(begin, end), begin);
      for (let first = begin; first < end; first += size) {
        const last = first + size - 1;
        for (let k = 0; k < size; k++) copy[first + k] = bytes[last - k]!;
      }
    },
    new Parts(copiedBytes),
  );
  return copy.buffer;
}
