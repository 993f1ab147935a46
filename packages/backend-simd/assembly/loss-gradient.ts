// Gradients of what losses are made of, each in one pass.

/** dy where low <= x <= high, 0 elsewhere and for NaN. */
export function clipGradient(
  dy: usize, x: usize, out: usize, count: i32, low: f32, high: f32,
): void {
  const least = f32x4.splat(low);
  const most = f32x4.splat(high);
  for (let end = out + (<usize>count << 2); out < end; dy += 16, x += 16, out += 16) {
    const value = v128.load(x);
    const inside = v128.and(f32x4.ge(value, least), f32x4.le(value, most));
    v128.store(out, v128.and(v128.load(dy), inside));
  }
}

/** (dy - sum of dy * y over the row) * y, for the `y` that softmax gave, with the sum in float64. */
export function softmaxGradient(dy: usize, y: usize, out: usize, rows: i32, columns: i32): void {
  const length = <usize>columns << 2;
  for (let row = 0; row < rows; row++, dy += length, y += length, out += length) {
    let even = f64x2.splat(0);
    let odd = f64x2.splat(0);
    let at: usize = 0;
    for (; at + 16 <= length; at += 16) {
      const product = f32x4.mul(v128.load(dy + at), v128.load(y + at));
      even = f64x2.add(even, f64x2.promote_low_f32x4(product));
      odd = f64x2.add(odd, f64x2.promote_low_f32x4(v128.shuffle<f32>(product, product, 2, 3, 0, 1)));
    }
    const both = f64x2.add(even, odd);
    let total = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
    for (; at < length; at += 4) total += <f64>(load<f32>(dy + at) * load<f32>(y + at));
    const sum = <f32>total;
    const sums = f32x4.splat(sum);
    for (at = 0; at + 16 <= length; at += 16) {
      const value = v128.load(y + at);
      const product = f32x4.mul(v128.load(dy + at), value);
      v128.store(out + at, f32x4.sub(product, f32x4.mul(sums, value)));
    }
    for (; at < length; at += 4) {
      const value = load<f32>(y + at);
      store<f32>(out + at, load<f32>(dy + at) * value - sum * value);
    }
  }
}
