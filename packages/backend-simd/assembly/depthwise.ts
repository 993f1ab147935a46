// Depthwise convolution (each channel with a filter of its own) and its gradients, channels last.
// Several outputs a channel are computed on a copy of the input with each channel repeated.

import { madd, maddScalar } from './simd';
import { CLAMP } from './matmul-tile';

/** Bytes of scratch for the taps of one position. */
export function depthwiseScratch(taps: i32): usize {
  return <usize>taps << 3;
}

/** out[c] = bias + sum over a list of pairs of pointers of left[c] * right[c]. */
// @ts-ignore: decorator
@inline
function sumOfProducts(
  list: usize, count: i32, channels: i32, out: usize, bias: usize, flags: i32, low: f32, high: f32,
): void {
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  const end = list + (<usize>count << 3);
  const bytes = <usize>channels << 2;
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    let s0 = f32x4.splat(0), s1 = s0;
    if (bias != 0) {
      s0 = v128.load(bias + at);
      s1 = v128.load(bias + at, 16);
    }
    for (let pair = list; pair < end; pair += 8) {
      const left = <usize>load<u32>(pair) + at, right = <usize>load<u32>(pair, 4) + at;
      s0 = madd(v128.load(left), v128.load(right), s0);
      s1 = madd(v128.load(left, 16), v128.load(right, 16), s1);
    }
    if (flags & CLAMP) {
      s0 = f32x4.pmin(f32x4.pmax(s0, lows), highs);
      s1 = f32x4.pmin(f32x4.pmax(s1, lows), highs);
    }
    v128.store(out + at, s0);
    v128.store(out + at, s1, 16);
  }
  for (; at < bytes; at += 4) {
    let sum: f32 = bias != 0 ? load<f32>(bias + at) : 0;
    for (let pair = list; pair < end; pair += 8) {
      const left = <usize>load<u32>(pair) + at, right = <usize>load<u32>(pair, 4) + at;
      sum = maddScalar(load<f32>(left), load<f32>(right), sum);
    }
    if (flags & CLAMP) sum = sum < low ? low : sum > high ? high : sum;
    store<f32>(out + at, sum);
  }
}

/**
 * out[position][c] = bias[c] + sum over taps of x[tap][c] * filter[tap][c].
 *
 * @param begin,end output rows to compute, counted over all images.
 * @param list scratch of `depthwiseScratch` bytes.
 */
export function depthwise(
  x: usize, height: i32, width: i32, channels: i32, filter: usize, filterRows: i32, filterColumns: i32,
  out: usize, outHeight: i32, outWidth: i32, strideRow: i32, strideColumn: i32,
  padTop: i32, padLeft: i32, dilationRow: i32, dilationColumn: i32,
  bias: usize, flags: i32, low: f32, high: f32, begin: i32, end: i32, list: usize,
): void {
  const pixelBytes = <usize>channels << 2;
  let to = out + <usize>(begin * outWidth) * pixelBytes;
  for (let line = begin; line < end; line++) {
    const top = line % outHeight * strideRow - padTop;
    const picture = x + <usize>(line / outHeight * height * width) * pixelBytes;
    for (let outColumn = 0; outColumn < outWidth; outColumn++) {
      const left = outColumn * strideColumn - padLeft;
      let pair = list;
      for (let i = 0; i < filterRows; i++) {
        const row = top + i * dilationRow;
        if (<u32>row >= <u32>height) continue;
        for (let j = 0; j < filterColumns; j++) {
          const column = left + j * dilationColumn;
          if (<u32>column >= <u32>width) continue;
          store<u32>(pair, <u32>(picture + <usize>(row * width + column) * pixelBytes));
          store<u32>(pair, <u32>(filter + <usize>(i * filterColumns + j) * pixelBytes), 4);
          pair += 8;
        }
      }
      sumOfProducts(list, <i32>(pair - list) >> 3, channels, to, bias, flags, low, high);
      to += pixelBytes;
    }
  }
}

