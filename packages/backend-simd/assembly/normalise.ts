// Normalisation over rows: softmax, and batch normalisation with given statistics.
import { addToTotals, madd, sumLanes } from './simd';
import { exp, splat } from './vector-math';

/** The greatest number of a row; what is not a number spoils the sum of the exponentials anyway. */
function rowMaximum(x: usize, length: usize): f32 {
  const end = x + length;
  let best = v128.load32_splat(x);
  let b = best, c = best, d = best;
  for (; x + 64 <= end; x += 64) {
    best = f32x4.pmax(best, v128.load(x));
    b = f32x4.pmax(b, v128.load(x, 16));
    c = f32x4.pmax(c, v128.load(x, 32));
    d = f32x4.pmax(d, v128.load(x, 48));
  }
  for (; x + 16 <= end; x += 16) best = f32x4.pmax(best, v128.load(x));
  for (; x < end; x += 4) best = f32x4.pmax(best, v128.load32_splat(x));
  best = f32x4.pmax(f32x4.pmax(best, b), f32x4.pmax(c, d));
  best = f32x4.pmax(best, i32x4.shuffle(best, best, 2, 3, 0, 1));
  best = f32x4.pmax(best, i32x4.shuffle(best, best, 1, 0, 3, 2));
  return f32x4.extract_lane(best, 0);
}

/** exp(x - shift) of each element into `out`; returns the sum. */
function exponentials(x: usize, out: usize, length: usize, shift: f32): f32 {
  const end = out + length;
  const offset = splat(shift);
  let s0 = splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; out + 64 <= end; out += 64, x += 64) {
    const a = exp(f32x4.sub(v128.load(x), offset));
    const b = exp(f32x4.sub(v128.load(x, 16), offset));
    const c = exp(f32x4.sub(v128.load(x, 32), offset));
    const d = exp(f32x4.sub(v128.load(x, 48), offset));
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    s0 = f32x4.add(s0, a);
    s1 = f32x4.add(s1, b);
    s2 = f32x4.add(s2, c);
    s3 = f32x4.add(s3, d);
  }
  for (; out + 16 <= end; out += 16, x += 16) {
    const e = exp(f32x4.sub(v128.load(x), offset));
    v128.store(out, e);
    s0 = f32x4.add(s0, e);
  }
  let total = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; out < end; out += 4, x += 4) {
    const e = exp(f32x4.sub(v128.load32_splat(x), offset));
    v128.store32_lane(out, e, 0);
    total += f32x4.extract_lane(e, 0);
  }
  return total;
}

export function softmax(x: usize, out: usize, rows: i32, columns: i32): void {
  const length = <usize>columns << 2;
  for (let row = 0; row < rows; row++, x += length) {
    const total = exponentials(x, out, length, rowMaximum(x, length));
    const end = out + length;
    const scale: f32 = 1 / total;
    const scales = splat(scale);
    for (; out + 32 <= end; out += 32) {
      v128.store(out, f32x4.mul(v128.load(out), scales));
      v128.store(out, f32x4.mul(v128.load(out, 16), scales), 16);
    }
    for (; out < end; out += 4) store<f32>(out, load<f32>(out) * scale);
  }
}

/** scale / sqrt(variance + epsilon) for each channel; `scale` 0 stands for ones. */
export function batchNormFactors(
  variance: usize, scale: usize, out: usize, channels: i32, epsilon: f32,
): void {
  const end = out + (<usize>channels << 2);
  for (; out < end; out += 4, variance += 4) {
    let numerator: f32 = 1;
    if (scale) {
      numerator = load<f32>(scale);
      scale += 4;
    }
    store<f32>(out, numerator / sqrt(load<f32>(variance) + epsilon));
  }
}

/** (x - mean) * factor + offset for rows of `channels` numbers; `offset` 0 stands for zeros. */
export function batchNorm(
  x: usize, mean: usize, factor: usize, offset: usize, out: usize, rows: i32, channels: i32,
): void {
  const length = <usize>channels << 2;
  for (let row = 0; row < rows; row++, x += length, out += length) {
    let channel: usize = 0;
    for (; channel + 16 <= length; channel += 16) {
      const centred = f32x4.sub(v128.load(x + channel), v128.load(mean + channel));
      const shift = offset ? v128.load(offset + channel) : splat(0);
      v128.store(out + channel, madd(centred, v128.load(factor + channel), shift));
    }
    for (; channel < length; channel += 4) {
      const centred = f32x4.sub(v128.load32_splat(x + channel), v128.load32_splat(mean + channel));
      const shift = offset ? v128.load32_splat(offset + channel) : splat(0);
      v128.store32_lane(out + channel, madd(centred, v128.load32_splat(factor + channel), shift), 0);
    }
  }
}

