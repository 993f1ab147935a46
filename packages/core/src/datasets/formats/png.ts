import { encode } from 'fast-png';
import { checkOptions } from '../../checks/index.js';
import { Work } from '../../work.js';
import type { Picture } from '../pictures.js';
import { formatError } from './bytes.js';
import { inflateChunks } from './inflate.js';
import {
  allocatePixels,
  checkExtents,
  corruptPicture,
  type DecodePictureOptions,
  decodePictureChecks,
  dropOpaqueAlpha,
  notAPicture,
  sniffPictureFormat,
} from './picture-format.js';
import { type PngChunks, readPngChunks } from './png-chunks.js';

/**
 * Decodes a PNG of any color type and depth, interlaced or not, to bytes: 16 bits are rounded to 8,
 * palettes become RGB, a transparent color becomes alpha. Gray pictures have one channel, pictures of
 * which some pixel is transparent four, all others three.
 *
 * @throws DataFormatError when the bytes are no whole and sound PNG, or the picture is too large.
 */
export async function decodePng(
  bytes: Uint8Array,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  checkOptions(options, decodePictureChecks);
  const { source = 'png' } = options;
  if (sniffPictureFormat(bytes) !== 'png') throw notAPicture(bytes, source);
  const png = readPngChunks(bytes, source);
  const { width, height } = png;
  checkExtents(width, height, { ...options, source });
  const passes = passesOf(png);
  const pixelBytes = passes.reduce((sum, pass) => sum + pass.height * (1 + pass.rowBytes), 0);
  if (pixelBytes > png.packed.length * maxDeflateRatio) {
    throw corruptPicture(
      'PNG',
      bytes,
      source,
      `its header says ${width}x${height} pixels, more than its bytes can hold`,
    );
  }
  const painter = rowPainter(png);
  const { channels } = painter;
  const data = allocatePixels(width * height * channels, source);
  const rows = rowsOf(passes, Math.max(1, (png.channels * png.depth) >> 3));
  let length = 0;
  try {
    const maxBytes = Number.POSITIVE_INFINITY; // It is watched here.
    for await (const chunk of inflateChunks(png.packed, 'deflate', { source, maxBytes })) {
      length += chunk.length;
      if (length > pixelBytes) {
        throw formatError(
          source,
          `the PNG says ${width}x${height}, but its pixels take more than the ${pixelBytes} bytes of such a picture; save or fetch it again.`,
        );
      }
      rows.take(chunk, (row, pass, y) => {
        const first = (pass.y + y * pass.stepY) * width + pass.x;
        painter.paint(row, pass.width, data, first * channels, pass.stepX * channels);
      });
    }
  } catch (cause) {
    if (cause instanceof RowError) throw corruptPicture('PNG', bytes, source, cause);
    throw cause;
  }
  if (length !== pixelBytes) {
    throw formatError(
      source,
      `the PNG says ${width}x${height}, ${pixelBytes} bytes of pixels, but has ${length}; save or fetch it again.`,
    );
  }
  return dropOpaqueAlpha({ width, height, channels, data }, new Work());
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

/** Deflate makes 258 bytes of two bits at best. */
const maxDeflateRatio = 1032;

/** Rows and columns of the picture that stand together in the file. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly width: number;
  readonly height: number;
  /** Bytes of a row without its filter byte. */
  readonly rowBytes: number;
}

/** First column, first row, column step and row step of Adam7's passes. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function passesOf(png: PngChunks): Pass[] {
  return (png.interlaced ? adam7 : [[0, 0, 1, 1] as const])
    .map(([x, y, stepX, stepY]) => {
      const width = Math.ceil((png.width - x) / stepX);
      const height = Math.ceil((png.height - y) / stepY);
      const rowBytes = Math.ceil((width * png.channels * png.depth) / 8);
      return { x, y, stepX, stepY, width, height, rowBytes };
    })
    .filter(({ width, height }) => width > 0 && height > 0);
}

class RowError extends Error {}

/** Puts rows together from pieces of the inflated stream and undoes their filters. */
function rowsOf(passes: readonly Pass[], pixelBytes: number) {
  let index = 0;
  let y = 0;
  let filled = -1; // The filter byte comes first.
  let filter = 0;
  let [row, above] = [new Uint8Array(0), new Uint8Array(0)];
  return {
    take(chunk: Uint8Array, done: (row: Uint8Array, pass: Pass, y: number) => void): void {
      for (let at = 0; at < chunk.length; ) {
        const pass = passes[index]!;
        if (filled < 0) {
          filter = chunk[at++]!;
          if (y === 0)
            [row, above] = [new Uint8Array(pass.rowBytes), new Uint8Array(pass.rowBytes)];
          filled = 0;
        }
        const taken = Math.min(pass.rowBytes - filled, chunk.length - at);
        row.set(chunk.subarray(at, at + taken), filled);
        at += taken;
        filled += taken;
        if (filled < pass.rowBytes) return;
        undoFilter(filter, row, above, pixelBytes);
        done(row, pass, y);
        [row, above] = [above, row];
        filled = -1;
        if (++y === pass.height) [index, y] = [index + 1, 0];
      }
    },
  };
}

