import { checkOptions } from '../../checks/index.js';
import { Work } from '../../work.js';
import type { Picture } from '../pictures.js';
import { ByteReader } from './bytes.js';
import {
  applyOrientation,
  checkExtents,
  corruptPicture,
  type DecodePictureOptions,
  decodePictureChecks,
  dropOpaqueAlpha,
  exifOrientation,
  notAPicture,
  sniffPictureFormat,
} from './picture-format.js';
import { decodeWebpPixels } from './webp-codec.js';

/**
 * Decodes a WebP (lossy or lossless, with or without alpha, not animated) and turns it the way up
 * that its Exif orientation says.
 *
 * @throws DataFormatError when the bytes are no whole and sound WebP, it is animated, or it is too large.
 */
export async function decodeWebp(
  bytes: Uint8Array,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  checkOptions(options, decodePictureChecks);
  const { source = 'webp' } = options;
  if (sniffPictureFormat(bytes) !== 'webp') throw notAPicture(bytes, source);
  const header = readWebpChunks(bytes, source);
  checkExtents(header.width, header.height, { ...options, source });
  const decoded = await decodeWebpPixels(bytes).catch((cause: unknown) => {
    throw corruptPicture('WebP', bytes, source, cause);
  });
  const { width, height, data } = decoded;
  if (width !== header.width || height !== header.height) {
    throw corruptPicture(
      'WebP',
      bytes,
      source,
      `${width}x${height} pixels came out of ${header.width}x${header.height}`,
    );
  }
  const work = new Work();
  const picture = await dropOpaqueAlpha({ width, height, channels: 4, data }, work);
  return applyOrientation(picture, header.orientation, work);
}

interface WebpHeader {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
}

/**
 * Walks over the RIFF chunks (RFC 9649). The extents are those of the frame that will be decoded:
 * a VP8X chunk stands first or not at all, and agrees with it.
 */
function readWebpChunks(bytes: Uint8Array, source: string): WebpHeader {
  const size = new ByteReader(bytes, source, 'a WebP');
  size.take(4, 'signature');
  const length = 8 + size.uint32('size', true);
  if (length > bytes.length + 1) {
    throw size.error(
      `the WebP says it has ${length} bytes, but ${bytes.length} came; it is cut short. Save or fetch it again.`,
      4,
    );
  }
  const reader = new ByteReader(bytes.subarray(0, length), source, 'a WebP');
  reader.take(12, 'signature');
  let canvas: Extents | undefined;
  let frame: Extents | undefined;
  let orientation: number | undefined;
  while (reader.left >= 8) {
    const start = reader.offset;
    const type = String.fromCharCode(...reader.take(4, 'chunk'));
    const length = reader.uint32('chunk', true);
    const content = reader.take(length, `${JSON.stringify(type)} chunk`);
    reader.offset = Math.min(reader.bytes.length, reader.offset + (length & 1));
    const fields = new ByteReader(content, source, `a WebP's ${JSON.stringify(type)} chunk`);
    if (type === 'VP8X') {
      if (start !== 12)
        throw reader.error('a VP8X chunk stands first in a WebP; this one is corrupt.', start);
      if (fields.uint8('flags') & 2) {
        throw reader.error('an animated WebP cannot be read; save one picture of it.', start);
      }
      fields.take(3, 'flags');
      const uint24 = () => 1 + fields.uint8('extents') + 256 * fields.uint16('extents', true);
      canvas = { width: uint24(), height: uint24() };
    } else if (type === 'VP8 ' || type === 'VP8L') {
      if (frame) throw reader.error('the WebP has two pictures in it; it is corrupt.', start);
      frame = type === 'VP8 ' ? lossyExtents(fields) : losslessExtents(fields);
    } else if (type === 'EXIF') {
      const prefixed = String.fromCharCode(...content.subarray(0, 4)) === 'Exif';
      orientation ??= exifOrientation(prefixed ? content.subarray(6) : content);
    }
  }
  if (!frame) throw reader.error('the WebP has no picture in it; it is cut short or corrupt.');
  if (canvas && (canvas.width !== frame.width || canvas.height !== frame.height)) {
    throw reader.error(
      `the WebP says ${canvas.width}x${canvas.height}, but its picture has ${frame.width}x${frame.height} pixels; it is corrupt.`,
      12,
    );
  }
  return { ...frame, orientation: orientation ?? 1 };
}

interface Extents {
  readonly width: number;
  readonly height: number;
}

function lossyExtents(fields: ByteReader): Extents {
  fields.take(6, 'frame header');
  const [width, height] = [fields.uint16('extents', true), fields.uint16('extents', true)];
  return { width: width & 0x3fff, height: height & 0x3fff };
}

function losslessExtents(fields: ByteReader): Extents {
  fields.take(1, 'signature');
  const bits = fields.uint32('extents', true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}
