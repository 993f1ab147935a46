// Copies of pictures in the order in which the convolutions read them.

import { TILE_ROWS } from './matmul-tile';

/**
 * Copies a window of a picture of `channels` floats a pixel, with zeros where it reaches outside.
 *
 * @param top,left first row and column of the window (may be negative).
 */
export function copyPadded(
  picture: usize, height: i32, width: i32, channels: i32,
  top: i32, left: i32, rows: i32, columns: i32, target: usize,
): void {
  const pixelBytes = <usize>channels << 2;
  const first = min(max(0, -left), columns);
  const end = max(first, min(columns, width - left));
  const before = <usize>first * pixelBytes;
  const inside = <usize>(end - first) * pixelBytes;
  const after = <usize>(columns - end) * pixelBytes;
  for (let row = top; row < top + rows; row++) {
    if (<u32>row >= <u32>height) {
      memory.fill(target, 0, before + inside + after);
    } else {
      if (before > 0) memory.fill(target, 0, before);
      memory.copy(target + before, picture + <usize>(row * width + left + first) * pixelBytes, inside);
      if (after > 0) memory.fill(target + before + inside, 0, after);
    }
    target += before + inside + after;
  }
}

/**
 * Copies four channels of a window of a picture: target[row][column][0..4), zeros outside of the
 * picture and for channels that do not exist.
 *
 * @param channel the first of the four.
 */
export function copyStrip(
  picture: usize, height: i32, width: i32, channels: i32, channel: i32,
  top: i32, left: i32, rows: i32, columns: i32, target: usize,
): void {
  const pixelBytes = <usize>channels << 2;
  const some = min(TILE_ROWS, channels - channel);
  const first = min(max(0, -left), columns);
  const end = max(first, min(columns, width - left));
  const zero = f32x4.splat(0);
  for (let row = top; row < top + rows; row++) {
    const outside = <u32>row >= <u32>height;
    const blank = outside ? columns : first;
    for (let column = 0; column < blank; column++) {
      v128.store(target, zero);
      target += 16;
    }
    if (outside) continue;
    let from = picture + <usize>(row * width + left + first) * pixelBytes + (<usize>channel << 2);
    if (some == TILE_ROWS) {
      for (let column = first; column < end; column++) {
        v128.store(target, v128.load(from));
        target += 16;
        from += pixelBytes;
      }
    } else {
      for (let column = first; column < end; column++) {
        v128.store(target, zero);
        for (let i = 0; i < some; i++) store<f32>(target + (i << 2), load<f32>(from + (i << 2)));
        target += 16;
        from += pixelBytes;
      }
    }
    for (let column = end; column < columns; column++) {
      v128.store(target, zero);
      target += 16;
    }
  }
}

/** Copies the four floats that lie at each of images x lines x steps places, given in bytes apart. */
export function copyPositions(
  source: usize, images: i32, imageBytes: usize, lines: i32, lineBytes: usize, steps: i32, stepBytes: usize,
  target: usize,
): void {
  for (let image = 0; image < images; image++, source += imageBytes) {
    let line = source;
    for (let row = 0; row < lines; row++, line += lineBytes) {
      let from = line;
      for (let step = 0; step < steps; step++, from += stepBytes, target += 16) {
        v128.store(target, v128.load(from));
      }
    }
  }
}
