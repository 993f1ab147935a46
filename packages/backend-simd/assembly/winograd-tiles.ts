// The register tiles of Winograd convolutions: small matrix products whose operands were packed for
// them. Panels are twelve columns wide, and eight where twelve do not fit; a group is six rows.
//
// One loop a function, left by `break`: V8 unrolls a loop nested in another, moves its arithmetic
// together and spills, which costs half the speed.

import { madd } from './simd';

/** Rows that are packed together. */
export const GROUP = 6;

/** Width of the next panel where `left` columns (a multiple of four) are to come. */
// @ts-ignore: decorator
@inline
export function panelWidth(left: i32): i32 {
  return left > 16 || left == 12 ? 12 : 8;
}

/** Columns of all panels together: no less than `columns`. */
export function panelColumns(columns: i32): i32 {
  let begin = 0;
  while (begin < columns) begin += panelWidth(roundUp(columns - begin, 4));
  return begin;
}

// @ts-ignore: decorator
@inline
export function roundUp(value: i32, multiple: i32): i32 {
  return (value + multiple - 1) / multiple * multiple;
}

/**
 * out[6][width] = sum over channels c of left[c / 4][6][c % 4] * panel[c][width].
 *
 * @param channels a positive multiple of four.
 */
export function multiplyGroup(width: i32, left: usize, panel: usize, out: usize, channels: i32): void {
  if (width == 8) return multiply6x8(left, panel, out, channels);
  multiply3x12(left, panel, out, channels);
  multiply3x12(left + 48, panel, out + 144, channels);
}

/**
 * out[6][width] += sum over steps of left[step][0..6) * panel[step][width].
 *
 * @param leftStep bytes from a step's six floats to the next step's.
 */
export function accumulateGroup(width: i32, left: usize, leftStep: usize, panel: usize, out: usize, steps: i32): void {
  if (width == 8) return accumulate6x8(left, leftStep, panel, out, steps);
  accumulate3x12(left, leftStep, panel, out, steps);
  accumulate3x12(left + 12, leftStep, panel, out + 144, steps);
}

function multiply6x8(p: usize, q: usize, out: usize, channels: i32): void {
  const end = q + (<usize>channels << 5);
  const zero = f32x4.splat(0);
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero;
  let s30 = zero, s31 = zero, s40 = zero, s41 = zero, s50 = zero, s51 = zero;
  let b0: v128, b1: v128, x: v128;
  while (true) {
    b0 = v128.load(q); b1 = v128.load(q, 16);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
    x = v128.load32_splat(p, 16); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
    x = v128.load32_splat(p, 32); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
    x = v128.load32_splat(p, 48); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
    x = v128.load32_splat(p, 64); s40 = madd(x, b0, s40); s41 = madd(x, b1, s41);
    x = v128.load32_splat(p, 80); s50 = madd(x, b0, s50); s51 = madd(x, b1, s51);
    q += 32; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16);
    x = v128.load32_splat(p, 4); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
    x = v128.load32_splat(p, 20); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
    x = v128.load32_splat(p, 36); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
    x = v128.load32_splat(p, 52); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
    x = v128.load32_splat(p, 68); s40 = madd(x, b0, s40); s41 = madd(x, b1, s41);
    x = v128.load32_splat(p, 84); s50 = madd(x, b0, s50); s51 = madd(x, b1, s51);
    q += 32; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16);
    x = v128.load32_splat(p, 8); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
    x = v128.load32_splat(p, 24); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
    x = v128.load32_splat(p, 40); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
    x = v128.load32_splat(p, 56); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
    x = v128.load32_splat(p, 72); s40 = madd(x, b0, s40); s41 = madd(x, b1, s41);
    x = v128.load32_splat(p, 88); s50 = madd(x, b0, s50); s51 = madd(x, b1, s51);
    q += 32; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16);
    x = v128.load32_splat(p, 12); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
    x = v128.load32_splat(p, 28); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
    x = v128.load32_splat(p, 44); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
    x = v128.load32_splat(p, 60); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
    x = v128.load32_splat(p, 76); s40 = madd(x, b0, s40); s41 = madd(x, b1, s41);
    x = v128.load32_splat(p, 92); s50 = madd(x, b0, s50); s51 = madd(x, b1, s51);
    p += 96;
    q += 32; if (q == end) break;
  }
  v128.store(out, s00); v128.store(out, s01, 16);
  v128.store(out, s10, 32); v128.store(out, s11, 48);
  v128.store(out, s20, 64); v128.store(out, s21, 80);
  v128.store(out, s30, 96); v128.store(out, s31, 112);
  v128.store(out, s40, 128); v128.store(out, s41, 144);
  v128.store(out, s50, 160); v128.store(out, s51, 176);
}

