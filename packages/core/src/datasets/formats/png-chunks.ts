import { crc32 } from '../../crc32.js';
import { ByteReader, concatBytes } from './bytes.js';

/** What the chunks of a PNG say about its pixels (PNG specification, third edition). */
export interface PngChunks {
  readonly width: number;
  readonly height: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colors: 'gray' | 'rgb' | 'palette';
  /** Each pixel has an alpha sample. */
  readonly hasAlpha: boolean;
  /** Samples a pixel. */
  readonly channels: number;
  readonly interlaced: boolean;
  /** RGB of each color; of palette pictures only, where in others it is a suggestion. */
  readonly palette: Uint8Array | undefined;
  /** The gray value or RGB that is transparent, or the alpha of the palette's first colors. */
  readonly transparency: readonly number[] | undefined;
  /** All IDAT chunks together: a zlib stream. */
  readonly packed: Uint8Array;
}

const colorTypes: Readonly<
  Record<number, Pick<PngChunks, 'colors' | 'hasAlpha' | 'channels'> & { depths: number[] }>
> = {
  0: { colors: 'gray', hasAlpha: false, channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { colors: 'rgb', hasAlpha: false, channels: 3, depths: [8, 16] },
  3: { colors: 'palette', hasAlpha: false, channels: 1, depths: [1, 2, 4, 8] },
  4: { colors: 'gray', hasAlpha: true, channels: 2, depths: [8, 16] },
  6: { colors: 'rgb', hasAlpha: true, channels: 4, depths: [8, 16] },
};

/**
 * Walks over the chunks and takes those that make the pixels. Profiles and texts, which may be
 * compressed without bound, are passed over.
 */
export function readPngChunks(bytes: Uint8Array, source: string): PngChunks {
  const reader = new ByteReader(bytes, source, 'a PNG');
  reader.take(8, 'signature');
  let header: ReturnType<typeof readHeader> | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const packed: Uint8Array[] = [];
  let last = '';
  while (last !== 'IEND') {
    const start = reader.offset;
    const corrupt = (what: string) => reader.error(`${what}; the PNG is corrupt.`, start);
    const length = reader.uint32('chunk length');
    const type = String.fromCharCode(...reader.take(4, 'chunk type'));
    const content = reader.take(length, `${JSON.stringify(type)} chunk`);
    const checksum = reader.uint32('chunk checksum');
    const essential = type === 'tRNS' || /^[^a-z]/.test(type);
    if (essential && crc32(bytes.subarray(start + 4, reader.offset - 4)) !== checksum) {
      throw corrupt(`the checksum of its ${JSON.stringify(type)} chunk is wrong`);
    }
    if (!header && type !== 'IHDR') throw corrupt('the first chunk is not IHDR');
    switch (type) {
      case 'IHDR':
        if (header) throw corrupt('there is a second IHDR chunk');
        header = readHeader(content, reader, start);
        break;
      case 'PLTE':
        if (palette) throw corrupt('there is a second PLTE chunk');
        if (packed.length > 0) throw corrupt('its PLTE chunk comes after pixels');
        if (length % 3 !== 0 || length < 3 || length > 768) {
          throw corrupt(
            `its PLTE chunk has ${length} bytes, not three for each of 1 to 256 colors`,
          );
        }
        palette = content;
        break;
      case 'tRNS':
        if (packed.length > 0) throw corrupt('its tRNS chunk comes after pixels');
        transparency ??= content;
        break;
      case 'IDAT':
        if (packed.length > 0 && last !== 'IDAT') {
          throw corrupt('another chunk stands between two of pixels');
        }
        packed.push(content);
        break;
      case 'IEND':
        break;
      default:
        if (essential) {
          throw corrupt(`its ${JSON.stringify(type)} chunk is marked as essential, but unknown`);
        }
    }
    last = type;
  }
  const { colors, depth, hasAlpha } = header!;
  if (packed.length === 0) throw reader.error('the PNG has no pixels; it is corrupt.');
  if (colors === 'palette' && !palette) {
    throw reader.error('the PNG has no palette (PLTE chunk) for its pixels; it is corrupt.');
  }
  return {
    ...header!,
    palette: colors === 'palette' ? palette : undefined,
    transparency:
      transparency && !hasAlpha ? transparencyOf(transparency, colors, depth, reader) : undefined,
    packed: concatBytes(packed),
  };
}

function readHeader(content: Uint8Array, reader: ByteReader, start: number) {
  if (content.length !== 13) {
    throw reader.error(
      `its IHDR chunk has ${content.length} bytes instead of 13; the PNG is corrupt.`,
      start,
    );
  }
  const view = new DataView(content.buffer, content.byteOffset, 13);
  const [depth, colorType, compression, filter, interlacing] = content.subarray(8);
  const { depths, ...color } = colorTypes[colorType!] ?? { depths: [] as readonly number[] };
  if (!depths.includes(depth!) || !('colors' in color)) {
    throw reader.error(
      `its header gives color type ${colorType} of ${depth} bits, which PNG does not have; it is corrupt.`,
      start,
    );
  }
  if (compression !== 0 || filter !== 0 || interlacing! > 1) {
    throw reader.error(
      `its header gives the methods ${compression}, ${filter} and ${interlacing} of compression, filters and interlacing, which PNG does not have; it is corrupt.`,
      start,
    );
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: depth!,
    ...color,
    interlaced: interlacing === 1,
  };
}

/** Only the low bits count of a sample that is written in two bytes. */
function transparencyOf(
  content: Uint8Array,
  colors: PngChunks['colors'],
  depth: number,
  reader: ByteReader,
): readonly number[] {
  if (colors === 'palette') return [...content.subarray(0, 256)];
  const samples = colors === 'gray' ? 1 : 3;
  if (content.length !== 2 * samples) {
    throw reader.error(
      `its tRNS chunk has ${content.length} bytes instead of ${2 * samples}; the PNG is corrupt.`,
    );
  }
  return Array.from(
    { length: samples },
    (_, i) => (content[2 * i]! * 256 + content[2 * i + 1]!) & (2 ** depth - 1),
  );
}
