import { checkOptions, numberFrom, type OptionChecks } from '../checks/index.js';
import { InvalidArgumentError, ShapeError } from '../errors.js';

/** One picture of bytes, row by row, channels interleaved: grey (1), RGB (3) or RGBA (4, not premultiplied). */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  /** `height * width * channels` values from 0 to 255. */
  readonly data: Uint8Array;
}

/**
 * Checks that the parts belong together and makes a picture of them. The data are kept, not copied.
 *
 * @throws ShapeError when the extents are not whole positive numbers, the channels are not 1, 3 or 4,
 * or the length does not fit.
 */
export function createPicture(picture: Picture): Picture {
  const { width, height, channels, data } = picture;
  if (!isExtent(width) || !isExtent(height) || ![1, 3, 4].includes(channels)) {
    throw new ShapeError(
      `A picture has a width and a height of at least 1 and 1, 3 or 4 channels, but ${width}x${height}x${channels} came.`,
    );
  }
  if (data.length !== width * height * channels) {
    throw new ShapeError(
      `A picture of ${width}x${height} with ${channels} channels has ${width * height * channels} values, but ${data.length} came.`,
    );
  }
  return { width, height, channels, data };
}

const isExtent = (value: number) => Number.isInteger(value) && value > 0;

/** Options of `toGray` and `toRgb`. */
export interface FlattenOptions {
  /** The grey value from 0 to 255 that shows through where a picture is transparent. Default 255, white. */
  readonly background?: number;
}

const flattenChecks: OptionChecks<FlattenOptions> = { background: numberFrom(0, 255) };

/**
 * The brightness of a picture, as one channel: 0.299 R + 0.587 G + 0.114 B of ITU-R BT.601.
 *
 * @returns A new picture, or the same one when it is grey already.
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 */
export function toGray(picture: Picture, options: FlattenOptions = {}): Picture {
  checkOptions(options, flattenChecks);
  if (picture.channels === 1) return picture;
  const { width, height, channels, data } = toRgb(picture, options);
  const gray = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < gray.length; i++, from += channels) {
    gray[i] = (299 * data[from]! + 587 * data[from + 1]! + 114 * data[from + 2]! + 500) / 1000;
  }
  return { width, height, channels: 1, data: gray };
}

/**
 * A picture as three channels: a grey one is repeated, a transparent one laid on a background.
 *
 * @returns A new picture, or the same one when it has three channels already.
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 */
export function toRgb(picture: Picture, options: FlattenOptions = {}): Picture {
  checkOptions(options, flattenChecks);
  const { background = 255 } = options;
  const { width, height, channels, data } = picture;
  if (channels === 3) return picture;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    if (channels === 1) {
      rgb.fill(data[i]!, i * 3, i * 3 + 3);
      continue;
    }
    const alpha = data[i * 4 + 3]!;
    for (let c = 0; c < 3; c++) {
      rgb[i * 3 + c] = (data[i * 4 + c]! * alpha + background * (255 - alpha)) / 255 + 0.5;
    }
  }
  return { width, height, channels: 3, data: rgb };
}

/**
 * A picture at another size: the mean over the area that a pixel covers where it shrinks, linear
 * interpolation between pixel centres where it grows, each axis on its own.
 *
 * @param width - New width in pixels.
 * @param height - New height in pixels.
 * @throws InvalidArgumentError when an extent is not a whole positive number.
 */
export function resizePicture(picture: Picture, width: number, height: number): Picture {
  if (!isExtent(width) || !isExtent(height)) {
    throw new InvalidArgumentError(
      `A picture is resized to whole positive extents, but ${width}x${height} came.`,
    );
  }
  if (width === picture.width && height === picture.height) return picture;
  const columns = resampleWeights(picture.width, width);
  const rows = resampleWeights(picture.height, height);
  const values = resampleColumns(resampleRows(picture, columns), width * picture.channels, rows);
  if (picture.channels === 4) unpremultiply(values);
  const data = new Uint8Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, values[i]! + 0.5);
  return { width, height, channels: picture.channels, data };
}

/** The source positions, from `start` on, that make up one position of the result. */
interface Taps {
  readonly start: number;
  readonly weights: Float64Array;
}

