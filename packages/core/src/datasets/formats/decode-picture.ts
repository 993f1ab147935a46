import type { Picture } from '../pictures.js';
import { decodeJpeg } from './jpeg.js';
import { type DecodePictureOptions, notAPicture, sniffPictureFormat } from './picture-format.js';
import { decodePng } from './png.js';
import { decodeWebp } from './webp.js';

/**
 * Decodes a PNG, JPEG or WebP picture, to the same pixels in every runtime, and turns it upright by
 * its Exif orientation. Grey pictures have one channel, pictures of which some pixel is transparent
 * four, all others three. Colour profiles are not applied.
 *
 * @throws DataFormatError when the bytes are no such picture, cut short, corrupt or too large.
 */
export async function decodePicture(
  bytes: Uint8Array,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  const { source = 'picture' } = options;
  switch (sniffPictureFormat(bytes)) {
    case 'png':
      return decodePng(bytes, { ...options, source });
    case 'jpeg':
      return decodeJpeg(bytes, { ...options, source });
    case 'webp':
      return decodeWebp(bytes, { ...options, source });
    default:
      throw notAPicture(bytes, source);
  }
}
