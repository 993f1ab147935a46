// Pooling over windows of a picture stored row by row, channels last, and its gradients.

import { multiplyStep, stepOf } from './activation-gradient';
import { madd } from './simd';

// @ts-ignore: decorator
@inline
const LOWEST: f32 = -Infinity;

/**
 * The maximum of each window, NaN left out; -Infinity where there is nothing else. Computes the
 * output rows `begin` to `end`, counted over all images.
 */
export function maxPool(
  x: usize, height: i32, width: i32, channels: i32, out: usize, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideRow: i32, strideColumn: i32, padTop: i32, padLeft: i32,
  begin: i32, end: i32,
): void {
  const pixelBytes = <usize>channels << 2;
  const lineBytes = <usize>width * pixelBytes;
  const lowest = f32x4.splat(LOWEST);
  let to = out + <usize>begin * outWidth * pixelBytes;
  for (let line = begin; line < end; line++) {
    const top = line % outHeight * strideRow - padTop;
    const rowBegin = max(0, top), rowEnd = min(height, top + windowHeight);
    const picture = x + <usize>(line / outHeight * height) * lineBytes;
    for (let outColumn = 0; outColumn < outWidth; outColumn++) {
      const left = outColumn * strideColumn - padLeft;
      const columnBegin = max(0, left), columnEnd = min(width, left + windowWidth);
      const rows = rowEnd - rowBegin, columns = columnEnd - columnBegin;
      let from = picture + <usize>rowBegin * lineBytes + <usize>columnBegin * pixelBytes;
      let channel = 0;
      if (rows == 2 && columns == 2) {
        let below = from + lineBytes;
        for (; channel + 4 <= channels; channel += 4) {
          let best = f32x4.pmax(lowest, v128.load(from));
          best = f32x4.pmax(best, v128.load(from + pixelBytes));
          best = f32x4.pmax(best, v128.load(below));
          v128.store(to, f32x4.pmax(best, v128.load(below + pixelBytes)));
          from += 16; below += 16; to += 16;
        }
      }
      for (; channel + 4 <= channels; channel += 4) {
        let best = lowest;
        let first = from;
        for (let row = 0; row < rows; row++) {
          let at = first;
          for (let column = 0; column < columns; column++) {
            best = f32x4.pmax(best, v128.load(at));
            at += pixelBytes;
          }
          first += lineBytes;
        }
        v128.store(to, best);
        from += 16; to += 16;
      }
      for (; channel < channels; channel++) {
        let best: f32 = LOWEST;
        let first = from;
        for (let row = 0; row < rows; row++) {
          let at = first;
          for (let column = 0; column < columns; column++) {
            const value = load<f32>(at);
            if (value > best) best = value;
            at += pixelBytes;
          }
          first += lineBytes;
        }
        store<f32>(to, best);
        from += 4; to += 4;
      }
    }
  }
}

/** Multiplies what lies at `offset` from `x` with the step of x. */
function multiplyByStep(x: usize, offset: usize, length: usize, low: f32): void {
  const end = x + length;
  const whole = length & ~15;
  multiplyStep(x + offset, x, x + offset, <i32>(whole >> 2), low);
  for (let at = x + whole; at < end; at += 4) {
    const step = stepOf(v128.load32_splat(at), low);
    store<f32>(at + offset, load<f32>(at + offset) * f32x4.extract_lane(step, 0));
  }
}

/** Zeros at `offset` from `x`; times the step of x if `stepped`, which is NaN where x is. */
function clear(x: usize, offset: usize, length: usize, stepped: bool, low: f32): void {
  memory.fill(x + offset, 0, length);
  if (stepped) multiplyByStep(x, offset, length, low);
}

/** Gives a gradient to the first greatest of the four elements of a window; `offset` leads there. */
// @ts-ignore: decorator
@inline
function giveToGreatest(
  value: v128, from: usize, below: usize, pixelBytes: usize, offset: usize, stepped: bool, low: f32,
): void {
  const lowest = f32x4.splat(LOWEST);
  const x0 = v128.load(from), x1 = v128.load(from + pixelBytes);
  const x2 = v128.load(below), x3 = v128.load(below + pixelBytes);
  const is0 = f32x4.gt(x0, lowest);
  let best = f32x4.pmax(lowest, x0);
  const is1 = f32x4.gt(x1, best);
  best = f32x4.pmax(best, x1);
  const is2 = f32x4.gt(x2, best);
  best = f32x4.pmax(best, x2);
  const is3 = f32x4.gt(x3, best);
  const from2 = v128.or(is2, is3), from1 = v128.or(is1, from2);
  let g0 = v128.andnot(v128.and(value, is0), from1);
  let g1 = v128.andnot(v128.and(value, is1), from2);
  let g2 = v128.andnot(v128.and(value, is2), is3);
  let g3 = v128.and(value, is3);
  if (stepped) {
    g0 = f32x4.mul(g0, stepOf(x0, low));
    g1 = f32x4.mul(g1, stepOf(x1, low));
    g2 = f32x4.mul(g2, stepOf(x2, low));
    g3 = f32x4.mul(g3, stepOf(x3, low));
  }
  v128.store(from + offset, g0);
  v128.store(from + pixelBytes + offset, g1);
  v128.store(below + offset, g2);
  v128.store(below + pixelBytes + offset, g3);
}

