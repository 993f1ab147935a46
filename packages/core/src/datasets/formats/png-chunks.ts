import { ByteReader } from './bytes.js';

/** A PNG whose chunks are all there. */
export interface PngChunks {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly interlaced: boolean;
  /** Every pixel is grey and opaque. */
  readonly gray: boolean;
  /** Bytes of all rows with their filter bytes. */
  readonly pixelBytes: number;
  /** All IDAT chunks together. */
  readonly packed: Uint8Array;
  /** The file with only the chunks that make the pixels. */
  readonly essential: Uint8Array;
}

const channelsOfColorType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const essentialChunks = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

/**
 * Walks over the chunks, so that the decoder sees only such as make the pixels: it would inflate a
 * compressed colour profile or text without bound.
 */
export function readPngChunks(bytes: Uint8Array, source: string): PngChunks {
  const reader = new ByteReader(bytes, source, 'a PNG');
  const kept: Uint8Array[] = [reader.take(8, 'signature')];
  const packed: Uint8Array[] = [];
  let header: DataView | undefined;
  let transparent = false;
  for (let type = ''; type !== 'IEND'; ) {
    const start = reader.offset;
    const length = reader.uint32('chunk length');
    type = String.fromCharCode(...reader.take(4, 'chunk type'));
    const content = reader.take(length, `${JSON.stringify(type)} chunk`);
    reader.take(4, 'chunk checksum');
    if (!header) {
      if (type !== 'IHDR' || length !== 13) {
        throw reader.error(
          'a PNG begins with its IHDR chunk of 13 bytes; this one is corrupt.',
          start,
        );
      }
      header = new DataView(content.buffer, content.byteOffset, 13);
    }
    if (type === 'tRNS') transparent = true;
    if (type === 'IDAT') packed.push(content);
    if (essentialChunks.includes(type)) kept.push(bytes.subarray(start, reader.offset));
  }
  const width = header!.getUint32(0);
  const height = header!.getUint32(4);
  const depth = header!.getUint8(8);
  const colorType = header!.getUint8(9);
  const channels = channelsOfColorType[colorType];
  if (!channels || ![1, 2, 4, 8, 16].includes(depth)) {
    throw reader.error(
      `its header gives colour type ${colorType} of ${depth} bits, which PNG has not.`,
      24,
    );
  }
  const interlaced = header!.getUint8(12) === 1;
  const rowBytes = (columns: number) =>
    columns ? 1 + Math.ceil((columns * channels * depth) / 8) : 0;
  const pixelBytes = interlaced
    ? adam7
        .map(
          ([x, y, dx, dy]) => Math.ceil((height - y) / dy) * rowBytes(Math.ceil((width - x) / dx)),
        )
        .reduce((sum, pass) => sum + pass, 0)
    : height * rowBytes(width);
  return {
    width,
    height,
    depth,
    interlaced,
    gray: colorType === 0 && !transparent,
    pixelBytes,
    packed: concat(packed),
    essential: concat(kept),
  };
}

/** First column, first row, column step and row step of the seven passes. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
