// The two register tiles that all matrix products and convolutions end in. Each keeps a 4 x 8 block
// of the result in eight vectors while it runs along the summed dimension. They differ in how the
// left operand lies in memory: `tileRows` reads four rows that are contiguous along the summed
// dimension, `tileColumns` reads four neighbours out of each of its steps.
//
// The loops leave by `break` after each step instead of being unrolled plainly: V8 moves the
// arithmetic of an unrolled body together and spills, which costs half the speed.

import { madd } from './simd';

/** Height and width of a tile. */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 8;

/** Add to what the result already holds; otherwise start from the `start` vector (bias or zeros). */
export const ACCUMULATE = 1;
/** Limit the result to [low, high] when done (relu, relu6). */
export const CLAMP = 2;

/** Bytes of the `edge` scratch of a tile: a whole 4 x 8 block. */
export const EDGE_BYTES = 128;

// @ts-ignore: decorator
@inline
function pointer(table: usize, index: i32): usize {
  return <usize>load<u32>(table + (<usize>index << 2));
}

/** Copies the `columns` valid floats of four rows between the result and the edge block. */
function copyEdge(out: usize, shift: usize, columns: i32, edge: usize, toEdge: bool): void {
  for (let row = 0; row < TILE_ROWS; row++) {
    const line = pointer(out, row) + shift;
    for (let column = 0; column < columns; column++) {
      const offset = <usize>column << 2;
      if (toEdge) store<f32>(edge + offset, load<f32>(line + offset));
      else store<f32>(line + offset, load<f32>(edge + offset));
    }
    edge += TILE_COLUMNS << 2;
  }
}

/**
 * A column of `tiles` tiles, one above the other:
 * out[r][shift..shift + 8) = start + sum over taps t and channels c of row[t][r][c] * panel[t][c].
 *
 * @param table pointers to the rows: four a tile, one after the other, for each tap; taps are
 *   `tableStep` bytes apart. A tile with fewer than four rows repeats its last one, here and in `out`.
 * @param panel the right operand, eight floats a step, contiguous.
 * @param out four pointers a tile to the rows of the result; `shift` bytes are added to each.
 * @param columns how many of the eight columns exist (1..8).
 * @param start eight floats to start from, unless ACCUMULATE is set.
 */
