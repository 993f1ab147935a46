// Resizing of pictures [batch, height, width, channels]. Which source rows and columns an output
// pixel draws on is worked out by the caller: tables of int32 indices and float32 weights.

export function resizeNearest(
  x: usize, out: usize, batch: i32, height: i32, width: i32, outHeight: i32, outWidth: i32, channels: i32,
  rowTable: usize, columnTable: usize,
): void {
  const pixel = <usize>channels << 2;
  const row = pixel * <usize>width;
  for (let image = 0; image < batch; image++, x += row * <usize>height) {
    for (let y = 0; y < outHeight; y++) {
      const from = x + <usize>load<i32>(rowTable + (<usize>y << 2)) * row;
      for (let column = 0; column < outWidth; column++, out += pixel) {
        copyPixel(from + <usize>load<i32>(columnTable + (<usize>column << 2)) * pixel, out, pixel);
      }
    }
  }
}

/** Adds the gradient of each output pixel to that of its source; `dx` starts as zeros. */
export function resizeNearestGrad(
  dy: usize, dx: usize, batch: i32, height: i32, width: i32, outHeight: i32, outWidth: i32, channels: i32,
  rowTable: usize, columnTable: usize,
): void {
  const pixel = <usize>channels << 2;
  const row = pixel * <usize>width;
  for (let image = 0; image < batch; image++, dx += row * <usize>height) {
    for (let y = 0; y < outHeight; y++) {
      const target = dx + <usize>load<i32>(rowTable + (<usize>y << 2)) * row;
      for (let column = 0; column < outWidth; column++, dy += pixel) {
        addPixel(dy, target + <usize>load<i32>(columnTable + (<usize>column << 2)) * pixel, pixel);
      }
    }
  }
}

/** Each table row or column is four values: index below, index above, weight above, unused. */
export function resizeBilinear(
  x: usize, out: usize, batch: i32, height: i32, width: i32, outHeight: i32, outWidth: i32, channels: i32,
  rowTable: usize, columnTable: usize,
): void {
  const pixel = <usize>channels << 2;
  const row = pixel * <usize>width;
  for (let image = 0; image < batch; image++, x += row * <usize>height) {
    for (let y = 0; y < outHeight; y++) {
      const rowEntry = rowTable + (<usize>y << 4);
      const top = x + <usize>load<i32>(rowEntry) * row;
      const bottom = x + <usize>load<i32>(rowEntry, 4) * row;
      const down = load<f32>(rowEntry, 8);
      for (let column = 0; column < outWidth; column++) {
        const entry = columnTable + (<usize>column << 4);
        const left = <usize>load<i32>(entry) * pixel;
        const right = <usize>load<i32>(entry, 4) * pixel;
        const across = load<f32>(entry, 8);
        let channel: usize = 0;
        for (; channel + 16 <= pixel; channel += 16, out += 16) {
          const upper = blend(v128.load(top + left + channel), v128.load(top + right + channel), across);
          const lower = blend(v128.load(bottom + left + channel), v128.load(bottom + right + channel), across);
          v128.store(out, blend(upper, lower, down));
        }
        for (; channel < pixel; channel += 4, out += 4) {
          const upper = blend(v128.load32_splat(top + left + channel), v128.load32_splat(top + right + channel), across);
          const lower = blend(v128.load32_splat(bottom + left + channel), v128.load32_splat(bottom + right + channel), across);
          v128.store32_lane(out, blend(upper, lower, down), 0);
        }
      }
    }
  }
}

/** Spreads the gradient of each output pixel over its four sources; `dx` starts as zeros. */
export function resizeBilinearGrad(
  dy: usize, dx: usize, batch: i32, height: i32, width: i32, outHeight: i32, outWidth: i32, channels: i32,
  rowTable: usize, columnTable: usize,
): void {
  const pixel = <usize>channels << 2;
  const row = pixel * <usize>width;
  for (let image = 0; image < batch; image++, dx += row * <usize>height) {
    for (let y = 0; y < outHeight; y++) {
      const rowEntry = rowTable + (<usize>y << 4);
      const top = dx + <usize>load<i32>(rowEntry) * row;
      const bottom = dx + <usize>load<i32>(rowEntry, 4) * row;
      const down = load<f32>(rowEntry, 8);
      for (let column = 0; column < outWidth; column++, dy += pixel) {
        const entry = columnTable + (<usize>column << 4);
        const left = <usize>load<i32>(entry) * pixel;
        const right = <usize>load<i32>(entry, 4) * pixel;
        const across = load<f32>(entry, 8);
        addScaledPixel(dy, top + left, pixel, (1 - down) * (1 - across));
        addScaledPixel(dy, top + right, pixel, (1 - down) * across);
        addScaledPixel(dy, bottom + left, pixel, down * (1 - across));
        addScaledPixel(dy, bottom + right, pixel, down * across);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function blend(a: v128, b: v128, weight: f32): v128 {
  return f32x4.add(a, f32x4.mul(f32x4.sub(b, a), f32x4.splat(weight)));
}

// @ts-ignore: decorator
@inline
function copyPixel(from: usize, to: usize, length: usize): void {
  let offset: usize = 0;
  for (; offset + 16 <= length; offset += 16) v128.store(to + offset, v128.load(from + offset));
  for (; offset < length; offset += 4) store<f32>(to + offset, load<f32>(from + offset));
}

// @ts-ignore: decorator
@inline
function addPixel(from: usize, to: usize, length: usize): void {
  let offset: usize = 0;
  for (; offset + 16 <= length; offset += 16) {
    v128.store(to + offset, f32x4.add(v128.load(to + offset), v128.load(from + offset)));
  }
  for (; offset < length; offset += 4) {
    store<f32>(to + offset, load<f32>(to + offset) + load<f32>(from + offset));
  }
}

// @ts-ignore: decorator
@inline
function addScaledPixel(from: usize, to: usize, length: usize, weight: f32): void {
  let offset: usize = 0;
  for (; offset + 16 <= length; offset += 16) {
    const scaled = f32x4.mul(v128.load(from + offset), f32x4.splat(weight));
    v128.store(to + offset, f32x4.add(v128.load(to + offset), scaled));
  }
  for (; offset < length; offset += 4) {
    store<f32>(to + offset, load<f32>(to + offset) + load<f32>(from + offset) * weight);
  }
}
