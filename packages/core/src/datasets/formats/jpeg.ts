import jpeg from 'jpeg-js';
import type { Picture } from '../pictures.js';
import { readJpegSegments } from './jpeg-header.js';
import {
  applyOrientation,
  checkExtents,
  corruptPicture,
  type DecodePictureOptions,
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

function firstOfThree(rgb: Uint8Array): Uint8Array {
  const gray = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < gray.length; i++) gray[i] = rgb[3 * i]!;
  return gray;
}