/**
 * Gives each output's gradient to the first greatest element of its window; to none where the window
 * has nothing above -Infinity. Computes the images `begin` to `end`.
 *
 * @param stepped whether to multiply the gradient with the step of `x`, `low` where that is not
 *   positive: the gradient of a relu whose output `x` is.
 */
export function maxPoolGradient(
  x: usize, gradient: usize, height: i32, width: i32, channels: i32,
  out: usize, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideRow: i32, strideColumn: i32, padTop: i32, padLeft: i32,
  stepped: bool, low: f32, begin: i32, end: i32,
): void {
  const pixelBytes = <usize>channels << 2;
  const lineBytes = <usize>width * pixelBytes;
  const imageBytes = <usize>height * lineBytes;
  const lowest = f32x4.splat(LOWEST);
  const apart = strideRow >= windowHeight && strideColumn >= windowWidth;
  // Windows side by side write every element that they cover: only the rest must be cleared.
  const tiled = apart && windowHeight == 2 && windowWidth == 2 && strideRow == 2 && strideColumn == 2
    && padTop == 0 && padLeft == 0 && channels % 4 == 0
    && outHeight * 2 <= height && outWidth * 2 <= width;
  const covered = <usize>(outWidth * 2) * pixelBytes;
  let dy = out + <usize>(begin * outHeight * outWidth) * pixelBytes;
  for (let image = begin; image < end; image++) {
    const picture = x + <usize>image * imageBytes;
    // From the picture to the same place of its gradient.
    const offset = gradient - x;
    if (!tiled) {
      memory.fill(picture + offset, 0, imageBytes);
    } else {
      const coveredRows = <usize>(outHeight * 2) * lineBytes;
      clear(picture + coveredRows, offset, imageBytes - coveredRows, stepped, low);
    }
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const top = outRow * strideRow - padTop;
      if (tiled && covered < lineBytes) {
        const end = picture + <usize>top * lineBytes + covered;
        clear(end, offset, lineBytes - covered, stepped, low);
        clear(end + lineBytes, offset, lineBytes - covered, stepped, low);
      }
      const rowBegin = max(0, top), rowEnd = min(height, top + windowHeight);
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const left = outColumn * strideColumn - padLeft;
        const columnBegin = max(0, left), columnEnd = min(width, left + windowWidth);
        const rows = rowEnd - rowBegin, columns = columnEnd - columnBegin;
        let from = picture + <usize>rowBegin * lineBytes + <usize>columnBegin * pixelBytes;
        let channel = 0;
        if (apart && rows == 2 && columns == 2) {
          let below = from + lineBytes;
          for (; channel + 4 <= channels; channel += 4) {
            giveToGreatest(v128.load(dy), from, below, pixelBytes, offset, tiled && stepped, low);
            from += 16; below += 16; dy += 16;
          }
        }
        for (; channel + 4 <= channels; channel += 4) {
          let best = lowest, position = i32x4.splat(-1);
          let first = from, index = 0;
          for (let row = 0; row < rows; row++) {
            let at = first;
            for (let column = 0; column < columns; column++) {
              const value = v128.load(at);
              position = v128.bitselect(i32x4.splat(index), position, f32x4.gt(value, best));
              best = f32x4.pmax(best, value);
              index++;
              at += pixelBytes;
            }
            first += lineBytes;
          }
          const value = v128.load(dy);
          first = from + offset;
          index = 0;
          for (let row = 0; row < rows; row++) {
            let at = first;
            for (let column = 0; column < columns; column++) {
              const share = v128.and(value, i32x4.eq(position, i32x4.splat(index)));
              v128.store(at, f32x4.add(v128.load(at), share));
              index++;
              at += pixelBytes;
            }
            first += lineBytes;
          }
          from += 16; dy += 16;
        }
        for (; channel < channels; channel++) {
          let best: f32 = LOWEST;
          let where: usize = 0;
          let first = from;
          for (let row = 0; row < rows; row++) {
            let at = first;
            for (let column = 0; column < columns; column++) {
              const value = load<f32>(at);
              if (value > best) {
                best = value;
                where = at;
              }
              at += pixelBytes;
            }
            first += lineBytes;
          }
          if (where != 0) store<f32>(where + offset, load<f32>(where + offset) + load<f32>(dy));
          from += 4; dy += 4;
        }
      }
    }
    if (stepped && !tiled) multiplyByStep(picture, offset, imageBytes, low);
  }
}

