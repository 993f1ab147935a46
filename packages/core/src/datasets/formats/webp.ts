import type { Picture } from '../pictures.js';
import { ByteReader, formatError } from './bytes.js';
import {
  applyOrientation,
  checkExtents,
  corruptPicture,
  type DecodePictureOptions,
  dropOpaqueAlpha,
  exifOrientation,
  notAPicture,
  sniffPictureFormat,
} from './picture-format.js';

/** Decodes the pixels of a whole WebP file to RGBA. */
export type WebpPixelDecoder = (
  bytes: Uint8Array,
) => Promise<{ readonly width: number; readonly height: number; readonly data: ArrayLike<number> }>;

/**
 * Decodes a WebP (lossy or lossless, with or without alpha, not animated) and turns it the way up
 * that its Exif orientation says.
 *
 * @param decodePixels - The decoder of the runtime, called once the header is found sound.
 * @throws DataFormatError when the bytes are no whole and sound WebP, it is animated, or it is too large.
 */
export async function decodeWebp(
  bytes: Uint8Array,
  decodePixels: WebpPixelDecoder,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  const { source = 'webp' } = options;
  if (sniffPictureFormat(bytes) !== 'webp') throw notAPicture(bytes, source);
  const header = readWebpChunks(bytes, source);
  checkExtents(header.width, header.height, { ...options, source });
  const decoded = await decodePixels(bytes).catch((cause: unknown) => {
    throw corruptPicture('WebP', bytes, source, cause);
  });
  const { width, height } = decoded;
  if (width !== header.width || height !== header.height) {
    throw corruptPicture(
      'WebP',
      bytes,
      source,
      `${width}x${height} pixels came out of ${header.width}x${header.height}`,
    );
  }
  const rgba: Picture = { width, height, channels: 4, data: Uint8Array.from(decoded.data) };
  return applyOrientation(dropOpaqueAlpha(rgba), header.orientation);
}

/** What the header of a WebP says. */
export interface WebpHeader {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  /** Offset of the chunk that gives the orientation. */
  readonly exifOffset: number | undefined;
  /** Never: WebP has no grey pictures. */
  readonly gray: false;
}

/** Walks over the RIFF chunks (RFC 9649). */
export function readWebpChunks(bytes: Uint8Array, source: string): WebpHeader {
  const reader = new ByteReader(bytes, source, 'a WebP');
  reader.take(4, 'signature');
  const size = reader.uint32('size', true);
  if (size + 8 > bytes.length + 1) {
    throw reader.error(
      `the WebP says it has ${size + 8} bytes, but ${bytes.length} came; it is cut short. Save or fetch it again.`,
      4,
    );
  }
  reader.take(4, 'signature');
  let extents: { width: number; height: number } | undefined;
  let orientation = 1;
  let exifOffset: number | undefined;
  while (reader.left >= 8) {
    const start = reader.offset;
    const type = String.fromCharCode(...reader.take(4, 'chunk'));
    const length = reader.uint32('chunk', true);
    const content = reader.take(length, `${JSON.stringify(type)} chunk`);
    reader.offset = Math.min(bytes.length, reader.offset + (length & 1));
    const fields = new ByteReader(content, source, `a WebP's ${JSON.stringify(type)} chunk`);
    if (type === 'VP8X') {
      if (fields.uint8('flags') & 2) {
        throw formatError(source, `an animated WebP cannot be read; save one picture of it.`, {
          offset: start,
        });
      }
      fields.take(3, 'flags');
      const uint24 = () => 1 + fields.uint8('extents') + 256 * fields.uint16('extents', true);
      extents = { width: uint24(), height: uint24() };
    } else if (type === 'VP8 ' && !extents) {
      fields.take(6, 'frame header');
      const [width, height] = [fields.uint16('extents', true), fields.uint16('extents', true)];
      extents = { width: width & 0x3fff, height: height & 0x3fff };
    } else if (type === 'VP8L' && !extents) {
      fields.take(1, 'signature');
      const bits = fields.uint32('extents', true);
      extents = { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    } else if (type === 'EXIF') {
      const prefixed = String.fromCharCode(...content.subarray(0, 4)) === 'Exif';
      exifOffset = start;
      orientation = exifOrientation(prefixed ? content.subarray(6) : content);
    }
  }
  if (!extents) throw reader.error('the WebP has no picture in it; it is cut short or corrupt.');
  return { ...extents, orientation, exifOffset, gray: false };
}
