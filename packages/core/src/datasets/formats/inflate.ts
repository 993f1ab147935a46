import { InvalidArgumentError, NnLabError } from '../../errors.js';
import { concatBytes, describeBytes, formatError, type ParseOptions } from './bytes.js';

/** Options of `inflate` and `gunzip`. */
export interface InflateOptions extends ParseOptions {
  /**
   * The most bytes that may come out; more is an error, and is never held. Default 256 MiB, or 16
   * times the bytes that go in where that is more.
   */
  readonly maxBytes?: number;
}

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
 * @throws DataFormatError when the bytes are no whole and sound gzip file, or hold more than `maxBytes`.
 */
export function gunzip(bytes: Uint8Array, options: InflateOptions = {}): Promise<Uint8Array> {
  return inflate(bytes, 'gzip', options);
}

/**
 * The content of a compressed stream: gzip, zlib (`deflate`) or bare deflate (`deflate-raw`).
 *
 * @throws DataFormatError when the stream is cut short or corrupt, or holds more than `maxBytes`.
 */
export async function inflate(
  bytes: Uint8Array,
  format: CompressionFormat,
  options: InflateOptions = {},
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inflateChunks(bytes, format, options)) chunks.push(chunk);
  return concatBytes(chunks);
}

/**
 * The same piece by piece, for what need not be held whole.
 *
 * @throws DataFormatError as `inflate` does, once the pieces before the fault were given.
 * @throws NnLabError where the runtime has no `DecompressionStream`.
 */
export async function* inflateChunks(
  bytes: Uint8Array,
  format: CompressionFormat,
  options: InflateOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const { source = format, maxBytes = unpackedLimit(bytes.length) } = options;
  if (!(maxBytes >= 0)) {
    throw new InvalidArgumentError(
      `maxBytes must be a number of at least 0, but ${maxBytes} came.`,
    );
  }
  if (typeof DecompressionStream === 'undefined') {
    throw new NnLabError(
      'PNG, gzip and zip files need DecompressionStream, which this runtime lacks. Test environments such as jest-environment-jsdom hide it: run these tests in the environment `node`.',
    );
  }
  const reader = slices(bytes).pipeThrough(new DecompressionStream(format)).getReader();
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
      if (chunk.done) return;
      length += chunk.value.length;
      if (length > maxBytes) {
        throw formatError(
          source,
          `${describeBytes(bytes.length)} of compressed data hold more than the ${describeBytes(maxBytes)} that are allowed.`,
        );
      }
      yield chunk.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A browser inflates all of what it is given at once, so it is given little at a time. */
const sliceBytes = 2 ** 14;

function slices(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(offset, offset + sliceBytes) as Uint8Array<ArrayBuffer>);
      offset += sliceBytes;
    },
  });
}