/** Places in a window of 2 x 2: that of the first greatest element; none is greater than -Infinity. */
// @ts-ignore: decorator
@inline
const NO_PLACE: i32 = 4;
/** Set where the window may hold something that is not a number. */
// @ts-ignore: decorator
@inline
const NOT_A_NUMBER: i32 = 8;

/**
 * `maxPool` of windows of 2 x 2 side by side, of a multiple of 4 channels, that remembers where each
 * maximum came from: a byte for each output at `places`.
 */
export function maxPoolPlaces(
  x: usize, height: i32, width: i32, channels: i32, out: usize, outHeight: i32, outWidth: i32,
  places: usize, begin: i32, end: i32,
): void {
  const pixelBytes = <usize>channels << 2;
  const lineBytes = <usize>width * pixelBytes;
  const lowest = f32x4.splat(LOWEST);
  let to = out + <usize>begin * outWidth * pixelBytes;
  let place = places + <usize>begin * outWidth * channels;
  for (let line = begin; line < end; line++) {
    let from = x + <usize>(line / outHeight * height + line % outHeight * 2) * lineBytes;
    for (let outColumn = 0; outColumn < outWidth; outColumn++, from += pixelBytes) {
      for (let channel = 0; channel < channels; channel += 4) {
        const below = from + lineBytes;
        const x0 = v128.load(from), x1 = v128.load(from + pixelBytes);
        const x2 = v128.load(below), x3 = v128.load(below + pixelBytes);
        const is0 = f32x4.gt(x0, lowest);
        let best = f32x4.pmax(lowest, x0);
        const is1 = f32x4.gt(x1, best);
        best = f32x4.pmax(best, x1);
        const is2 = f32x4.gt(x2, best);
        best = f32x4.pmax(best, x2);
        const is3 = f32x4.gt(x3, best);
        v128.store(to, f32x4.pmax(best, x3));
        let code = v128.andnot(i32x4.splat(NO_PLACE), is0);
        code = v128.bitselect(i32x4.splat(1), code, is1);
        code = v128.bitselect(i32x4.splat(2), code, is2);
        code = v128.bitselect(i32x4.splat(3), code, is3);
        const sum = f32x4.add(f32x4.add(x0, x1), f32x4.add(x2, x3));
        code = v128.or(code, v128.and(f32x4.ne(sum, sum), i32x4.splat(NOT_A_NUMBER)));
        const bytes = i8x16.shuffle(code, code, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
        v128.store32_lane(place, bytes, 0);
        from += 16; to += 16; place += 4;
      }
    }
  }
}

/**
 * `maxPoolGradient` with the places that `maxPoolPlaces` has left, of its output `y`; the step is 0
 * where x is not positive.
 */
export function maxPoolPlacesGradient(
  x: usize, gradient: usize, height: i32, width: i32, channels: i32,
  out: usize, outHeight: i32, outWidth: i32, y: usize, places: usize, stepped: bool, begin: i32, end: i32,
): void {
  const pixelBytes = <usize>channels << 2;
  const lineBytes = <usize>width * pixelBytes;
  const imageBytes = <usize>height * lineBytes;
  const covered = <usize>(outWidth * 2) * pixelBytes;
  const offset = gradient - x;
  const first = <usize>(begin * outHeight * outWidth) * pixelBytes;
  let dy = out + first;
  let maximum = y + first;
  let place = places + (first >> 2);
  for (let image = begin; image < end; image++) {
    const picture = x + <usize>image * imageBytes;
    const coveredRows = <usize>(outHeight * 2) * lineBytes;
    clear(picture + coveredRows, offset, imageBytes - coveredRows, stepped, 0);
    for (let outRow = 0; outRow < outHeight; outRow++) {
      let from = picture + <usize>(outRow * 2) * lineBytes;
      if (covered < lineBytes) {
        clear(from + covered, offset, lineBytes - covered, stepped, 0);
        clear(from + lineBytes + covered, offset, lineBytes - covered, stepped, 0);
      }
      for (let outColumn = 0; outColumn < outWidth; outColumn++, from += pixelBytes) {
        for (let channel = 0; channel < channels; channel += 4) {
          const below = from + lineBytes;
          const value = v128.load(dy);
          const codes = v128.load32_zero(place);
          if (i32x4.extract_lane(codes, 0) & (NOT_A_NUMBER * 0x01010101)) {
            giveToGreatest(value, from, below, pixelBytes, offset, stepped, 0);
          } else {
            const code = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(codes));
            // As elsewhere dy * 1 and dy * 0, of which the latter may be NaN.
            const step = v128.and(f32x4.gt(v128.load(maximum), f32x4.splat(0)), f32x4.splat(1));
            const share = stepped ? f32x4.mul(value, step) : value;
            v128.store(from + offset, v128.and(share, i32x4.eq(code, i32x4.splat(0))));
            v128.store(from + pixelBytes + offset, v128.and(share, i32x4.eq(code, i32x4.splat(1))));
            v128.store(below + offset, v128.and(share, i32x4.eq(code, i32x4.splat(2))));
            v128.store(below + pixelBytes + offset, v128.and(share, i32x4.eq(code, i32x4.splat(3))));
          }
          from += 16; dy += 16; maximum += 16; place += 4;
        }
      }
    }
  }
}

