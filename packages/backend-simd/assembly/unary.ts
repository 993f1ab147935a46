// Functions of one tensor, element by element. Every tensor starts on a 64-byte boundary and owns
// whole blocks of 64 bytes, so the last vector may read and write past the last element.
import { geluTanh, geluTanhShare, stepOf } from './activation-gradient';
import {
  choose, erf, exp, expm1, expm1Negative, gaussian, log, log1p, magnitude, shareBelow, sigmoid, sine, softplus, splat,
  tanh, withSignOf,
} from './vector-math';

// @ts-ignore: decorator
@inline
function endOf(x: usize, count: i32): usize {
  return x + (<usize>count << 2);
}

// @ts-ignore: decorator
@inline
const EXP: i32 = 0;
// @ts-ignore: decorator
@inline
const EXPM1: i32 = 1;
// @ts-ignore: decorator
@inline
const LOG: i32 = 2;
// @ts-ignore: decorator
@inline
const TANH: i32 = 3;
// @ts-ignore: decorator
@inline
const SIGMOID: i32 = 4;
// @ts-ignore: decorator
@inline
const SOFTPLUS: i32 = 5;
// @ts-ignore: decorator
@inline
const GELU: i32 = 6;
// @ts-ignore: decorator
@inline
const GELU_TANH: i32 = 7;

// @ts-ignore: decorator
@inline
function apply(op: i32, x: v128): v128 {
  if (op == EXP) return exp(x);
  if (op == EXPM1) return expm1(x);
  if (op == LOG) return log(x);
  if (op == TANH) return tanh(x);
  if (op == SIGMOID) return sigmoid(x);
  if (op == GELU) return f32x4.mul(x, shareBelow(x, gaussian(x)));
  if (op == GELU_TANH) return f32x4.mul(x, geluTanhShare(geluTanh(x)));
  return softplus(x);
}

/** A block of 64 bytes at a time: four vectors share the constants that are read for them. */
// @ts-ignore: decorator
@inline
function elementary(op: i32, x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 64, out += 64) {
    const a = apply(op, v128.load(x));
    const b = apply(op, v128.load(x, 16));
    const c = apply(op, v128.load(x, 32));
    const d = apply(op, v128.load(x, 48));
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
  }
}

export function expAll(x: usize, out: usize, count: i32): void {
  elementary(EXP, x, out, count);
}

export function expm1All(x: usize, out: usize, count: i32): void {
  elementary(EXPM1, x, out, count);
}

export function logAll(x: usize, out: usize, count: i32): void {
  elementary(LOG, x, out, count);
}

export function log1pAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, log1p(v128.load(x)));
}

export function tanhAll(x: usize, out: usize, count: i32): void {
  elementary(TANH, x, out, count);
}

export function sigmoidAll(x: usize, out: usize, count: i32): void {
  elementary(SIGMOID, x, out, count);
}

export function softplusAll(x: usize, out: usize, count: i32): void {
  elementary(SOFTPLUS, x, out, count);
}

export function erfAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, erf(v128.load(x)));
}

/** x times the share of the normal distribution below x: x * (1 + erf(x / sqrt(2))) / 2. */
export function geluAll(x: usize, out: usize, count: i32): void {
  elementary(GELU, x, out, count);
}

/** The same with a tanh near to that error function. */
export function geluTanhAll(x: usize, out: usize, count: i32): void {
  elementary(GELU_TANH, x, out, count);
}

export function sinAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, sine(v128.load(x), 0));
}

export function cosAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, sine(v128.load(x), 1));
}

export function sqrtAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, f32x4.sqrt(v128.load(x)));
  }
}

export function rsqrtAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, f32x4.div(splat(1), f32x4.sqrt(v128.load(x))));
  }
}

export function reciprocalAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, f32x4.div(splat(1), v128.load(x)));
  }
}

export function squareAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const value = v128.load(x);
    v128.store(out, f32x4.mul(value, value));
  }
}

export function absAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, magnitude(v128.load(x)));
}

export function negAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, f32x4.neg(v128.load(x)));
}

export function signAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const value = v128.load(x);
    const nonZero = v128.or(f32x4.lt(value, splat(0)), f32x4.gt(value, splat(0)));
    v128.store(out, v128.and(nonZero, withSignOf(splat(1), value)));
  }
}

export function floorAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, f32x4.floor(v128.load(x)));
}

export function ceilAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, f32x4.ceil(v128.load(x)));
}

/** To the nearest integer, halves to the even one. */
export function roundAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, f32x4.nearest(v128.load(x)));
}

