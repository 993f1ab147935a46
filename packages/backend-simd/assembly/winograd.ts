// Convolutions with 3x3 filters and stride 1 by Winograd's minimal filtering F(4x4, 3x3): 36 products
// for 16 outputs instead of 144. Each of the 36 positions of the transformed tiles is a matrix
// product of its own.
//
// `winograd` serves the forward pass and, with the filter turned around, the gradient of the input;
// `winogradFilter` is the exact transpose of the forward pass. What is finite in the direct algorithm
// may overflow or become NaN here, and one infinity spoils a whole tile: both functions report a
// result that is not finite, and the caller computes it anew with the direct kernels.

import { GROUP, accumulateGroup, multiplyGroup, panelColumns, panelWidth, roundUp } from './winograd-tiles';
import { filterGradientLine, filterLine, inputLine, outputGradientLine, outputLine } from './winograd-transforms';

/** Outputs along each side of a tile, inputs under it, and positions after the transforms. */
const SIDE = 4;
const REACH = 6;
const POSITIONS = REACH * REACH;

/** Tiles that are worked on at a time. A filter's gradient depends on its number in the last bits. */
const TILES = 48;
const FILTER_TILES = 96;

/** Columns of a filter whose products stay in the second-level cache. */
const BLOCK = 64;

const VECTOR: usize = 16;

/** Bytes from one position to the next: off the powers of two, which would share cache lines. */
// @ts-ignore: decorator
@inline
function positionStep(floats: i32): usize {
  return ((<usize>floats << 2) + 4095 & ~4095) + 192;
}

