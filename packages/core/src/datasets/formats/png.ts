import { convertIndexedToRgb, type DecodedPng, decode, encode } from 'fast-png';
import type { Picture } from '../pictures.js';
import { formatError } from './bytes.js';
import { inflate } from './inflate.js';
import {
  checkExtents,
  corruptPicture,
  type DecodePictureOptions,
  dropOpaqueAlpha,
  notAPicture,
  sniffPictureFormat,
} from './picture-format.js';
import { type PngChunks, readPngChunks } from './png-chunks.js';

/**
 * Decodes a PNG of any colour type and depth to bytes: 16 bits are rounded to 8, palettes become RGB,
 * a transparent colour becomes alpha. Grey pictures have one channel, pictures of which some pixel is
 * transparent four, all others three.
 *
 * @throws DataFormatError when the bytes are no whole and sound PNG, or the picture is too large.
 */
export async function decodePng(
  bytes: Uint8Array,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  const { source = 'png' } = options;
  if (sniffPictureFormat(bytes) !== 'png') throw notAPicture(bytes, source);
  const png = readPngChunks(bytes, source);
  checkExtents(png.width, png.height, { ...options, source });
  if (png.interlaced && png.depth < 8) {
    throw formatError(
      source,
      `an interlaced PNG of fewer than 8 bits a sample cannot be read; save it without interlacing.`,
    );
  }
  await checkPixelData(png, source);
  try {
    return dropOpaqueAlpha(toPicture(decode(png.essential, { checkCrc: true })));
  } catch (cause) {
    throw corruptPicture('PNG', bytes, source, cause);
  }
}

/**
 * Encodes a picture as PNG.
 *
 * @returns The bytes of a `.png` file.
 */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, channels, data } = picture;
  return encode({ width, height, channels, data, depth: 8 });
}

/**
 * Makes sure that the compressed pixels are as many as the header says, neither fewer (the decoder
 * would leave the rest black) nor more (it would hold them all).
 */
async function checkPixelData(png: PngChunks, source: string): Promise<void> {
  const pixels = await inflate(png.packed, 'deflate', { source, maxBytes: png.pixelBytes });
  if (pixels.length !== png.pixelBytes) {
    throw formatError(
      source,
      `the PNG says ${png.width}x${png.height}, ${png.pixelBytes} bytes of pixels, but has ${pixels.length}; save or fetch it again.`,
    );
  }
}

function toPicture(png: DecodedPng): Picture {
  const { width, height } = png;
  if (png.palette) {
    const channels = png.palette[0]?.length === 4 ? 4 : 3;
    return { width, height, channels, data: convertIndexedToRgb(png) };
  }
  const samples = png.depth < 8 ? unpackGray(png) : png.data;
  const highest = 2 ** png.depth - 1;
  const toByte = (value: number) => Math.round((value * 255) / highest);
  const { transparency } = png;
  const colors = png.channels < 3 ? 1 : 3;
  const hasAlpha = png.channels === 2 || png.channels === 4;
  if (!hasAlpha && !transparency) {
    const data = png.depth === 8 ? new Uint8Array(samples) : Uint8Array.from(samples, toByte);
    return { width, height, channels: colors, data };
  }
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const from = i * png.channels;
    for (let c = 0; c < 3; c++) data[i * 4 + c] = toByte(samples[from + (colors === 3 ? c : 0)]!);
    const opaque = transparency?.some((value, c) => value !== samples[from + c]) ?? true;
    data[i * 4 + 3] = hasAlpha ? toByte(samples[from + colors]!) : opaque ? 255 : 0;
  }
  return { width, height, channels: 4, data };
}

/** One number a pixel from rows that pack 8, 4 or 2 of them into a byte. */
function unpackGray({ width, height, depth, data }: DecodedPng): Uint8Array {
  const gray = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)]!;
      gray[y * width + x] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return gray;
}