/** The mean of what each window has inside of the picture. Computes output rows, as `maxPool`. */
export function averagePool(
  x: usize, height: i32, width: i32, channels: i32, out: usize, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideRow: i32, strideColumn: i32, padTop: i32, padLeft: i32,
  begin: i32, end: i32,
): void {
  const pixelBytes = <usize>channels << 2;
  const lineBytes = <usize>width * pixelBytes;
  let to = out + <usize>begin * outWidth * pixelBytes;
  for (let line = begin; line < end; line++) {
    const top = line % outHeight * strideRow - padTop;
    const rowBegin = max(0, top), rowEnd = min(height, top + windowHeight);
    const picture = x + <usize>(line / outHeight * height) * lineBytes;
    for (let outColumn = 0; outColumn < outWidth; outColumn++) {
      const left = outColumn * strideColumn - padLeft;
      const columnBegin = max(0, left), columnEnd = min(width, left + windowWidth);
      const rows = max(0, rowEnd - rowBegin), columns = max(0, columnEnd - columnBegin);
      const count = <f32>(rows * columns);
      const counts = f32x4.splat(count);
      let from = picture + <usize>rowBegin * lineBytes + <usize>columnBegin * pixelBytes;
      let channel = 0;
      for (; channel + 4 <= channels; channel += 4) {
        let sum = f32x4.splat(0);
        let first = from;
        for (let row = 0; row < rows; row++) {
          let at = first;
          for (let column = 0; column < columns; column++) {
            sum = f32x4.add(sum, v128.load(at));
            at += pixelBytes;
          }
          first += lineBytes;
        }
        v128.store(to, f32x4.div(sum, counts));
        from += 16; to += 16;
      }
      for (; channel < channels; channel++) {
        let sum: f32 = 0;
        let first = from;
        for (let row = 0; row < rows; row++) {
          let at = first;
          for (let column = 0; column < columns; column++) {
            sum += load<f32>(at);
            at += pixelBytes;
          }
          first += lineBytes;
        }
        store<f32>(to, sum / count);
        from += 4; to += 4;
      }
    }
  }
}

/** Adds `share` of each output's gradient to all of its window. Computes images, as `maxPoolGradient`. */
export function averagePoolGradient(
  gradient: usize, height: i32, width: i32, channels: i32, out: usize, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideRow: i32, strideColumn: i32, padTop: i32, padLeft: i32,
  share: f32, begin: i32, end: i32,
): void {
  const pixelBytes = <usize>channels << 2;
  const lineBytes = <usize>width * pixelBytes;
  const imageBytes = <usize>height * lineBytes;
  const shares = f32x4.splat(share);
  let dy = out + <usize>(begin * outHeight * outWidth) * pixelBytes;
  for (let image = begin; image < end; image++) {
    const picture = gradient + <usize>image * imageBytes;
    memory.fill(picture, 0, imageBytes);
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const top = outRow * strideRow - padTop;
      const rowBegin = max(0, top), rowEnd = min(height, top + windowHeight);
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const left = outColumn * strideColumn - padLeft;
        const columnBegin = max(0, left), columnEnd = min(width, left + windowWidth);
        for (let row = rowBegin; row < rowEnd; row++) {
          let to = picture + <usize>row * lineBytes + <usize>columnBegin * pixelBytes;
          for (let column = columnBegin; column < columnEnd; column++) {
            let from = dy;
            let channel = 0;
            for (; channel + 4 <= channels; channel += 4) {
              v128.store(to, madd(v128.load(from), shares, v128.load(to)));
              from += 16; to += 16;
            }
            for (; channel < channels; channel++) {
              store<f32>(to, load<f32>(to) + load<f32>(from) * share);
              from += 4; to += 4;
            }
          }
        }
        dy += pixelBytes;
      }
    }
  }
}
