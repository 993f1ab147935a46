import { type OptionChecks, text } from '../../checks/index.js';
import type { DataFormatError } from '../../errors.js';
import type { Work } from '../../work.js';
import type { Picture } from '../pictures.js';
import { describeBytes, formatError, type ParseOptions } from './bytes.js';

/** The formats that `readPicture` knows. */
export type PictureFormat = 'png' | 'jpeg' | 'webp';

/** Options of the picture decoders. */
export interface DecodePictureOptions extends Pick<ParseOptions, 'source'> {
  /** The most pixels that a picture may have by its header. Default 100,000,000. */
  readonly maxPixels?: number;
}

export const decodePictureChecks: OptionChecks<DecodePictureOptions> = {
  source: text,
  maxPixels: {
    expected: 'a number of pixels, 0 or more',
    accepts: (value): value is number => typeof value === 'number' && value >= 0,
  },
};

/**
 * The format of a picture by its first bytes; what the file is called does not matter.
 *
 * @returns `undefined` when it is none that can be read.
 */
export function sniffPictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const starts = (signature: readonly number[], at = 0) =>
    signature.every((byte, i) => bytes[at + i] === byte);
  if (starts([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png';
  if (starts([0xff, 0xd8, 0xff])) return 'jpeg';
  if (starts([0x52, 0x49, 0x46, 0x46]) && starts([0x57, 0x45, 0x42, 0x50], 8)) return 'webp';
  return undefined;
}

/** The error for bytes that are no picture which can be read, naming what they look like. */
export function notAPicture(bytes: Uint8Array, source: string): DataFormatError {
  const known: readonly [string, string][] = [
    ['GIF8', 'a GIF'],
    ['BM', 'a BMP'],
    ['II*\0', 'a TIFF'],
    ['MM\0*', 'a TIFF'],
    ['%PDF', 'a PDF'],
    ['<svg', 'an SVG'],
    ['<!DO', 'an HTML page'],
    ['<htm', 'an HTML page'],
  ];
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  const type =
    start.slice(4, 8) === 'ftyp'
      ? `a picture or film of the HEIF family (${start.slice(8, 12)})`
      : known.find(([magic]) => start.startsWith(magic))?.[1];
  const found =
    bytes.length === 0 ? 'the file is empty' : type ? `this is ${type}` : 'this is none';
  return formatError(
    source,
    `a PNG, JPEG or WebP picture was expected, but ${found}; save it as PNG or JPEG.`,
    { offset: 0 },
  );
}

/** Refuses a picture by the extents in its header, before anything is allocated for it. */
export function checkExtents(
  width: number,
  height: number,
  options: DecodePictureOptions & { readonly source: string },
): void {
  const { source, maxPixels = 100_000_000 } = options;
  if (width < 1 || height < 1) {
    throw formatError(source, `its header says ${width}x${height} pixels; it is corrupt.`);
  }
  if (width * height > maxPixels) {
    throw formatError(
      source,
      `its header says ${width}x${height} pixels, more than the ${maxPixels.toLocaleString('en-US')} that are allowed; make it smaller, or raise maxPixels.`,
    );
  }
}

/** Bytes for a picture's pixels. @throws DataFormatError when the runtime has no room for them. */
export function allocatePixels(length: number, source: string): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw formatError(
      source,
      `its pixels need ${describeBytes(length)} of memory, which are not to be had; make it smaller.`,
      { cause },
    );
  }
}

/** The error for a picture whose decoder gave up. */
export function corruptPicture(
  format: string,
  bytes: Uint8Array,
  source: string,
  cause: unknown,
): DataFormatError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return formatError(
    source,
    `the ${format} picture (${describeBytes(bytes.length)}) is cut short or corrupt: ${reason}; save or fetch it again.`,
    { cause },
  );
}

/**
 * Turns a picture the way up that its Exif orientation says.
 *
 * @param orientation - 1 to 8, as in the Exif standard; 1 is upright.
 */
export async function applyOrientation(
  picture: Picture,
  orientation: number,
  work: Work,
): Promise<Picture> {
  if (orientation < 2 || orientation > 8) return picture;
  const { width, height, channels, data } = picture;
  const swapped = orientation >= 5;
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const [w, h] = swapped ? [height, width] : [width, height];
  const along = fromRight ? -channels : channels;
  const down = fromBelow ? -width * channels : width * channels;
  const [stepX, stepY] = swapped ? [down, along] : [along, down];
  const first = ((fromBelow ? height - 1 : 0) * width + (fromRight ? width - 1 : 0)) * channels;
  const turned = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0, from = first + y * stepY; x < w; x++, from += stepX) {
      for (let c = 0; c < channels; c++) turned[to++] = data[from + c]!;
    }
    if (work.isDue) await work.turn();
  }
  return { width: w, height: h, channels, data: turned };
}

/**
 * The orientation that an Exif block gives (a TIFF structure: Exif 2.32, tag 0x0112).
 *
 * @returns 1 to 8; 1 when the block gives none or cannot be understood, as viewers do.
 */
export function exifOrientation(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 14) return 1;
  const little = tiff[0] === 0x49;
  if (view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > tiff.length) return 1;
    if (view.getUint16(at, little) === 0x0112) {
      const orientation = view.getUint16(at + 8, little);
      return orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
  }
  return 1;
}

/** A picture as three channels, if it has an alpha channel in which every pixel is opaque. */
export async function dropOpaqueAlpha(picture: Picture, work: Work): Promise<Picture> {
  const { width, height, channels, data } = picture;
  if (channels !== 4) return picture;
  for (let y = 0, i = 3; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) if (data[i] !== 255) return picture;
    if (work.isDue) await work.turn();
  }
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, from += 4, to += 3) {
      rgb[to] = data[from]!;
      rgb[to + 1] = data[from + 1]!;
      rgb[to + 2] = data[from + 2]!;
    }
    if (work.isDue) await work.turn();
  }
  return { width, height, channels: 3, data: rgb };
}