/** Filter types 0 to 4 (PNG, clause 9); `step` is the distance to the same byte of the pixel before. */
function undoFilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  const { length } = row;
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = step; i < length; i++) row[i]! += row[i - step]!;
      return;
    case 2:
      for (let i = 0; i < length; i++) row[i]! += above[i]!;
      return;
    case 3:
      for (let i = 0; i < length; i++) {
        row[i]! += ((i < step ? 0 : row[i - step]!) + above[i]!) >> 1;
      }
      return;
    case 4:
      for (let i = 0; i < Math.min(step, length); i++) row[i]! += above[i]!;
      for (let i = step; i < length; i++) {
        const left = row[i - step]!;
        const up = above[i]!;
        const corner = above[i - step]!;
        const toLeft = Math.abs(up - corner);
        const toUp = Math.abs(left - corner);
        const toCorner = Math.abs(left + up - 2 * corner);
        row[i]! += toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
      }
      return;
    default:
      throw new RowError(`a row has filter ${filter}, which PNG does not have`);
  }
}

interface RowPainter {
  readonly channels: 1 | 3 | 4;
  /** Writes the `count` pixels of a row, the first at `to`, each `step` values after the last. */
  paint(row: Uint8Array, count: number, data: Uint8Array, to: number, step: number): void;
}

/** What turns the samples of a row into bytes. */
function rowPainter(png: PngChunks): RowPainter {
  const { colors, depth, hasAlpha, palette, transparency, channels } = png;
  if (palette) return palettePainter(palette, transparency, depth);
  if (depth === 8 && !transparency && channels !== 2) return copyPainter(channels as 1 | 3 | 4);
  const samples = colors === 'gray' ? 1 : 3;
  const sample = sampleReader(depth);
  const scale = 255 / (2 ** depth - 1);
  const byte =
    depth === 16
      ? (value: number) => (value * 255 + 32895) >> 16 // Rounds value / 257.
      : (value: number) => value * scale;
  if (!hasAlpha && !transparency) {
    return {
      channels: samples,
      paint(row, count, data, to, step) {
        for (let x = 0, i = 0; x < count; x++, to += step) {
          for (let c = 0; c < samples; c++) data[to + c] = byte(sample(row, i++));
        }
      },
    };
  }
  return {
    channels: 4,
    paint(row, count, data, to, step) {
      for (let x = 0, i = 0; x < count; x++, to += step, i += channels) {
        let alpha = 255;
        for (let c = 0; c < 3; c++) data[to + c] = byte(sample(row, i + (samples === 3 ? c : 0)));
        if (hasAlpha) alpha = byte(sample(row, i + samples));
        else if (transparency!.every((value, c) => value === sample(row, i + c))) alpha = 0;
        data[to + 3] = alpha;
      }
    },
  };
}

function copyPainter(channels: 1 | 3 | 4): RowPainter {
  return {
    channels,
    paint(row, count, data, to, step) {
      if (step === channels) return data.set(row, to);
      for (let x = 0, i = 0; x < count; x++, to += step) {
        for (let c = 0; c < channels; c++) data[to + c] = row[i++]!;
      }
    },
  };
}

function palettePainter(
  palette: Uint8Array,
  alphas: readonly number[] | undefined,
  depth: number,
): RowPainter {
  const sample = sampleReader(depth);
  const colors = palette.length / 3;
  const channels = alphas ? 4 : 3;
  return {
    channels,
    paint(row, count, data, to, step) {
      for (let x = 0; x < count; x++, to += step) {
        const color = sample(row, x);
        if (color >= colors) {
          throw new RowError(`a pixel has color ${color} of a palette of ${colors}, from 0 on`);
        }
        for (let c = 0; c < 3; c++) data[to + c] = palette[3 * color + c]!;
        if (alphas) data[to + 3] = alphas[color] ?? 255;
      }
    },
  };
}

/** Reads the `i`-th sample of a row of samples of `depth` bits. */
function sampleReader(depth: number): (row: Uint8Array, i: number) => number {
  if (depth === 16) return (row, i) => row[2 * i]! * 256 + row[2 * i + 1]!;
  if (depth === 8) return (row, i) => row[i]!;
  const mask = 2 ** depth - 1;
  return (row, i) => (row[(i * depth) >> 3]! >> (8 - depth - ((i * depth) & 7))) & mask;
}
