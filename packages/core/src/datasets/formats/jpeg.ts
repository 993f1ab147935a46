import { checkOptions } from '../../checks/index.js';
import { DataFormatError } from '../../errors.js';
import { Work } from '../../work.js';
import type { Picture } from '../pictures.js';
import { type JpegColors, type JpegComponent, type JpegFile, readJpegFile } from './jpeg-file.js';
import { decodeScans, type Plane } from './jpeg-scans.js';
import {
  allocatePixels,
  applyOrientation,
  checkExtents,
  corruptPicture,
  type DecodePictureOptions,
  decodePictureChecks,
  notAPicture,
  sniffPictureFormat,
} from './picture-format.js';

/**
 * Decodes a JPEG, baseline or progressive, gray, YCbCr, RGB, CMYK or YCCK, and turns it the way up that
 * its Exif orientation says. The pixels are those of libjpeg, to the last bit.
 *
 * CMYK is taken for inverted, as Adobe writes it and nearly all others.
 *
 * @throws DataFormatError when the bytes are no whole and sound JPEG, or the picture is too large, or
 * it is one of 12 bits a sample, arithmetic coding, or lossless.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  checkOptions(options, decodePictureChecks);
  const { source = 'jpeg' } = options;
  if (sniffPictureFormat(bytes) !== 'jpeg') throw notAPicture(bytes, source);
  const file = readJpegFile(bytes, source);
  const { width, height, components } = file;
  checkExtents(width, height, { ...options, source });
  // The first scan of a component has a bit at least for each block.
  const blocks = components.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
  if (blocks > bytes.length * 8) {
    throw corruptPicture(
      'JPEG',
      bytes,
      source,
      `its header says ${width}x${height} pixels, more than its bytes can hold`,
    );
  }
  const work = new Work();
  const channels = file.colors === 'gray' ? 1 : 3;
  const data = allocatePixels(width * height * channels, source);
  try {
    await drawPixels(file, await decodeScans(file, work), data, work);
  } catch (cause) {
    if (cause instanceof DataFormatError) throw cause;
    throw corruptPicture('JPEG', bytes, source, cause);
  }
  return applyOrientation({ width, height, channels, data }, file.orientation, work);
}

async function drawPixels(
  { width, height, components, colors }: JpegFile,
  planes: readonly Plane[],
  data: Uint8Array,
  work: Work,
): Promise<void> {
  const samplers = components.map((component, i) => rowSampler(component, planes[i]!));
  const convert = converters[colors];
  const pixels = new Uint8ClampedArray(data.buffer);
  const length = data.length / height;
  for (let y = 0; y < height; y++) {
    convert(
      samplers.map((sample) => sample(y)),
      pixels.subarray(y * length, (y + 1) * length),
      width,
    );
    if (work.isDue) await work.turn();
  }
}

type Row = Uint8Array | Uint8ClampedArray;

/**
 * Gives the rows of a component in the picture's size. Where it has half the samples, those between
 * are interpolated as libjpeg does ("fancy upsampling", three quarters of the nearer and one of the
 * farther); where it has fewer, they are repeated.
 */
function rowSampler(component: JpegComponent, plane: Plane): (y: number) => Row {
  const { scaleX, scaleY, width, height, paddedColumns } = component;
  const rowOf = (y: number) => {
    const from = 8 * paddedColumns * Math.min(height - 1, Math.max(0, y));
    return plane.subarray(from, from + 8 * paddedColumns);
  };
  if (scaleX === 1 && scaleY === 1) return rowOf;
  const row = new Uint8Array(8 * paddedColumns * scaleX);
  const isWide = width > 2;
  if (scaleX === 1 && scaleY === 2) {
    return (y) => {
      const isUpper = y % 2 === 0;
      const [near, far] = [rowOf(y >> 1), rowOf((y >> 1) + (isUpper ? -1 : 1))];
      const rounding = isUpper ? 1 : 2;
      for (let x = 0; x < width; x++) row[x] = (3 * near[x]! + far[x]! + rounding) >> 2;
      return row;
    };
  }
  if (scaleX === 2 && scaleY === 1 && isWide) {
    return (y) => {
      const samples = rowOf(y);
      for (let x = 0; x < width; x++) {
        const sample = 3 * samples[x]!;
        row[2 * x] = x === 0 ? samples[0]! : (sample + samples[x - 1]! + 1) >> 2;
        row[2 * x + 1] = x === width - 1 ? samples[x]! : (sample + samples[x + 1]! + 2) >> 2;
      }
      return row;
    };
  }
  if (scaleX === 2 && scaleY === 2 && isWide) {
    return (y) => {
      const [near, far] = [rowOf(y >> 1), rowOf((y >> 1) + (y % 2 === 0 ? -1 : 1))];
      let here = 3 * near[0]! + far[0]!;
      let before = here;
      for (let x = 0; x < width; x++) {
        const after = x === width - 1 ? here : 3 * near[x + 1]! + far[x + 1]!;
        row[2 * x] = (3 * here + before + 8) >> 4;
        row[2 * x + 1] = (3 * here + after + 7) >> 4;
        before = here;
        here = after;
      }
      return row;
    };
  }
  return (y) => {
    const samples = rowOf(Math.floor(y / scaleY));
    for (let x = 0; x < width; x++) row.fill(samples[x]!, x * scaleX, (x + 1) * scaleX);
    return row;
  };
}

/** Writes the `width` pixels of a row. */
type Converter = (rows: readonly Row[], pixels: Uint8ClampedArray, width: number) => void;

/** The colors of JFIF in libjpeg's integers: factors times 2^16. */
const [redOfCr, blueOfCb, greenOfCr, greenOfCb] = [91881, 116130, -46802, -22554];

const converters: Readonly<Record<JpegColors, Converter>> = {
  gray([gray], pixels, width) {
    pixels.set(gray!.subarray(0, width));
  },
  rgb([red, green, blue], pixels, width) {
    for (let x = 0, to = 0; x < width; x++, to += 3) {
      pixels[to] = red![x]!;
      pixels[to + 1] = green![x]!;
      pixels[to + 2] = blue![x]!;
    }
  },
  ycbcr([luma, cb, cr], pixels, width) {
    for (let x = 0, to = 0; x < width; x++, to += 3) {
      const y = luma![x]!;
      const b = cb![x]! - 128;
      const r = cr![x]! - 128;
      pixels[to] = y + ((redOfCr * r + 32768) >> 16);
      pixels[to + 1] = y + ((greenOfCb * b + greenOfCr * r + 32768) >> 16);
      pixels[to + 2] = y + ((blueOfCb * b + 32768) >> 16);
    }
  },
  // Inverted: 255 is no ink.
  cmyk([cyan, magenta, yellow, black], pixels, width) {
    for (let x = 0, to = 0; x < width; x++, to += 3) {
      const light = black![x]!;
      pixels[to] = lightThrough(cyan![x]!, light);
      pixels[to + 1] = lightThrough(magenta![x]!, light);
      pixels[to + 2] = lightThrough(yellow![x]!, light);
    }
  },
  // The first three are YCbCr of the ink as if it were light.
  ycck(rows, pixels, width) {
    converters.ycbcr(rows, pixels, width);
    const black = rows[3]!;
    for (let to = 0; to < 3 * width; to++) {
      pixels[to] = lightThrough(255 - pixels[to]!, black[Math.floor(to / 3)]!);
    }
  },
};

/** `light` less the share of it that ink takes, rounded. */
function lightThrough(ink: number, light: number): number {
  return light - Math.round(((255 - ink) * light) / 255);
}