export function reluAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    // The sum turns -0 into 0.
    v128.store(out, f32x4.add(f32x4.pmax(v128.load(x), splat(0)), splat(0)));
  }
}

export function relu6All(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const positive = f32x4.add(f32x4.pmax(v128.load(x), splat(0)), splat(0));
    v128.store(out, f32x4.pmin(positive, splat(6)));
  }
}

export function leakyReluAll(x: usize, out: usize, count: i32, slope: f32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const value = v128.load(x);
    v128.store(out, choose(f32x4.lt(value, splat(0)), f32x4.mul(value, splat(slope)), value));
  }
}

/** `positiveScale` * x for x >= 0, `negativeScale` * (exp(x) - 1) elsewhere: elu and selu. */
export function eluAll(x: usize, out: usize, count: i32, positiveScale: f32, negativeScale: f32): void {
  for (let end = endOf(x, count); x < end; x += 32, out += 32) {
    const a = elu(v128.load(x), positiveScale, negativeScale);
    const b = elu(v128.load(x, 16), positiveScale, negativeScale);
    v128.store(out, a);
    v128.store(out, b, 16);
  }
}

// @ts-ignore: decorator
@inline
function elu(x: v128, positiveScale: f32, negativeScale: f32): v128 {
  const negative = f32x4.mul(splat(negativeScale), expm1Negative(x));
  return choose(f32x4.ge(x, splat(0)), f32x4.mul(splat(positiveScale), x), negative);
}

/** 1 for x > 0, `low` elsewhere, NaN for NaN. */
export function stepAll(x: usize, out: usize, count: i32, low: f32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, stepOf(v128.load(x), low));
  }
}

export function clipAll(x: usize, out: usize, count: i32, low: f32, high: f32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const value = v128.load(x);
    const above = f32x4.gt(value, splat(high));
    const below = v128.andnot(f32x4.lt(value, splat(low)), above);
    v128.store(out, choose(above, splat(high), choose(below, splat(low), value)));
  }
}

export function isNanAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const value = v128.load(x);
    v128.store(out, v128.and(f32x4.ne(value, value), i32x4.splat(1)));
  }
}

export function isInfAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const infinite = f32x4.eq(magnitude(v128.load(x)), splat(f32.POSITIVE_INFINITY));
    v128.store(out, v128.and(infinite, i32x4.splat(1)));
  }
}

export function isFiniteAll(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const finite = f32x4.lt(magnitude(v128.load(x)), splat(f32.POSITIVE_INFINITY));
    v128.store(out, v128.and(finite, i32x4.splat(1)));
  }
}

export function absInt(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, i32x4.abs(v128.load(x)));
}

export function negInt(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) v128.store(out, i32x4.neg(v128.load(x)));
}

export function squareInt(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const value = v128.load(x);
    v128.store(out, i32x4.mul(value, value));
  }
}

/** 1 for 0, 0 elsewhere. */
export function logicalNot(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, v128.and(i32x4.eq(v128.load(x), i32x4.splat(0)), i32x4.splat(1)));
  }
}

/** Float to int32 as JavaScript does it: towards zero, NaN to 0, modulo 2**32. */
export function castToInt(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    const value = v128.load(x);
    v128.store(out, i32x4.trunc_sat_f32x4_s(value));
    const large = f32x4.ge(magnitude(value), splat(2147483648));
    if (v128.any_true(large)) {
      for (let lane: usize = 0; lane < 16; lane += 4) store<i32>(out + lane, wrapToInt(load<f32>(x + lane)));
    }
  }
}

/** JavaScript's ToInt32. */
export function wrapToInt(value: f64): i32 {
  if (!(Math.abs(value) < Infinity)) return 0;
  const whole = trunc(value);
  return <i32>(<u32>(whole - floor(whole / 4294967296) * 4294967296));
}

export function castToFloat(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, f32x4.convert_i32x4_s(v128.load(x)));
  }
}

export function castFloatToBool(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, v128.and(f32x4.ne(v128.load(x), splat(0)), i32x4.splat(1)));
  }
}

export function castIntToBool(x: usize, out: usize, count: i32): void {
  for (let end = endOf(x, count); x < end; x += 16, out += 16) {
    v128.store(out, v128.and(i32x4.ne(v128.load(x), i32x4.splat(0)), i32x4.splat(1)));
  }
}

/** Every element becomes the 32 bits of `value`. */
export function fillAll(out: usize, count: i32, value: i32): void {
  for (let end = endOf(out, count); out < end; out += 16) v128.store(out, i32x4.splat(value));
}

export function copyAll(x: usize, out: usize, count: i32): void {
  memory.copy(out, x, <usize>count << 2);
}