/** Rows whose sums are kept in single precision, before they are added in double precision. */
// @ts-ignore: decorator
@inline
const BLOCK_ROWS: i32 = 64;

/**
 * For rows of `channels` numbers, the sums of dy of each channel into as many doubles, followed by
 * those of dy * (x - mean).
 */
export function batchNormSums(
  dy: usize, x: usize, mean: usize, totals: usize, rows: i32, channels: i32,
): void {
  sumsOfRows(false, dy, x, mean, totals, rows, channels);
}

/** The same with x - mean for dy: its sums, followed by those of its square. */
export function centeredSums(x: usize, mean: usize, totals: usize, rows: i32, channels: i32): void {
  sumsOfRows(true, x, x, mean, totals, rows, channels);
}

// @ts-ignore: decorator
@inline
function sumsOfRows(
  squared: bool, dy: usize, x: usize, mean: usize, totals: usize, rows: i32, channels: i32,
): void {
  const stride = <usize>channels << 2;
  const moments = totals + (stride << 1);
  memory.fill(totals, 0, stride << 2);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - start);
    let at: usize = 0;
    for (; at + 32 <= stride; at += 32) {
      let s0 = splat(0), s1 = s0, m0 = s0, m1 = s0;
      const c0 = v128.load(mean + at), c1 = v128.load(mean + at, 16);
      let gradient = dy + at, value = x + at;
      for (let row = 0; row < count; row++, gradient += stride, value += stride) {
        const v0 = f32x4.sub(v128.load(value), c0), v1 = f32x4.sub(v128.load(value, 16), c1);
        const g0 = squared ? v0 : v128.load(gradient), g1 = squared ? v1 : v128.load(gradient, 16);
        s0 = f32x4.add(s0, g0);
        s1 = f32x4.add(s1, g1);
        m0 = madd(g0, v0, m0);
        m1 = madd(g1, v1, m1);
      }
      const sums = totals + (at << 1), products = moments + (at << 1);
      addToTotals(sums, s0);
      addToTotals(sums + 32, s1);
      addToTotals(products, m0);
      addToTotals(products + 32, m1);
    }
    for (; at < stride; at += 4) {
      const centre = load<f32>(mean + at);
      let sum: f64 = 0, moment: f64 = 0;
      let gradient = dy + at, value = x + at;
      for (let row = 0; row < count; row++, gradient += stride, value += stride) {
        const v = load<f32>(value) - centre;
        const g = squared ? v : load<f32>(gradient);
        sum += <f64>g;
        moment += <f64>(g * v);
      }
      const place = at << 1;
      store<f64>(totals + place, load<f64>(totals + place) + sum);
      store<f64>(moments + place, load<f64>(moments + place) + moment);
    }
    dy += <usize>count * stride;
    x += <usize>count * stride;
  }
}

/** dy * factor + (x - mean) * slope + offset for rows of `channels` numbers; `offset` 0 stands for zeros. */
export function combineRows(
  dy: usize, factor: usize, x: usize, mean: usize, slope: usize, offset: usize, out: usize, rows: i32, channels: i32,
): void {
  const length = <usize>channels << 2;
  for (let row = 0; row < rows; row++, dy += length, x += length, out += length) {
    let at: usize = 0;
    for (; at + 16 <= length; at += 16) {
      const shift = offset ? v128.load(offset + at) : splat(0);
      const centered = f32x4.sub(v128.load(x + at), v128.load(mean + at));
      const second = madd(centered, v128.load(slope + at), shift);
      v128.store(out + at, madd(v128.load(dy + at), v128.load(factor + at), second));
    }
    for (; at < length; at += 4) {
      const shift = offset ? v128.load32_splat(offset + at) : splat(0);
      const centered = f32x4.sub(v128.load32_splat(x + at), v128.load32_splat(mean + at));
      const second = madd(centered, v128.load32_splat(slope + at), shift);
      v128.store32_lane(out + at, madd(v128.load32_splat(dy + at), v128.load32_splat(factor + at), second), 0);
    }
  }
}