function resampleWeights(from: number, to: number): Taps[] {
  const step = from / to;
  return Array.from({ length: to }, (_, position) => {
    if (step <= 1) {
      const center = Math.min(from - 1, Math.max(0, (position + 0.5) * step - 0.5));
      const start = Math.min(Math.floor(center), Math.max(0, from - 2));
      const fraction = center - start;
      return { start, weights: Float64Array.from(from === 1 ? [1] : [1 - fraction, fraction]) };
    }
    const [low, high] = [position * step, (position + 1) * step];
    const start = Math.floor(low);
    const weights = new Float64Array(Math.min(from, Math.ceil(high - 1e-9)) - start);
    for (let k = 0; k < weights.length; k++) {
      weights[k] = (Math.min(high, start + k + 1) - Math.max(low, start + k)) / step;
    }
    return { start, weights };
  });
}

/** RGBA comes out with its colours weighted by alpha, so that what is transparent lends none to its neighbours. */
function resampleRows(picture: Picture, columns: readonly Taps[]): Float32Array {
  const { width, height, channels, data } = picture;
  const result = new Float32Array(height * columns.length * channels);
  let target = 0;
  for (let y = 0; y < height; y++) {
    for (const { start, weights } of columns) {
      const first = (y * width + start) * channels;
      for (let c = 0; c < channels; c++, target++) {
        const weighted = channels === 4 && c < 3;
        let sum = 0;
        for (let k = 0, i = first; k < weights.length; k++, i += channels) {
          const value = data[i + c]!;
          sum += weights[k]! * (weighted ? (value * data[i + 3]!) / 255 : value);
        }
        result[target] = sum;
      }
    }
  }
  return result;
}

function resampleColumns(
  data: Float32Array,
  rowLength: number,
  rows: readonly Taps[],
): Float32Array {
  const result = new Float32Array(rows.length * rowLength);
  rows.forEach(({ start, weights }, y) => {
    for (let k = 0; k < weights.length; k++) {
      const source = (start + k) * rowLength;
      for (let i = 0; i < rowLength; i++)
        result[y * rowLength + i]! += weights[k]! * data[source + i]!;
    }
  });
  return result;
}

function unpremultiply(data: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    if (i % 4 !== 3) data[i] = data[i | 3]! > 0 ? (data[i]! * 255) / data[i | 3]! : 0;
  }
}

/**
 * A rectangle of a picture.
 *
 * @param x - Left edge.
 * @param y - Upper edge.
 * @throws InvalidArgumentError when the rectangle does not lie in the picture.
 */
export function cropPicture(
  picture: Picture,
  x: number,
  y: number,
  width: number,
  height: number,
): Picture {
  const inside =
    [x, y].every((edge) => Number.isInteger(edge) && edge >= 0) &&
    isExtent(width) &&
    isExtent(height) &&
    x + width <= picture.width &&
    y + height <= picture.height;
  if (!inside) {
    throw new InvalidArgumentError(
      `A crop must lie inside of the picture of ${picture.width}x${picture.height}, but ${width}x${height} at (${x}, ${y}) came.`,
    );
  }
  const { channels } = picture;
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.width + x) * channels;
    data.set(picture.data.subarray(from, from + width * channels), row * width * channels);
  }
  return { width, height, channels, data };
}

/** Options of `padToSquare`. */
export interface PadToSquareOptions {
  /** The value from 0 to 255 of every new pixel and channel (alpha included). Default 255. */
  readonly fill?: number;
}

const padToSquareChecks: OptionChecks<PadToSquareOptions> = { fill: numberFrom(0, 255) };

/**
 * A picture as a square of its longer side, itself in the middle.
 *
 * @returns A new picture, or the same one when it is square already.
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 */
export function padToSquare(picture: Picture, options: PadToSquareOptions = {}): Picture {
  checkOptions(options, padToSquareChecks);
  const { fill = 255 } = options;
  const { width, height, channels } = picture;
  if (width === height) return picture;
  const side = Math.max(width, height);
  const [left, top] = [(side - width) >> 1, (side - height) >> 1];
  const data = new Uint8Array(side * side * channels).fill(fill);
  for (let row = 0; row < height; row++) {
    const source = picture.data.subarray(row * width * channels, (row + 1) * width * channels);
    data.set(source, ((top + row) * side + left) * channels);
  }
  return { width: side, height: side, channels, data };
}