// @ts-ignore: decorator
@inline
function pointer(table: usize, index: i32): usize {
  return <usize>load<u32>(table + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function tilesAlong(size: i32): i32 {
  return (size + SIDE - 1) / SIDE;
}

/** Bytes of copies that `pixelTable` makes for a group of tiles. */
// @ts-ignore: decorator
@inline
function copyBytes(channels: i32): usize {
  return channels & 3 ? <usize>(GROUP * POSITIONS * roundUp(channels, 4)) << 2 : 0;
}

/**
 * Writes pointers to the size x size pixels from (y, x) on, column by column: to `zeros` outside of
 * the picture, and to copies filled up with zeros where channels are no multiple of four.
 *
 * @param channels the channels of a pixel, of which the first `some` are read.
 */
function pixelTable(
  table: usize, picture: usize, height: i32, width: i32, channels: i32, some: i32,
  y: i32, x: i32, size: i32, zeros: usize, copies: usize,
): void {
  const bytes = <usize>some << 2;
  const copied = <usize>roundUp(some, 4) << 2;
  for (let column = x; column < x + size; column++) {
    for (let row = y; row < y + size; row++, table += 4) {
      let pixel = zeros;
      if (<u32>row < <u32>height && <u32>column < <u32>width) {
        pixel = picture + (<usize>(row * width + column) * channels << 2);
        if (bytes != copied) {
          v128.store(copies + copied - VECTOR, f32x4.splat(0));
          memory.copy(copies, pixel, bytes);
          pixel = copies;
          copies += copied;
        }
      }
      store<u32>(table, <u32>pixel);
    }
  }
}

/**
 * Transforms `quads` vectors of four channels of each tile to its 36 positions.
 *
 * @param table 36 pointers a tile, as `pixelTable` writes them; `shift` bytes are added to each.
 * @param target where the first vector of the first tile goes at position 0.
 */
function transformInput(
  table: usize, tiles: i32, shift: usize, quads: i32,
  target: usize, position: usize, tileStep: usize, quadStep: usize, temp: usize,
): void {
  for (let tile = 0; tile < tiles; tile++) {
    for (let quad = 0; quad < quads; quad++) {
      const at = shift + <usize>quad * VECTOR;
      for (let j = 0; j < REACH; j++) {
        const column = table + <usize>(j * REACH * 4);
        inputLine(
          v128.load(pointer(column, 0) + at), v128.load(pointer(column, 1) + at), v128.load(pointer(column, 2) + at),
          v128.load(pointer(column, 3) + at), v128.load(pointer(column, 4) + at), v128.load(pointer(column, 5) + at),
          temp + <usize>j * VECTOR, <usize>REACH * VECTOR,
        );
      }
      let to = target + <usize>quad * quadStep;
      for (let i = 0; i < REACH; i++, to += position * <usize>REACH) {
        const row = temp + <usize>i * <usize>REACH * VECTOR;
        inputLine(
          v128.load(row), v128.load(row, 16), v128.load(row, 32),
          v128.load(row, 48), v128.load(row, 64), v128.load(row, 80), to, position,
        );
      }
    }
    table += POSITIONS * 4;
    target += tileStep;
  }
}

/** The same for the gradient of the output: 16 pointers a tile. */
function transformOutputGradient(
  table: usize, tiles: i32, shift: usize, quads: i32,
  target: usize, position: usize, tileStep: usize, temp: usize,
): void {
  for (let tile = 0; tile < tiles; tile++) {
    for (let quad = 0; quad < quads; quad++) {
      const at = shift + <usize>quad * VECTOR;
      for (let j = 0; j < SIDE; j++) {
        const column = table + <usize>(j * SIDE * 4);
        outputGradientLine(
          v128.load(pointer(column, 0) + at), v128.load(pointer(column, 1) + at),
          v128.load(pointer(column, 2) + at), v128.load(pointer(column, 3) + at),
          temp + <usize>j * VECTOR, <usize>SIDE * VECTOR,
        );
      }
      let to = target + <usize>quad * VECTOR;
      for (let i = 0; i < REACH; i++, to += position * <usize>REACH) {
        const row = temp + <usize>i * <usize>SIDE * VECTOR;
        outputGradientLine(v128.load(row), v128.load(row, 16), v128.load(row, 32), v128.load(row, 48), to, position);
      }
    }
    table += SIDE * SIDE * 4;
    target += tileStep;
  }
}

/** Stores the first `count` lanes of a vector. */
// @ts-ignore: decorator
@inline
function storeSome(to: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(to, value);
  else {
    store<f32>(to, f32x4.extract_lane(value, 0));
    if (count > 1) store<f32>(to, f32x4.extract_lane(value, 1), 4);
    if (count > 2) store<f32>(to, f32x4.extract_lane(value, 2), 8);
  }
}

/** Bytes that `forward` keeps of a tile: address of its first output, rows and columns that exist. */
const PLACE: usize = 12;

/**
 * Transforms the products of a group of tiles to outputs, adds the bias, limits them to [low, high]
 * and stores them.
 *
 * @param from [position][panel][6][width], `position` bytes from position to position.
 * @param places of each tile, its place.
 * @param column the first column of `from`, of `columns` in the output's `channels`.
 * @returns NaN in a lane that met a value that is not finite, else 0.
 */
function transformOutput(
  from: usize, position: usize, places: usize, tiles: i32, column: i32, columns: i32,
  outWidth: i32, channels: i32, bias: usize, low: f32, high: f32, temp: usize,
): v128 {
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  const pixelBytes = <usize>channels << 2;
  const line = temp + <usize>POSITIONS * VECTOR;
  let check = f32x4.splat(0);
  for (let begin = 0, width = 0; begin < columns; begin += width) {
    width = panelWidth(roundUp(columns - begin, 4));
    const end = min(begin + width, columns);
    for (let tile = 0; tile < tiles; tile++) {
      const place = places + <usize>tile * PLACE;
      const rows = load<i32>(place, 4), across = load<i32>(place, 8);
      for (let at = begin; at < end; at += 4) {
        let product = from + (<usize>(begin * GROUP + tile * width + at - begin) << 2);
        for (let j = 0; j < REACH; j++, product += position) {
          const step = position * <usize>REACH;
          outputLine(
            v128.load(product), v128.load(product + step), v128.load(product + step * 2),
            v128.load(product + step * 3), v128.load(product + step * 4), v128.load(product + step * 5),
            temp + <usize>j * VECTOR, <usize>REACH * VECTOR,
          );
        }
        const start = v128.load(bias + (<usize>(column + at) << 2));
        let out = pointer(place, 0) + (<usize>(column + at) << 2);
        for (let i = 0; i < rows; i++, out += <usize>outWidth * pixelBytes) {
          const row = temp + <usize>i * <usize>REACH * VECTOR;
          outputLine(
            v128.load(row), v128.load(row, 16), v128.load(row, 32),
            v128.load(row, 48), v128.load(row, 64), v128.load(row, 80), line, VECTOR,
          );
          let to = out;
          for (let j = 0; j < across; j++, to += pixelBytes) {
            const value = v128.load(line + <usize>j * VECTOR);
            check = f32x4.add(check, f32x4.mul(value, f32x4.splat(0)));
            // pmax and pmin keep a NaN that stands on their left.
            storeSome(to, f32x4.pmin(f32x4.pmax(f32x4.add(value, start), lows), highs), end - at);
          }
        }
      }
    }
  }
  return check;
}

/** Marks a result as not finite. */
// @ts-ignore: decorator
@inline
function report(check: v128, spoiled: usize): void {
  if (v128.any_true(f32x4.ne(check, check))) store<i32>(spoiled, 1);
}

/** Floats of all panels of a filter's blocks, a channel. */
function filterColumns(columns: i32): i32 {
  return columns / BLOCK * BLOCK + panelColumns(columns % BLOCK);
}

/** Bytes of a filter that `packWinograd` packed. */
export function packedWinogradBytes(channels: i32, columns: i32): usize {
  return <usize>(POSITIONS * roundUp(channels, 4) * filterColumns(columns)) << 2;
}

/** How many blocks of columns a filter has. */
export function winogradBlocks(columns: i32): i32 {
  return (columns + BLOCK - 1) / BLOCK;
}

/** Bytes of scratch that `packWinograd` needs. */
export function packWinogradScratch(): usize {
  return 9 * 4 * VECTOR + 3 * <usize>REACH * VECTOR;
}

/**
 * Transforms a filter: packed[block][position][panel][channel][width].
 *
 * @param filter [tap][channel][column]; when turned, [8 - tap][column][channel].
 * @param begin,end range of blocks, out of `winogradBlocks`.
 */
export function packWinograd(
  filter: usize, channels: i32, columns: i32, turned: bool, packed: usize, begin: i32, end: i32, work: usize,
): void {
  const padded = roundUp(channels, 4);
  const half = work + 9 * 4 * VECTOR;
  for (let first = begin * BLOCK; first < min(columns, end * BLOCK); first += BLOCK) {
    const some = min(BLOCK, columns - first);
    const position = <usize>(padded * panelColumns(some)) << 2;
    const block = packed + (<usize>(POSITIONS * padded * first) << 2);
    for (let start = 0, width = 0; start < some; start += width) {
      width = panelWidth(roundUp(some - start, 4));
      for (let at = start; at < min(start + width, some); at += 4) {
        for (let channel = 0; channel < padded; channel += 4) {
          copyTaps(filter, channels, columns, turned, channel, first + at, work);
          for (let c = 0; c < 4; c++) {
            let from = work + <usize>c * VECTOR;
            for (let j = 0; j < 3; j++, from += 4 * VECTOR) {
              filterLine(v128.load(from), v128.load(from, 192), v128.load(from, 384), half + <usize>j * VECTOR, 3 * VECTOR);
            }
            let to = block + (<usize>(start * padded + (channel + c) * width + at - start) << 2);
            for (let i = 0; i < REACH; i++, to += position * <usize>REACH) {
              const row = half + <usize>i * 3 * VECTOR;
              filterLine(v128.load(row), v128.load(row, 16), v128.load(row, 32), to, position);
            }
          }
        }
      }
    }
  }
}

/** Copies four channels of four columns of all taps: to[tap][channel][column], zeros where there are none. */
function copyTaps(filter: usize, channels: i32, columns: i32, turned: bool, channel: i32, column: i32, to: usize): void {
  const rows = min(4, channels - channel), some = min(4, columns - column);
  const whole = rows == 4 && some == 4;
  const tapBytes = <usize>(channels * columns) << 2;
  const rowBytes = <usize>(turned ? channels : columns) << 2;
  for (let tap = 0; tap < 9; tap++, to += 4 * VECTOR) {
    const from = turned
      ? filter + <usize>(8 - tap) * tapBytes + (<usize>(column * channels + channel) << 2)
      : filter + <usize>tap * tapBytes + (<usize>(channel * columns + column) << 2);
    if (whole && turned) {
      const r0 = v128.load(from), r1 = v128.load(from + rowBytes);
      const r2 = v128.load(from + rowBytes * 2), r3 = v128.load(from + rowBytes * 3);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 16);
      v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 32);
      v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 48);
    } else if (whole) {
      for (let c: usize = 0; c < 4; c++) v128.store(to + c * VECTOR, v128.load(from + c * rowBytes));
    } else {
      memory.fill(to, 0, 4 * VECTOR);
      for (let c = 0; c < rows; c++) {
        for (let k = 0; k < some; k++) {
          const at = turned ? <usize>k * rowBytes + (<usize>c << 2) : <usize>c * rowBytes + (<usize>k << 2);
          store<f32>(to + (<usize>(c * 4 + k) << 2), load<f32>(from + at));
        }
      }
    }
  }
}