function multiply3x12(p: usize, q: usize, out: usize, channels: i32): void {
  const end = q + <usize>channels * 48;
  const zero = f32x4.splat(0);
  let s00 = zero, s01 = zero, s02 = zero, s10 = zero, s11 = zero, s12 = zero, s20 = zero, s21 = zero, s22 = zero;
  let b0: v128, b1: v128, b2: v128, x: v128;
  while (true) {
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 16); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 32); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    q += 48; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p, 4); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 20); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 36); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    q += 48; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p, 8); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 24); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 40); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    q += 48; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p, 12); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 28); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 44); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    p += 96;
    q += 48; if (q == end) break;
  }
  v128.store(out, s00); v128.store(out, s01, 16); v128.store(out, s02, 32);
  v128.store(out, s10, 48); v128.store(out, s11, 64); v128.store(out, s12, 80);
  v128.store(out, s20, 96); v128.store(out, s21, 112); v128.store(out, s22, 128);
}

function accumulate6x8(p: usize, step: usize, q: usize, out: usize, steps: i32): void {
  const end = q + (<usize>steps << 5);
  let s00 = v128.load(out), s01 = v128.load(out, 16), s10 = v128.load(out, 32), s11 = v128.load(out, 48);
  let s20 = v128.load(out, 64), s21 = v128.load(out, 80), s30 = v128.load(out, 96), s31 = v128.load(out, 112);
  let s40 = v128.load(out, 128), s41 = v128.load(out, 144), s50 = v128.load(out, 160), s51 = v128.load(out, 176);
  let b0: v128, b1: v128, x: v128;
  while (true) {
    b0 = v128.load(q); b1 = v128.load(q, 16);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
    x = v128.load32_splat(p, 4); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
    x = v128.load32_splat(p, 8); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
    x = v128.load32_splat(p, 12); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
    x = v128.load32_splat(p, 16); s40 = madd(x, b0, s40); s41 = madd(x, b1, s41);
    x = v128.load32_splat(p, 20); s50 = madd(x, b0, s50); s51 = madd(x, b1, s51);
    p += step;
    q += 32; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
    x = v128.load32_splat(p, 4); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
    x = v128.load32_splat(p, 8); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
    x = v128.load32_splat(p, 12); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
    x = v128.load32_splat(p, 16); s40 = madd(x, b0, s40); s41 = madd(x, b1, s41);
    x = v128.load32_splat(p, 20); s50 = madd(x, b0, s50); s51 = madd(x, b1, s51);
    p += step;
    q += 32; if (q == end) break;
  }
  v128.store(out, s00); v128.store(out, s01, 16);
  v128.store(out, s10, 32); v128.store(out, s11, 48);
  v128.store(out, s20, 64); v128.store(out, s21, 80);
  v128.store(out, s30, 96); v128.store(out, s31, 112);
  v128.store(out, s40, 128); v128.store(out, s41, 144);
  v128.store(out, s50, 160); v128.store(out, s51, 176);
}

function accumulate3x12(p: usize, step: usize, q: usize, out: usize, steps: i32): void {
  const end = q + <usize>steps * 48;
  let s00 = v128.load(out), s01 = v128.load(out, 16), s02 = v128.load(out, 32);
  let s10 = v128.load(out, 48), s11 = v128.load(out, 64), s12 = v128.load(out, 80);
  let s20 = v128.load(out, 96), s21 = v128.load(out, 112), s22 = v128.load(out, 128);
  let b0: v128, b1: v128, b2: v128, x: v128;
  while (true) {
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 4); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 8); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    p += step;
    q += 48; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 4); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 8); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    p += step;
    q += 48; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 4); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 8); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    p += step;
    q += 48; if (q == end) break;
    b0 = v128.load(q); b1 = v128.load(q, 16); b2 = v128.load(q, 32);
    x = v128.load32_splat(p); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01); s02 = madd(x, b2, s02);
    x = v128.load32_splat(p, 4); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11); s12 = madd(x, b2, s12);
    x = v128.load32_splat(p, 8); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21); s22 = madd(x, b2, s22);
    p += step;
    q += 48; if (q == end) break;
  }
  v128.store(out, s00); v128.store(out, s01, 16); v128.store(out, s02, 32);
  v128.store(out, s10, 48); v128.store(out, s11, 64); v128.store(out, s12, 80);
  v128.store(out, s20, 96); v128.store(out, s21, 112); v128.store(out, s22, 128);
}
