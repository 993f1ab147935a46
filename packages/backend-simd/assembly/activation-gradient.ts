// Gradients of activations, each in one pass over what tfjs composes of several kernels.

import { madd } from './simd';
import { choose, constant, exp, gaussian, shareBelow, splat, tanh } from './vector-math';

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

const ONE = memory.data<f32>([1]);
const HALF = memory.data<f32>([0.5]);
/** 1 / sqrt(2 * pi): the density of the normal distribution at 0. */
const DENSITY = memory.data<f32>([0.39894228040143268]);
/** 2 / sqrt(pi): the slope of the error function at 0. */
const ERF_SLOPE = memory.data<f32>([1.12837916709551257]);
/** sqrt(2 / pi), the share of the cube, and 3 times their product, of the tanh form of gelu. */
const TANH_FORM = memory.data<f32>([0.79788456080286536, 0.044715, 0.10703222440890037]);

/** tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)). */
// @ts-ignore: decorator
@inline
export function geluTanh(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  return tanh(f32x4.mul(constant(TANH_FORM, 0), madd(constant(TANH_FORM, 1), cube, x)));
}

/** About the share of the normal distribution below x, of the tanh of {@link geluTanh}. */
// @ts-ignore: decorator
@inline
export function geluTanhShare(t: v128): v128 {
  return madd(constant(HALF), t, constant(HALF));
}

/** A block of 64 bytes at a time, as `elementary` of the functions themselves. */
// @ts-ignore: decorator
@inline
function multiplySlopes(op: i32, dy: usize, x: usize, out: usize, count: i32): void {
  for (let end = out + (<usize>count << 2); out < end; dy += 64, x += 64, out += 64) {
    const a = f32x4.mul(v128.load(dy), slopeOf(op, v128.load(x)));
    const b = f32x4.mul(v128.load(dy, 16), slopeOf(op, v128.load(x, 16)));
    const c = f32x4.mul(v128.load(dy, 32), slopeOf(op, v128.load(x, 32)));
    const d = f32x4.mul(v128.load(dy, 48), slopeOf(op, v128.load(x, 48)));
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
  }
}

// @ts-ignore: decorator
@inline
const ERF: i32 = 0;
// @ts-ignore: decorator
@inline
const GELU: i32 = 1;
// @ts-ignore: decorator
@inline
const GELU_TANH: i32 = 2;

// @ts-ignore: decorator
@inline
function slopeOf(op: i32, x: v128): v128 {
  if (op == ERF) return f32x4.mul(constant(ERF_SLOPE), exp(f32x4.neg(f32x4.mul(x, x))));
  if (op == GELU) {
    const density = gaussian(x);
    return madd(x, f32x4.mul(density, constant(DENSITY)), shareBelow(x, density));
  }
  const t = geluTanh(x);
  const inner = madd(constant(TANH_FORM, 2), f32x4.mul(x, x), constant(TANH_FORM, 0));
  const outer = f32x4.mul(f32x4.mul(x, constant(HALF)), f32x4.sub(constant(ONE), f32x4.mul(t, t)));
  return madd(outer, inner, geluTanhShare(t));
}

/** dy * exp(-x * x) * 2 / sqrt(pi): the gradient of the error function. */
export function erfGradient(dy: usize, x: usize, out: usize, count: i32): void {
  multiplySlopes(ERF, dy, x, out, count);
}

/** dy * (share below x + x * density at x), of the normal distribution: the gradient of gelu. */
export function geluGradient(dy: usize, x: usize, out: usize, count: i32): void {
  multiplySlopes(GELU, dy, x, out, count);
}

/** The same of the tanh form. */
export function geluTanhGradient(dy: usize, x: usize, out: usize, count: i32): void {
  multiplySlopes(GELU_TANH, dy, x, out, count);
}
