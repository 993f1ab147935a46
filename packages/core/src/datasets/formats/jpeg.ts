import jpeg from 'jpeg-js';
import type { Picture } from '../pictures.js';
import { ByteReader } from './bytes.js';
import {
  applyOrientation,
  checkExtents,
  corruptPicture,
  type DecodePictureOptions,
  exifOrientation,
  notAPicture,
  sniffPictureFormat,
} from './picture-format.js';

/**
 * Decodes a JPEG, baseline or progressive, grey, colour or CMYK, and turns it the way up that its
 * Exif orientation says.
 *
 * @throws DataFormatError when the bytes are no whole and sound JPEG, or the picture is too large.
 */
export function decodeJpeg(bytes: Uint8Array, options: DecodePictureOptions = {}): Picture {
  const { source = 'jpeg' } = options;
  if (sniffPictureFormat(bytes) !== 'jpeg') throw notAPicture(bytes, source);
  const frame = readJpegSegments(bytes, source);
  checkExtents(frame.width, frame.height, { ...options, source });
  // A block of 8x8 samples takes a bit at least, so more blocks than bits cannot be in the file.
  if (frame.blocks > bytes.length * 8) {
    throw corruptPicture(
      'JPEG',
      bytes,
      source,
      `its header says ${frame.width}x${frame.height} pixels, more than its bytes can hold`,
    );
  }
  let decoded: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    decoded = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: Number.MAX_SAFE_INTEGER,
      maxMemoryUsageInMB: 2048,
    });
  } catch (cause) {
    throw corruptPicture('JPEG', bytes, source, cause);
  }
  const { width, height, data } = decoded;
  const picture: Picture =
    frame.components === 1
      ? { width, height, channels: 1, data: firstOfThree(data) }
      : { width, height, channels: 3, data };
  return applyOrientation(picture, frame.orientation);
}

/** What the header of a JPEG says. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Number of 8x8 blocks of all components. */
  readonly blocks: number;
  readonly orientation: number;
  /** It has one component. */
  readonly gray: boolean;
}

/** More scans than any encoder writes; each makes the decoder pass over the whole picture again. */
const maxScans = 200;

/** Walks over the segments (ITU-T T.81, annex B) and finds the frame header and the orientation. */
export function readJpegSegments(bytes: Uint8Array, source: string): JpegFrame {
  const reader = new ByteReader(bytes, source, 'a JPEG');
  reader.take(2, 'start');
  let frame: FrameHeader | undefined;
  let orientation = 1;
  let scans = 0;
  while (reader.left > 0) {
    if (bytes[reader.offset] !== 0xff) {
      reader.offset = nextMarker(bytes, reader.offset);
      continue;
    }
    reader.offset++;
    const marker = reader.uint8('marker');
    if (marker === 0xd9) break;
    if (marker === 0xff) reader.offset--;
    if (marker === 0xff || marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const start = reader.offset;
    const length = reader.uint16('segment length');
    if (length < 2)
      throw reader.error(`a JPEG segment has a length of ${length}; the file is corrupt.`, start);
    const segment = reader.take(length - 2, 'segment');
    if (marker === 0xe1 && String.fromCharCode(...segment.subarray(0, 4)) === 'Exif') {
      orientation = exifOrientation(segment.subarray(6));
    }
    if (marker === 0xda && ++scans > maxScans) {
      throw reader.error(`the JPEG has more than ${maxScans} scans; the file is corrupt.`, start);
    }
    if (isFrameHeader(marker)) {
      if (frame) throw reader.error('the JPEG has two frame headers; the file is corrupt.', start);
      frame = readFrameHeader(new ByteReader(segment, source, 'a JPEG frame header'));
    }
  }
  if (!frame || scans === 0) {
    throw reader.error(
      'the JPEG has no picture in it; it is cut short or corrupt. Save or fetch it again.',
    );
  }
  return { ...frame, orientation, gray: frame.components === 1 };
}

const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function nextMarker(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(0xff, from);
  return at < 0 ? bytes.length : at;
}

type FrameHeader = Omit<JpegFrame, 'orientation' | 'gray'>;

function readFrameHeader(reader: ByteReader): FrameHeader {
  reader.uint8('precision');
  const height = reader.uint16('height');
  const width = reader.uint16('width');
  const components = reader.uint8('number of components');
  if (![1, 3, 4].includes(components)) {
    throw reader.error(
      `a JPEG has 1, 3 or 4 components, but this one says ${components}; it is corrupt.`,
    );
  }
  const factors = Array.from({ length: components }, () => {
    reader.uint8('component');
    const sampling = reader.uint8('component');
    reader.uint8('component');
    return [sampling >> 4, sampling & 15] as const;
  });
  if (factors.flat().some((factor) => factor < 1 || factor > 4)) {
    throw reader.error(
      'a JPEG component has a sampling factor outside of 1 to 4; the file is corrupt.',
    );
  }
  const columns = Math.ceil(width / 8 / Math.max(...factors.map(([h]) => h)));
  const rows = Math.ceil(height / 8 / Math.max(...factors.map(([, v]) => v)));
  const blocks = factors.reduce((sum, [h, v]) => sum + columns * h * rows * v, 0);
  return { width, height, components, blocks };
}

function firstOfThree(rgb: Uint8Array): Uint8Array {
  const gray = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < gray.length; i++) gray[i] = rgb[3 * i]!;
  return gray;
}