/** Bytes of scratch that `winograd` needs. */
export function winogradScratch(channels: i32, columns: i32): usize {
  const padded = roundUp(channels, 4);
  return <usize>POSITIONS * (positionStep(TILES * padded) + positionStep(TILES * BLOCK))
    + (<usize>(padded + roundUp(columns, 4)) << 2) + copyBytes(channels)
    + <usize>(POSITIONS + SIDE) * VECTOR + <usize>(GROUP * POSITIONS * 4) + <usize>TILES * PLACE;
}

/**
 * out = clamp(bias + convolution of source and filter), stride 1.
 *
 * @param top,left rows and columns of zeros before the picture (negative: what is left out of it).
 * @param packed the filter as `packWinograd` wrote it.
 * @param bias one float a column, or 0.
 * @param begin,end range of tiles out of images x rows of tiles x columns of tiles.
 * @param spoiled is set to 1 if a result is not finite.
 * @param work scratch of `winogradScratch` bytes, 16-byte aligned.
 */
export function winograd(
  source: usize, height: i32, width: i32, channels: i32,
  out: usize, outHeight: i32, outWidth: i32, columns: i32, top: i32, left: i32,
  packed: usize, bias: usize, low: f32, high: f32, begin: i32, end: i32, spoiled: usize, work: usize,
): void {
  const padded = roundUp(channels, 4);
  const across = tilesAlong(outWidth), perImage = across * tilesAlong(outHeight);
  const inputStep = positionStep(TILES * padded), productStep = positionStep(TILES * BLOCK);
  const inputs = work;
  const products = inputs + <usize>POSITIONS * inputStep;
  const zeros = products + <usize>POSITIONS * productStep;
  const start = zeros + (<usize>padded << 2);
  const temp = start + (<usize>roundUp(columns, 4) << 2);
  const table = temp + <usize>(POSITIONS + SIDE) * VECTOR;
  const places = table + <usize>(GROUP * POSITIONS * 4);
  const copies = places + <usize>TILES * PLACE;
  memory.fill(zeros, 0, <usize>padded << 2);
  if (bias) memory.copy(start, bias, <usize>columns << 2);
  else memory.fill(start, 0, <usize>columns << 2);
  let check = f32x4.splat(0);

  for (let first = begin; first < end; first += TILES) {
    const count = min(TILES, end - first);
    const groups = (count + GROUP - 1) / GROUP;
    for (let group = 0; group < groups; group++) {
      const some = min(GROUP, count - group * GROUP);
      for (let i = 0; i < some; i++) {
        const tile = first + group * GROUP + i;
        const image = tile / perImage;
        const y = tile % perImage / across * SIDE, x = tile % across * SIDE;
        const picture = source + (<usize>(image * height * width) * channels << 2);
        pixelTable(
          table + i * POSITIONS * 4, picture, height, width, channels, channels,
          y - top, x - left, REACH, zeros, copies + <usize>i * (copyBytes(channels) / GROUP),
        );
        const place = places + <usize>(group * GROUP + i) * PLACE;
        store<u32>(place, <u32>(out + (<usize>((image * outHeight + y) * outWidth + x) * columns << 2)));
        store<i32>(place, min(SIDE, outHeight - y), 4);
        store<i32>(place, min(SIDE, outWidth - x), 8);
      }
      // Two vectors at a time: their 36 streams of results stay in the first-level cache.
      for (let channel = 0; channel < padded; channel += 8) {
        transformInput(
          table, some, <usize>channel << 2, min(8, padded - channel) / 4,
          inputs + (<usize>(group * padded + channel) * GROUP << 2), inputStep, VECTOR, <usize>GROUP * VECTOR, temp,
        );
      }
    }
    for (let column = 0; column < columns; column += BLOCK) {
      const some = min(BLOCK, columns - column), wide = panelColumns(some);
      for (let p = 0; p < POSITIONS; p++) {
        let panel = packed + (<usize>(POSITIONS * padded * column + p * padded * wide) << 2);
        for (let at = 0, size = 0; at < some; at += size) {
          size = panelWidth(roundUp(some - at, 4));
          for (let group = 0; group < groups; group++) {
            multiplyGroup(
              size, inputs + <usize>p * inputStep + (<usize>(group * padded * GROUP) << 2), panel,
              products + <usize>p * productStep + (<usize>((group * wide + at) * GROUP) << 2), padded,
            );
          }
          panel += <usize>(padded * size) << 2;
        }
      }
      for (let group = 0; group < groups; group++) {
        check = f32x4.add(check, transformOutput(
          products + (<usize>(group * wide * GROUP) << 2), productStep, places + <usize>(group * GROUP) * PLACE,
          min(GROUP, count - group * GROUP), column, some, outWidth, columns, start, low, high, temp,
        ));
      }
    }
  }
  report(check, spoiled);
}

