import { checkOptions, type OptionChecks } from '../../checks/index.js';
import { NnLabError } from '../../errors.js';
import { Work } from '../../work.js';
import {
  byteLimit,
  copyInParts,
  describeBytes,
  formatError,
  type ParseOptions,
  parseChecks,
} from './bytes.js';

/** Options of `inflate` and `gunzip`. */
export interface InflateOptions extends ParseOptions {
  /**
   * The most bytes that may come out; more is an error, and is never held. Default 256 MiB, or 16
   * times the bytes that go in where that is more.
   */
  readonly maxBytes?: number;
}

const inflateChecks: OptionChecks<InflateOptions> = {
  ...parseChecks,
  maxBytes: byteLimit,
};

/** The bytes that compressed ones may hold unless their reader knows better. */
export function unpackedLimit(packedBytes: number): number {
  return Math.max(2 ** 28, 16 * packedBytes);
}

/** The two bytes that every gzip file begins with are there. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The content of a gzip file, checksum verified.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the bytes are no whole and sound gzip file, or hold more than `maxBytes`.
 */
export function gunzip(bytes: Uint8Array, options: InflateOptions = {}): Promise<Uint8Array> {
  return inflate(bytes, 'gzip', options);
}

/**
 * The content of a compressed stream: gzip, zlib (`deflate`) or bare deflate (`deflate-raw`).
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the stream is cut short or corrupt, or holds more than `maxBytes`.
 */
export async function inflate(
  bytes: Uint8Array,
  format: CompressionFormat,
  options: InflateOptions = {},
): Promise<Uint8Array> {
  checkOptions(options, inflateChecks);
  return inflateWhole(bytes, format, options, new Work(options));
}

/** The same as a part of other work. */
export async function inflateWhole(
  bytes: Uint8Array,
  format: CompressionFormat,
  limits: InflateLimits,
  work: Work,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of inflateChunks(bytes, format, limits, work)) {
    chunks.push(chunk);
    length += chunk.length;
  }
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    await copyInParts(chunk, whole, offset, work);
    offset += chunk.length;
  }
  return whole;
}

type InflateLimits = Pick<InflateOptions, 'source' | 'maxBytes'>;

/**
 * The same piece by piece, for what need not be held whole.
 *
 * @throws DataFormatError as `inflate` does, once the pieces before the fault were given.
 * @throws NnLabError where the runtime has no `DecompressionStream`.
 */
export async function* inflateChunks(
  bytes: Uint8Array,
  format: CompressionFormat,
  limits: InflateLimits = {},
  work = new Work(),
): AsyncGenerator<Uint8Array, void> {
  const { source = format, maxBytes = unpackedLimit(bytes.length) } = limits;
  if (typeof DecompressionStream === 'undefined') {
    throw new NnLabError(
      'PNG, gzip and zip files need DecompressionStream, which this runtime lacks. Test environments such as jest-environment-jsdom hide it: run these tests in the environment `node`.',
    );
  }
  work.begin('unpacking', bytes.length);
  let taken = 0;
  const slices = slicesOf(bytes, (end) => {
    taken = end;
  });
  const reader = slices.pipeThrough(new DecompressionStream(format)).getReader();
  let length = 0;
  try {
    for (;;) {
      const chunk = await reader.read().catch((cause: unknown) => {
        throw formatError(
          source,
          `compressed data (${format}, ${describeBytes(bytes.length)}) are cut short or corrupt: ${(cause as Error).message}; fetch the file again.`,
          { cause },
        );
      });
      if (chunk.done) break;
      length += chunk.value.length;
      if (length > maxBytes) {
        throw formatError(
          source,
          `${describeBytes(bytes.length)} of compressed data hold more than the ${describeBytes(maxBytes)} that are allowed.`,
        );
      }
      yield chunk.value;
      if (work.isDue) await work.reach(Math.min(taken, bytes.length - 1));
    }
    await work.reach(bytes.length);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A browser inflates all of what it is given at once, so it is given little at a time. */
const sliceBytes = 2 ** 14;

function slicesOf(
  bytes: Uint8Array,
  onTaken: (end: number) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(offset, offset + sliceBytes) as Uint8Array<ArrayBuffer>);
      offset += sliceBytes;
      onTaken(offset);
    },
  });
}