/** The gradient of the input of `depthwise`. Computes input rows `begin` to `end` over all images. */
export function depthwiseInputGradient(
  gradient: usize, height: i32, width: i32, channels: i32,
  filter: usize, filterRows: i32, filterColumns: i32,
  out: usize, outHeight: i32, outWidth: i32, strideRow: i32, strideColumn: i32,
  padTop: i32, padLeft: i32, dilationRow: i32, dilationColumn: i32,
  begin: i32, end: i32, list: usize,
): void {
  const pixelBytes = <usize>channels << 2;
  let to = gradient + <usize>(begin * width) * pixelBytes;
  for (let line = begin; line < end; line++) {
    const row = line % height;
    const outPicture = out + <usize>(line / height * outHeight * outWidth) * pixelBytes;
    for (let column = 0; column < width; column++) {
      let pair = list;
      for (let i = 0; i < filterRows; i++) {
        const rowSteps = row + padTop - i * dilationRow;
        if (rowSteps < 0 || rowSteps % strideRow != 0) continue;
        const outRow = rowSteps / strideRow;
        if (outRow >= outHeight) continue;
        for (let j = 0; j < filterColumns; j++) {
          const columnSteps = column + padLeft - j * dilationColumn;
          if (columnSteps < 0 || columnSteps % strideColumn != 0) continue;
          const outColumn = columnSteps / strideColumn;
          if (outColumn >= outWidth) continue;
          store<u32>(pair, <u32>(outPicture + <usize>(outRow * outWidth + outColumn) * pixelBytes));
          store<u32>(pair, <u32>(filter + <usize>(i * filterColumns + j) * pixelBytes), 4);
          pair += 8;
        }
      }
      sumOfProducts(list, <i32>(pair - list) >> 3, channels, to, 0, 0, 0, 0);
      to += pixelBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

// @ts-ignore: decorator
@inline
function endInside(offset: i32, stride: i32, size: i32): i32 {
  return size <= offset ? 0 : (size - offset + stride - 1) / stride;
}

/**
 * The gradient of the filter of `depthwise`, added to what `gradient` holds.
 *
 * @param begin,end channels to compute.
 */
export function depthwiseFilterGradient(
  x: usize, images: i32, height: i32, width: i32, channels: i32,
  gradient: usize, filterRows: i32, filterColumns: i32,
  out: usize, outHeight: i32, outWidth: i32, strideRow: i32, strideColumn: i32,
  padTop: i32, padLeft: i32, dilationRow: i32, dilationColumn: i32, begin: i32, end: i32,
): void {
  const pixelBytes = <usize>channels << 2;
  const step = <usize>strideColumn * pixelBytes;
  for (let line = 0; line < images * outHeight; line++) {
    const top = line % outHeight * strideRow - padTop;
    const picture = x + <usize>(line / outHeight * height * width) * pixelBytes;
    const outLine = out + <usize>(line * outWidth) * pixelBytes;
    for (let i = 0; i < filterRows; i++) {
      const row = top + i * dilationRow;
      if (<u32>row >= <u32>height) continue;
      for (let j = 0; j < filterColumns; j++) {
        const offset = j * dilationColumn - padLeft;
        const first = firstInside(offset, strideColumn);
        const count = min(outWidth, endInside(offset, strideColumn, width)) - first;
        if (count <= 0) continue;
        const left = picture + <usize>(row * width + first * strideColumn + offset) * pixelBytes;
        const right = outLine + <usize>first * pixelBytes;
        const sums = gradient + <usize>(i * filterColumns + j) * pixelBytes;
        let channel = begin;
        for (; channel + 8 <= end; channel += 8) {
          const at = <usize>channel << 2;
          let a = left + at, b = right + at;
          let s0 = v128.load(sums + at), s1 = v128.load(sums + at, 16);
          for (let k = 0; k < count; k++) {
            s0 = madd(v128.load(a), v128.load(b), s0);
            s1 = madd(v128.load(a, 16), v128.load(b, 16), s1);
            a += step;
            b += pixelBytes;
          }
          v128.store(sums + at, s0);
          v128.store(sums + at, s1, 16);
        }
        for (; channel < end; channel++) {
          const at = <usize>channel << 2;
          let a = left + at, b = right + at;
          let sum = load<f32>(sums + at);
          for (let k = 0; k < count; k++) {
            sum = maddScalar(load<f32>(a), load<f32>(b), sum);
            a += step;
            b += pixelBytes;
          }
          store<f32>(sums + at, sum);
        }
      }
    }
  }
}

/** target[pixel][c * times + i] = source[pixel][c]. */
export function repeatChannels(source: usize, pixels: i32, channels: i32, times: i32, target: usize): void {
  for (let i = 0; i < pixels * channels; i++) {
    const value = load<f32>(source + (<usize>i << 2));
    for (let j = 0; j < times; j++) {
      store<f32>(target, value);
      target += 4;
    }
  }
}

/** target[pixel][c] = sum over i of source[pixel][c * times + i]. */
export function sumChannels(source: usize, pixels: i32, channels: i32, times: i32, target: usize): void {
  for (let i = 0; i < pixels * channels; i++) {
    let sum: f32 = 0;
    for (let j = 0; j < times; j++) {
      sum += load<f32>(source);
      source += 4;
    }
    store<f32>(target + (<usize>i << 2), sum);
  }
}