/** Floats of a row of transformed inputs in `winogradFilter`: whole groups and whole vectors. */
// @ts-ignore: decorator
@inline
function rowFloats(channels: i32): i32 {
  return roundUp(roundUp(channels, GROUP), 4);
}

/** Bytes of scratch that `winogradFilter` needs for so many of the filter's channels. */
export function winogradFilterScratch(channels: i32, columns: i32): usize {
  const padded = max(roundUp(channels, 4), roundUp(columns, 4));
  const wide = panelColumns(columns);
  return <usize>POSITIONS * (positionStep(FILTER_TILES * rowFloats(channels)) + positionStep(FILTER_TILES * wide)
      + positionStep(roundUp(channels, GROUP) * wide))
    + (<usize>padded << 2) + max(copyBytes(channels), copyBytes(columns))
    + <usize>POSITIONS * VECTOR + <usize>(GROUP * POSITIONS * 4);
}

/**
 * gradient[tap][channel][column] of a convolution's filter, stride 1.
 *
 * @param begin,end range of channels; `begin` is a multiple of four.
 * @param spoiled is set to 1 if a result is not finite.
 * @param work scratch of `winogradFilterScratch` bytes for end - begin channels, 16-byte aligned.
 */
export function winogradFilter(
  source: usize, images: i32, height: i32, width: i32, channels: i32,
  out: usize, outHeight: i32, outWidth: i32, columns: i32, top: i32, left: i32,
  gradient: usize, begin: i32, end: i32, spoiled: usize, work: usize,
): void {
  const some = end - begin;
  const row = rowFloats(some), groups = (some + GROUP - 1) / GROUP, wide = panelColumns(columns);
  const padded = max(roundUp(some, 4), roundUp(columns, 4));
  const across = tilesAlong(outWidth), perImage = across * tilesAlong(outHeight);
  const inputStep = positionStep(FILTER_TILES * row);
  const outStep = positionStep(FILTER_TILES * wide);
  const productStep = positionStep(groups * GROUP * wide);
  const inputs = work;
  const outs = inputs + <usize>POSITIONS * inputStep;
  const products = outs + <usize>POSITIONS * outStep;
  const zeros = products + <usize>POSITIONS * productStep;
  const temp = zeros + (<usize>padded << 2);
  const table = temp + <usize>POSITIONS * VECTOR;
  const copies = table + <usize>(GROUP * POSITIONS * 4);
  memory.fill(zeros, 0, <usize>padded << 2);
  memory.fill(products, 0, <usize>POSITIONS * productStep);

  const tiles = images * perImage;
  for (let first = 0; first < tiles; first += FILTER_TILES) {
    const count = min(FILTER_TILES, tiles - first);
    for (let group = 0; group < count; group += GROUP) {
      const together = min(GROUP, count - group);
      for (let i = 0; i < together; i++) {
        const tile = first + group + i;
        const picture = source + (<usize>(tile / perImage * height * width) * channels << 2);
        pixelTable(
          table + i * POSITIONS * 4, picture + (<usize>begin << 2), height, width, channels, some,
          tile % perImage / across * SIDE - top, tile % across * SIDE - left, REACH,
          zeros, copies + <usize>i * (copyBytes(some) / GROUP),
        );
      }
      for (let channel = 0; channel < some; channel += 8) {
        transformInput(
          table, together, <usize>channel << 2, min(8, roundUp(some, 4) - channel) / 4,
          inputs + (<usize>(group * row + channel) << 2), inputStep, <usize>row << 2, VECTOR, temp,
        );
      }
      for (let i = 0; i < together; i++) {
        const tile = first + group + i;
        const picture = out + (<usize>(tile / perImage * outHeight * outWidth) * columns << 2);
        pixelTable(
          table + i * SIDE * SIDE * 4, picture, outHeight, outWidth, columns, columns,
          tile % perImage / across * SIDE, tile % across * SIDE, SIDE,
          zeros, copies + <usize>i * (copyBytes(columns) / GROUP),
        );
      }
      for (let at = 0, size = 0; at < columns; at += size) {
        size = panelWidth(roundUp(columns - at, 4));
        transformOutputGradient(
          table, together, <usize>at << 2, min(size, roundUp(columns - at, 4)) / 4,
          outs + (<usize>(at * count + group * size) << 2), outStep, <usize>size << 2, temp,
        );
      }
    }
    for (let p = 0; p < POSITIONS; p++) {
      for (let group = 0; group < groups; group++) {
        for (let at = 0, size = 0; at < columns; at += size) {
          size = panelWidth(roundUp(columns - at, 4));
          accumulateGroup(
            size, inputs + <usize>p * inputStep + (<usize>(group * GROUP) << 2), <usize>row << 2,
            outs + <usize>p * outStep + (<usize>(at * count) << 2),
            products + <usize>p * productStep + (<usize>((group * wide + at) * GROUP) << 2), count,
          );
        }
      }
    }
  }

  let check = f32x4.splat(0);
  const tapBytes = <usize>(channels * columns) << 2;
  for (let channel = 0; channel < some; channel++) {
    for (let at = 0, size = 0; at < columns; at += size) {
      size = panelWidth(roundUp(columns - at, 4));
      for (let column = at; column < min(at + size, columns); column += 4) {
        let product = products + (<usize>((channel / GROUP * wide + at) * GROUP + channel % GROUP * size + column - at) << 2);
        for (let j = 0; j < REACH; j++, product += productStep) {
          const step = productStep * <usize>REACH;
          filterGradientLine(
            v128.load(product), v128.load(product + step), v128.load(product + step * 2),
            v128.load(product + step * 3), v128.load(product + step * 4), v128.load(product + step * 5),
            temp + <usize>j * VECTOR, <usize>REACH * VECTOR,
          );
        }
        let to = gradient + (<usize>((begin + channel) * columns + column) << 2);
        for (let i = 0; i < 3; i++) {
          const line = temp + <usize>i * <usize>REACH * VECTOR;
          filterGradientLine(
            v128.load(line), v128.load(line, 16), v128.load(line, 32),
            v128.load(line, 48), v128.load(line, 64), v128.load(line, 80), line, VECTOR,
          );
          for (let j = 0; j < 3; j++, to += tapBytes) {
            const value = v128.load(line + <usize>j * VECTOR);
            check = f32x4.add(check, f32x4.mul(value, f32x4.splat(0)));
            storeSome(to, value, columns - column);
          }
        }
      }
    }
  }
  report(check, spoiled);
}
