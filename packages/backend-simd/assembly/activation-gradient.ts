// Gradients of activations, each in one pass over what tfjs composes of several kernels.

import { choose, splat } from './vector-math';

/** dy * step(x), where step is 1 for x > 0, `low` elsewhere and NaN for NaN: the gradient of relu. */
export function multiplyStep(dy: usize, x: usize, out: usize, count: i32, low: f32): void {
  for (let end = out + (<usize>count << 2); out < end; dy += 16, x += 16, out += 16) {
    const value = v128.load(x);
    const step = choose(f32x4.gt(value, splat(0)), splat(1), splat(low));
    v128.store(out, f32x4.mul(v128.load(dy), choose(f32x4.eq(value, value), step, value)));
  }
}