export function tileRows(
  tiles: i32, table: usize, tableStep: usize, taps: i32, channels: i32, panel: usize,
  out: usize, shift: usize, columns: i32, start: usize, flags: i32, low: f32, high: f32, edge: usize,
): void {
  const bytes = <usize>channels << 2;
  for (let tile = 0; tile < tiles; tile++) {
    let o0: usize, o1: usize, o2: usize, o3: usize;
    if (columns == TILE_COLUMNS) {
      o0 = pointer(out, 0) + shift;
      o1 = pointer(out, 1) + shift;
      o2 = pointer(out, 2) + shift;
      o3 = pointer(out, 3) + shift;
    } else {
      o0 = edge;
      o1 = edge + 32;
      o2 = edge + 64;
      o3 = edge + 96;
      if (flags & ACCUMULATE) copyEdge(out, shift, columns, edge, true);
    }
    let s00: v128, s01: v128, s10: v128, s11: v128, s20: v128, s21: v128, s30: v128, s31: v128;
    if (flags & ACCUMULATE) {
      s00 = v128.load(o0); s01 = v128.load(o0, 16);
      s10 = v128.load(o1); s11 = v128.load(o1, 16);
      s20 = v128.load(o2); s21 = v128.load(o2, 16);
      s30 = v128.load(o3); s31 = v128.load(o3, 16);
    } else {
      s00 = v128.load(start); s01 = v128.load(start, 16);
      s10 = s00; s11 = s01; s20 = s00; s21 = s01; s30 = s00; s31 = s01;
    }
    let b = panel;
    let pointers = table;
    for (let tap = 0; tap < taps; tap++) {
      let a0 = pointer(pointers, 0), a1 = pointer(pointers, 1);
      let a2 = pointer(pointers, 2), a3 = pointer(pointers, 3);
      pointers += tableStep;
      const next = b + (bytes << 3);
      const end = a0 + bytes;
      let b0: v128, b1: v128, x: v128;
      while (true) {
        b0 = v128.load(b); b1 = v128.load(b, 16);
        x = v128.load32_splat(a0); a0 += 4; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
        x = v128.load32_splat(a1); a1 += 4; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
        x = v128.load32_splat(a2); a2 += 4; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
        x = v128.load32_splat(a3); a3 += 4; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
        if (a0 == end) break;
        b0 = v128.load(b, 32); b1 = v128.load(b, 48);
        x = v128.load32_splat(a0); a0 += 4; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
        x = v128.load32_splat(a1); a1 += 4; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
        x = v128.load32_splat(a2); a2 += 4; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
        x = v128.load32_splat(a3); a3 += 4; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
        if (a0 == end) break;
        b0 = v128.load(b, 64); b1 = v128.load(b, 80);
        x = v128.load32_splat(a0); a0 += 4; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
        x = v128.load32_splat(a1); a1 += 4; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
        x = v128.load32_splat(a2); a2 += 4; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
        x = v128.load32_splat(a3); a3 += 4; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
        if (a0 == end) break;
        b0 = v128.load(b, 96); b1 = v128.load(b, 112);
        x = v128.load32_splat(a0); a0 += 4; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
        x = v128.load32_splat(a1); a1 += 4; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
        x = v128.load32_splat(a2); a2 += 4; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
        x = v128.load32_splat(a3); a3 += 4; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
        if (a0 == end) break;
        b += 128;
      }
      b = next;
    }
    if (flags & CLAMP) {
      // pmax and pmin keep a NaN that stands on their left.
      const lows = f32x4.splat(low), highs = f32x4.splat(high);
      s00 = f32x4.pmin(f32x4.pmax(s00, lows), highs); s01 = f32x4.pmin(f32x4.pmax(s01, lows), highs);
      s10 = f32x4.pmin(f32x4.pmax(s10, lows), highs); s11 = f32x4.pmin(f32x4.pmax(s11, lows), highs);
      s20 = f32x4.pmin(f32x4.pmax(s20, lows), highs); s21 = f32x4.pmin(f32x4.pmax(s21, lows), highs);
      s30 = f32x4.pmin(f32x4.pmax(s30, lows), highs); s31 = f32x4.pmin(f32x4.pmax(s31, lows), highs);
    }
    v128.store(o0, s00); v128.store(o0, s01, 16);
    v128.store(o1, s10); v128.store(o1, s11, 16);
    v128.store(o2, s20); v128.store(o2, s21, 16);
    v128.store(o3, s30); v128.store(o3, s31, 16);
    if (columns != TILE_COLUMNS) copyEdge(out, shift, columns, edge, false);
    table += 16;
    out += 16;
  }
}

/**
 * A column of tiles, one above the other:
 * out[r][shift..shift + 8) = start + sum over images i, lines l and steps s of
 * a[tile][i][l][s][r] * b[i][l][s][0..8).
 *
 * The three nested ranges let a filter gradient walk over a window of a picture where it lies; a
 * matrix product has one image of one line. The steps are given in bytes.
 *
 * @param rows how many rows the tiles have together; those missing in the last repeat its last.
 * @param a the first tile's left operand; `aTile` bytes lie between the tiles.
 * @param out four pointers a tile to the rows of the result; `shift` bytes are added to each.
 * @param columns how many of the eight columns exist; `b` must be readable for all eight.
 */
