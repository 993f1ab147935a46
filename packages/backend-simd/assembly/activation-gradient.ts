// Gradients of activations, each in one pass over what tfjs composes of several kernels.

import { choose, splat } from './vector-math';

/** 1 for x > 0, `low` elsewhere, NaN for NaN. */
// @ts-ignore: decorator
@inline
export function stepOf(x: v128, low: f32): v128 {
  const step = choose(f32x4.gt(x, splat(0)), splat(1), splat(low));
  return choose(f32x4.eq(x, x), step, x);
}

/** dy * step(x), where step is 1 for x > 0, `low` elsewhere and NaN for NaN: the gradient of relu. */
export function multiplyStep(dy: usize, x: usize, out: usize, count: i32, low: f32): void {
  for (let end = out + (<usize>count << 2); out < end; dy += 16, x += 16, out += 16) {
    v128.store(out, f32x4.mul(v128.load(dy), stepOf(v128.load(x), low)));
  }
}

/** dy where x > 0, dy * `slope` elsewhere. */
export function leakyReluGradient(dy: usize, x: usize, out: usize, count: i32, slope: f32): void {
  for (let end = out + (<usize>count << 2); out < end; dy += 16, x += 16, out += 16) {
    const gradient = v128.load(dy);
    const positive = f32x4.gt(v128.load(x), splat(0));
    v128.store(out, choose(positive, gradient, f32x4.mul(gradient, splat(slope))));
  }
}

/** dy * 1 for 0 < x <= 6, dy * 0 elsewhere, NaN for NaN. */
export function relu6Gradient(dy: usize, x: usize, out: usize, count: i32): void {
  for (let end = out + (<usize>count << 2); out < end; dy += 16, x += 16, out += 16) {
    const value = v128.load(x);
    const inside = v128.and(f32x4.gt(value, splat(0)), f32x4.le(value, splat(6)));
    const mask = choose(f32x4.eq(value, value), v128.and(inside, splat(1)), value);
    v128.store(out, f32x4.mul(v128.load(dy), mask));
  }
}

/** dy * y * (1 - y). */
export function sigmoidGradient(dy: usize, y: usize, out: usize, count: i32): void {
  for (let end = out + (<usize>count << 2); out < end; dy += 16, y += 16, out += 16) {
    const value = v128.load(y);
    const slope = f32x4.mul(value, f32x4.sub(splat(1), value));
    v128.store(out, f32x4.mul(v128.load(dy), slope));
  }
}

/** dy * (1 - y * y). */
export function tanhGradient(dy: usize, y: usize, out: usize, count: i32): void {
  for (let end = out + (<usize>count << 2); out < end; dy += 16, y += 16, out += 16) {
    const value = v128.load(y);
    const slope = f32x4.sub(splat(1), f32x4.mul(value, value));
    v128.store(out, f32x4.mul(slope, v128.load(dy)));
  }
}
