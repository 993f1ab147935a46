// Copies of operands in the order in which the tiles read them.

import { TILE_COLUMNS, TILE_ROWS } from './matmul-tile';

/** Floats between the starts of two packed rows in a panel. */
const WIDTH = TILE_COLUMNS;

/** How many panels cover n columns. */
// @ts-ignore: decorator
@inline
export function panels(n: i32): i32 {
  return (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
}

/**
 * Packs a right operand of `k` rows and `n` columns, stored row by row, into panels of eight
 * columns: target[panel][row][0..8), missing columns zero.
 *
 * @param stride floats between two rows of the source.
 * @param panelBytes bytes between the starts of two panels.
 */
export function packRight(
  source: usize, stride: i32, k: i32, n: i32, target: usize, panelBytes: usize,
): void {
  const step = <usize>stride << 2;
  for (let column = 0; column < n; column += WIDTH) {
    const columns = min(WIDTH, n - column);
    let from = source + (<usize>column << 2);
    let to = target;
    if (columns == WIDTH) {
      for (let row = 0; row < k; row++) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        from += step;
        to += WIDTH << 2;
      }
    } else {
      for (let row = 0; row < k; row++) {
        v128.store(to, f32x4.splat(0));
        v128.store(to, f32x4.splat(0), 16);
        for (let i = 0; i < columns; i++) store<f32>(to + (i << 2), load<f32>(from + (i << 2)));
        from += step;
        to += WIDTH << 2;
      }
    }
    target += panelBytes;
  }
}

/** As `packRight`, for a right operand stored transposed: `n` rows of `k` floats. */
export function packRightTransposed(
  source: usize, stride: i32, k: i32, n: i32, target: usize, panelBytes: usize,
): void {
  const step = <usize>stride << 2;
  for (let column = 0; column < n; column += WIDTH) {
    const columns = min(WIDTH, n - column);
    const from = source + step * column;
    let row = 0;
    if (columns == WIDTH) {
      let to = target;
      let upper = from, lower = from + step * 4;
      for (; row + 4 <= k; row += 4) {
        transpose(upper, step, to);
        transpose(lower, step, to + 16);
        upper += 16;
        lower += 16;
        to += WIDTH << 4;
      }
    }
    for (; row < k; row++) {
      const to = target + (<usize>row << 5);
      for (let i = 0; i < WIDTH; i++) {
        const value: f32 = i < columns ? load<f32>(from + step * i + (row << 2)) : 0;
        store<f32>(to + (i << 2), value);
      }
    }
    target += panelBytes;
  }
}

/** Four rows of four floats, `step` bytes apart, to four columns, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transpose(from: usize, step: usize, to: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + step);
  const r2 = v128.load(from + step * 2);
  const r3 = v128.load(from + step * 3);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}

/**
 * Packs a left operand stored transposed (`k` rows of `m` floats) into strips of four:
 * target[strip][row][0..4), missing ones zero.
 */
export function packLeftTransposed(source: usize, stride: i32, k: i32, m: i32, target: usize): void {
  const step = <usize>stride << 2;
  for (let column = 0; column < m; column += TILE_ROWS) {
    let from = source + (<usize>column << 2);
    const columns = min(TILE_ROWS, m - column);
    if (columns == TILE_ROWS) {
      for (let row = 0; row < k; row++) {
        v128.store(target, v128.load(from));
        from += step;
        target += 16;
      }
    } else {
      for (let row = 0; row < k; row++) {
        v128.store(target, f32x4.splat(0));
        for (let i = 0; i < columns; i++) store<f32>(target + (i << 2), load<f32>(from + (i << 2)));
        from += step;
        target += 16;
      }
    }
  }
}