export function tileColumns(
  rows: i32, a: usize, aTile: usize, aStep: usize, aLine: usize, aImage: usize,
  b: usize, bStep: usize, bLine: usize, bImage: usize,
  images: i32, lines: i32, steps: i32,
  out: usize, shift: usize, columns: i32, start: usize, flags: i32, low: f32, high: f32, edge: usize,
): void {
  const length = aStep * steps;
  for (let row = 0; row < rows; row += TILE_ROWS) {
    let o0: usize, o1: usize, o2: usize, o3: usize;
    if (columns == TILE_COLUMNS) {
      o0 = pointer(out, 0) + shift;
      o1 = pointer(out, 1) + shift;
      o2 = pointer(out, 2) + shift;
      o3 = pointer(out, 3) + shift;
    } else {
      o0 = edge;
      o1 = edge + 32;
      o2 = edge + 64;
      o3 = edge + 96;
      if (flags & ACCUMULATE) copyEdge(out, shift, columns, edge, true);
    }
    let s00: v128, s01: v128, s10: v128, s11: v128, s20: v128, s21: v128, s30: v128, s31: v128;
    if (flags & ACCUMULATE) {
      s00 = v128.load(o0); s01 = v128.load(o0, 16);
      s10 = v128.load(o1); s11 = v128.load(o1, 16);
      s20 = v128.load(o2); s21 = v128.load(o2, 16);
      s30 = v128.load(o3); s31 = v128.load(o3, 16);
    } else {
      s00 = v128.load(start); s01 = v128.load(start, 16);
      s10 = s00; s11 = s01; s20 = s00; s21 = s01; s30 = s00; s31 = s01;
    }
    const left = rows - row;
    const second: usize = left > 1 ? 4 : 0;
    const third: usize = left > 2 ? 8 : second;
    const fourth: usize = left > 3 ? 12 : third;
    let aFirst = a, bFirst = b;
    for (let image = 0; image < images; image++) {
      let aRow = aFirst, bRow = bFirst;
      for (let line = 0; line < lines; line++) {
        let a0 = aRow, a1 = aRow + second, a2 = aRow + third, a3 = aRow + fourth;
        let q = bRow;
        const end = a0 + length;
        let b0: v128, b1: v128, x: v128;
        while (true) {
          b0 = v128.load(q); b1 = v128.load(q, 16); q += bStep;
          x = v128.load32_splat(a0); a0 += aStep; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
          x = v128.load32_splat(a1); a1 += aStep; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
          x = v128.load32_splat(a2); a2 += aStep; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
          x = v128.load32_splat(a3); a3 += aStep; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
          if (a0 == end) break;
          b0 = v128.load(q); b1 = v128.load(q, 16); q += bStep;
          x = v128.load32_splat(a0); a0 += aStep; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
          x = v128.load32_splat(a1); a1 += aStep; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
          x = v128.load32_splat(a2); a2 += aStep; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
          x = v128.load32_splat(a3); a3 += aStep; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
          if (a0 == end) break;
          b0 = v128.load(q); b1 = v128.load(q, 16); q += bStep;
          x = v128.load32_splat(a0); a0 += aStep; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
          x = v128.load32_splat(a1); a1 += aStep; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
          x = v128.load32_splat(a2); a2 += aStep; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
          x = v128.load32_splat(a3); a3 += aStep; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
          if (a0 == end) break;
          b0 = v128.load(q); b1 = v128.load(q, 16); q += bStep;
          x = v128.load32_splat(a0); a0 += aStep; s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
          x = v128.load32_splat(a1); a1 += aStep; s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
          x = v128.load32_splat(a2); a2 += aStep; s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
          x = v128.load32_splat(a3); a3 += aStep; s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
          if (a0 == end) break;
        }
        aRow += aLine;
        bRow += bLine;
      }
      aFirst += aImage;
      bFirst += bImage;
    }
    if (flags & CLAMP) {
      const lows = f32x4.splat(low), highs = f32x4.splat(high);
      s00 = f32x4.pmin(f32x4.pmax(s00, lows), highs); s01 = f32x4.pmin(f32x4.pmax(s01, lows), highs);
      s10 = f32x4.pmin(f32x4.pmax(s10, lows), highs); s11 = f32x4.pmin(f32x4.pmax(s11, lows), highs);
      s20 = f32x4.pmin(f32x4.pmax(s20, lows), highs); s21 = f32x4.pmin(f32x4.pmax(s21, lows), highs);
      s30 = f32x4.pmin(f32x4.pmax(s30, lows), highs); s31 = f32x4.pmin(f32x4.pmax(s31, lows), highs);
    }
    v128.store(o0, s00); v128.store(o0, s01, 16);
    v128.store(o1, s10); v128.store(o1, s11, 16);
    v128.store(o2, s20); v128.store(o2, s21, 16);
    v128.store(o3, s30); v128.store(o3, s31, 16);
    if (columns != TILE_COLUMNS) copyEdge(out, shift, columns, edge, false);
    a += aTile;
    out += 16;
  }
}
