// Elementary functions on four lanes, as polynomials after range reduction. Coefficients: Cephes
// Mathematical Library (Moshier), single precision. Errors that the tests assert, in units in the
// last place: exp 1.5, log 1.5, expm1 2, log1p 2, tanh 2, sigmoid 2.5, softplus 3, erf 3, sin and
// cos 2.
// NaN, infinities, zeros and denormal numbers follow the functions of JavaScript's Math.
import { madd } from './simd';

const ONE = memory.data<f32>([1]);
const TWO = memory.data<f32>([2]);
const MINUS_HALF = memory.data<f32>([-0.5]);
/** 1.5 * 2**23: adding it to a number leaves the nearest integer in the low bits of the mantissa. */
const ROUNDING = memory.data<f32>([12582912]);
const LOG2_E = memory.data<f32>([1.44269504088896341]);
/** ln(2) in two parts, and their negatives. */
const LN2_HIGH = memory.data<f32>([0.693359375]);
const LN2_LOW = memory.data<f32>([-2.12194440e-4]);
const MINUS_LN2_HIGH = memory.data<f32>([-0.693359375]);
const MINUS_LN2_LOW = memory.data<f32>([2.12194440e-4]);
/** Beyond these bounds exp rounds to 0 or overflows, expm1 is -1 or exp, and tanh is -1 or 1. */
const EXP_BOUNDS = memory.data<f32>([-104, 89]);
const EXPM1_BOUNDS = memory.data<f32>([-80, 80]);
const TANH_BOUND = memory.data<f32>([10]);
/** Coefficients of exp(r) - 1, the highest power first. */
const EXP = memory.data<f32>([
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
]);
/** Coefficients of log(1 + m), the highest power first. */
const LOG = memory.data<f32>([
  7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
]);
/** Coefficients of erf(x) / x in x**2, and of erfc(x) * exp(x**2) * x in 1 / x**2, likewise. */
const ERF_NEAR = memory.data<f32>([
  7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2, 1.128358514861418e-1,
  -3.761262582423300e-1, 1.128379165726710,
]);
const ERF_FAR = memory.data<f32>([
  2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1, 6.210004621745983e-1,
  -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1, 5.638259427386472e-1,
]);
/** Beyond this bound erf rounds to -1 or 1. */
const ERF_BOUND = memory.data<f32>([4]);
/**
 * Coefficients of the share of the normal distribution beyond |x|, over exp(-x**2 / 2) * t, in
 * t = 1 / (1 + scale * |x|): a fit to |x| < 14 of 2e-8.
 */
const SHARE = memory.data<f32>([
  -0.0647615692070382, 0.2427822069339204, -0.2561403680162087, 0.27386163438345085, -0.047326567160803315,
  0.10746358473317263, 0.07416943014760803, 0.08535763733324189, 0.08459400105984237,
]);
const SHARE_SCALE = memory.data<f32>([0.21213203435596423]);
const SQRT_HALF = memory.data<f32>([0.707106781186547524]);
const SIGN = memory.data<u32>([0x80000000]);
const MANTISSA = memory.data<u32>([0x007fffff]);
const HALF = memory.data<f32>([0.5]);

/**
 * A number in all four lanes, read from memory in one instruction: V8 takes three to make one that
 * is part of the code, anew wherever it is used.
 */
// @ts-ignore: decorator
@inline
export function constant(table: usize, index: usize = 0): v128 {
  return v128.load32_splat(table + (index << 2));
}

// @ts-ignore: decorator
@inline
export function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** Lanes of `a` where the mask is set, lanes of `b` elsewhere. */
// @ts-ignore: decorator
@inline
export function choose(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

// @ts-ignore: decorator
@inline
export function magnitude(x: v128): v128 {
  return f32x4.abs(x);
}

/** The magnitude of `a` with the sign of `b`. */
// @ts-ignore: decorator
@inline
export function withSignOf(a: v128, b: v128): v128 {
  return choose(constant(SIGN), b, a);
}

/** The integer nearest to x / ln(2), in the low bits; 22 of them count. */
// @ts-ignore: decorator
@inline
function powersOfTwoIn(x: v128): v128 {
  return madd(x, constant(LOG2_E), constant(ROUNDING));
}

/** 2 to the power of an integer between -126 and 127, of which only the lowest bits count. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  // The bits of 1 are those of the exponent 0.
  return i32x4.add(i32x4.shl(n, 23), constant(ONE));
}

/** exp(r) - 1 for |r| <= ln(2) / 2. */
// @ts-ignore: decorator
@inline
function expm1Reduced(r: v128): v128 {
  let p = madd(constant(EXP, 0), r, constant(EXP, 1));
  p = madd(p, r, constant(EXP, 2));
  p = madd(p, r, constant(EXP, 3));
  p = madd(p, r, constant(EXP, 4));
  p = madd(p, r, constant(EXP, 5));
  return madd(p, f32x4.mul(r, r), r);
}

// @ts-ignore: decorator
@inline
function reduceByLn2(x: v128, n: v128): v128 {
  return madd(n, constant(MINUS_LN2_LOW), madd(n, constant(MINUS_LN2_HIGH), x));
}

/** The exponential function. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  // NaN passes both.
  const bounded = f32x4.pmax(f32x4.pmin(x, constant(EXP_BOUNDS, 1)), constant(EXP_BOUNDS, 0));
  const n = powersOfTwoIn(bounded);
  const reduced = reduceByLn2(bounded, f32x4.sub(n, constant(ROUNDING)));
  const y = f32x4.add(expm1Reduced(reduced), constant(ONE));
  // Two factors, so that neither overflows where the product is finite or denormal.
  const exponent = i32x4.sub(n, constant(ROUNDING));
  const low = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(low)), powerOfTwo(i32x4.sub(exponent, low)));
}

/** exp(x) - 1 for -80 <= x <= 80, without cancellation; -0 gives 0. */
// @ts-ignore: decorator
@inline
function expm1Bounded(x: v128): v128 {
  const n = powersOfTwoIn(x);
  const scale = powerOfTwo(n);
  const reduced = expm1Reduced(reduceByLn2(x, f32x4.sub(n, constant(ROUNDING))));
  return madd(scale, reduced, f32x4.sub(scale, constant(ONE)));
}

/** exp(x) - 1 without cancellation. */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  const y = expm1Bounded(f32x4.pmax(f32x4.pmin(x, constant(EXPM1_BOUNDS, 1)), constant(EXPM1_BOUNDS, 0)));
  const small = choose(f32x4.eq(x, splat(0)), x, y);
  return choose(f32x4.gt(x, constant(EXPM1_BOUNDS, 1)), exp(x), small);
}

/** exp(x) - 1 for x < 0 and NaN; anything else for others. */
// @ts-ignore: decorator
@inline
export function expm1Negative(x: v128): v128 {
  return expm1Bounded(f32x4.pmax(x, constant(EXPM1_BOUNDS, 0)));
}

/** The natural logarithm of positive normal numbers over 2**shift, in every lane its own. */
// @ts-ignore: decorator
@inline
function logNormal(x: v128, shift: v128): v128 {
  let exponent = i32x4.sub(i32x4.shr_s(x, 23), i32x4.add(shift, i32x4.splat(126)));
  // Mantissa in [1/2, 1), then moved to [sqrt(1/2), sqrt(2)).
  let m = v128.or(v128.and(x, constant(MANTISSA)), constant(HALF));
  const low = f32x4.lt(m, constant(SQRT_HALF));
  exponent = i32x4.add(exponent, low);
  m = f32x4.sub(f32x4.add(m, v128.and(low, m)), constant(ONE));
  const e = f32x4.convert_i32x4_s(exponent);
  const z = f32x4.mul(m, m);
  let p = madd(constant(LOG, 0), m, constant(LOG, 1));
  p = madd(p, m, constant(LOG, 2));
  p = madd(p, m, constant(LOG, 3));
  p = madd(p, m, constant(LOG, 4));
  p = madd(p, m, constant(LOG, 5));
  p = madd(p, m, constant(LOG, 6));
  p = madd(p, m, constant(LOG, 7));
  p = madd(p, m, constant(LOG, 8));
  p = f32x4.mul(f32x4.mul(p, m), z);
  p = madd(e, constant(LN2_LOW), p);
  p = madd(z, constant(MINUS_HALF), p);
  return madd(e, constant(LN2_HIGH), f32x4.add(m, p));
}

/** The natural logarithm. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  // Denormal numbers are scaled into the normal range first.
  const denormal = f32x4.lt(x, splat(1.17549435e-38));
  const scaled = choose(denormal, f32x4.mul(x, splat(33554432)), x);
  let y = logNormal(scaled, v128.and(denormal, i32x4.splat(25)));
  y = choose(f32x4.eq(x, splat(f32.POSITIVE_INFINITY)), x, y);
  y = choose(f32x4.eq(x, splat(0)), splat(f32.NEGATIVE_INFINITY), y);
  // Negative numbers and NaN.
  return choose(f32x4.ge(x, splat(0)), y, splat(f32.NaN));
}

/** log(1 + x) without cancellation. */
// @ts-ignore: decorator
@inline
export function log1p(x: v128): v128 {
  const u = f32x4.add(x, splat(1));
  // What rounding lost of x in u, at first order.
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, splat(1))), u);
  const y = f32x4.add(log(u), lost);
  const tiny = f32x4.eq(u, splat(1));
  const infinite = f32x4.eq(magnitude(y), splat(f32.POSITIVE_INFINITY));
  const edge = f32x4.eq(x, splat(f32.POSITIVE_INFINITY));
  const result = choose(v128.or(tiny, edge), x, y);
  return choose(
    v128.andnot(f32x4.eq(u, splat(0)), infinite),
    splat(f32.NEGATIVE_INFINITY),
    choose(f32x4.eq(u, splat(0)), splat(f32.NEGATIVE_INFINITY), result),
  );
}

/** The hyperbolic tangent, which is 1 to within rounding from 10 on. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const size = f32x4.pmin(magnitude(x), constant(TANH_BOUND));
  const t = expm1Bounded(f32x4.add(size, size));
  return withSignOf(f32x4.div(t, f32x4.add(t, constant(TWO))), x);
}

/** 1 / (1 + exp(-x)), accurate where it is close to 0 too. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const e = exp(f32x4.neg(magnitude(x)));
  const numerator = choose(f32x4.lt(x, splat(0)), e, constant(ONE));
  return f32x4.div(numerator, f32x4.add(constant(ONE), e));
}

/** log(1 + exp(x)) without overflow or cancellation. */
// @ts-ignore: decorator
@inline
export function softplus(x: v128): v128 {
  const e = exp(f32x4.neg(magnitude(x)));
  // log(1 + e) for e in [0, 1], with what rounding lost of e in 1 + e.
  const u = f32x4.add(e, constant(ONE));
  const lost = f32x4.div(f32x4.sub(e, f32x4.sub(u, constant(ONE))), u);
  const log1p = f32x4.add(logNormal(u, i32x4.splat(0)), lost);
  const y = f32x4.add(f32x4.pmax(x, splat(0)), log1p);
  return choose(f32x4.eq(x, x), y, x);
}

/** The error function. */
// @ts-ignore: decorator
@inline
export function erf(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let p = madd(constant(ERF_NEAR, 0), z, constant(ERF_NEAR, 1));
  p = madd(p, z, constant(ERF_NEAR, 2));
  p = madd(p, z, constant(ERF_NEAR, 3));
  p = madd(p, z, constant(ERF_NEAR, 4));
  p = madd(p, z, constant(ERF_NEAR, 5));
  p = madd(p, z, constant(ERF_NEAR, 6));
  const small = f32x4.mul(x, p);
  // 1 - erfc, by a polynomial in 1 / x**2 that is fitted to 1 < |x| < 2 and serves beyond, where
  // erfc is lost in the rounding of the result.
  const size = f32x4.pmin(magnitude(x), constant(ERF_BOUND));
  const q = f32x4.div(constant(ONE), size);
  const w = f32x4.mul(q, q);
  let r = madd(constant(ERF_FAR, 0), w, constant(ERF_FAR, 1));
  r = madd(r, w, constant(ERF_FAR, 2));
  r = madd(r, w, constant(ERF_FAR, 3));
  r = madd(r, w, constant(ERF_FAR, 4));
  r = madd(r, w, constant(ERF_FAR, 5));
  r = madd(r, w, constant(ERF_FAR, 6));
  r = madd(r, w, constant(ERF_FAR, 7));
  r = madd(r, w, constant(ERF_FAR, 8));
  const erfc = f32x4.mul(f32x4.mul(exp(f32x4.neg(f32x4.mul(size, size))), q), r);
  const large = withSignOf(f32x4.sub(constant(ONE), erfc), x);
  return choose(f32x4.le(magnitude(x), constant(ONE)), small, choose(f32x4.eq(x, x), large, x));
}

/** exp(-x * x / 2). */
// @ts-ignore: decorator
@inline
export function gaussian(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, constant(MINUS_HALF)), x));
}

/**
 * The share of the normal distribution below x, of which the gaussian is known: an error of at most
 * 2e-7, and below 0 of at most 5e-7 of the share itself, besides that of the gaussian.
 */
// @ts-ignore: decorator
@inline
export function shareBelow(x: v128, gaussian: v128): v128 {
  const t = f32x4.div(constant(ONE), madd(constant(SHARE_SCALE), magnitude(x), constant(ONE)));
  let p = madd(constant(SHARE, 0), t, constant(SHARE, 1));
  p = madd(p, t, constant(SHARE, 2));
  p = madd(p, t, constant(SHARE, 3));
  p = madd(p, t, constant(SHARE, 4));
  p = madd(p, t, constant(SHARE, 5));
  p = madd(p, t, constant(SHARE, 6));
  p = madd(p, t, constant(SHARE, 7));
  p = madd(p, t, constant(SHARE, 8));
  const tail = f32x4.mul(f32x4.mul(p, t), gaussian);
  return choose(f32x4.lt(x, splat(0)), tail, f32x4.sub(constant(ONE), tail));
}

/** Arguments up to this size are reduced in double precision; larger ones take the scalar way. */
// @ts-ignore: decorator
@inline
const LARGEST_ANGLE: f32 = 100000;

/** The sine of x + quarters * pi / 2. */
// @ts-ignore: decorator
@inline
export function sine(x: v128, quarters: i32): v128 {
  const lowHalf = f64x2.promote_low_f32x4(x);
  const highHalf = f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0));
  const lowTurns = f64x2.nearest(f64x2.mul(lowHalf, f64x2.splat(0.6366197723675814)));
  const highTurns = f64x2.nearest(f64x2.mul(highHalf, f64x2.splat(0.6366197723675814)));
  const r = i64x2.shuffle(
    f32x4.demote_f64x2_zero(reduceAngle(lowHalf, lowTurns)),
    f32x4.demote_f64x2_zero(reduceAngle(highHalf, highTurns)),
    0,
    2,
  );
  const turns = i64x2.shuffle(
    i32x4.trunc_sat_f64x2_s_zero(lowTurns),
    i32x4.trunc_sat_f64x2_s_zero(highTurns),
    0,
    2,
  );
  const quadrant = i32x4.add(turns, i32x4.splat(quarters));
  const z = f32x4.mul(r, r);
  let s = madd(splat(-1.9515295891e-4), z, splat(8.3321608736e-3));
  s = madd(s, z, splat(-1.6666654611e-1));
  s = madd(f32x4.mul(s, z), r, r);
  let c = madd(splat(2.443315711809948e-5), z, splat(-1.388731625493765e-3));
  c = madd(c, z, splat(4.166664568298827e-2));
  c = madd(f32x4.mul(c, z), z, madd(z, splat(-0.5), splat(1)));
  const odd = i32x4.eq(v128.and(quadrant, i32x4.splat(1)), i32x4.splat(1));
  const sign = i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30);
  let y = v128.xor(choose(odd, c, s), sign);
  // The reduction loses the sign of -0.
  if (quarters == 0) y = choose(f32x4.eq(x, splat(0)), x, y);
  const usual = f32x4.le(magnitude(x), splat(LARGEST_ANGLE));
  return i32x4.all_true(usual) ? y : choose(usual, y, distantSine(x, quarters));
}

// @ts-ignore: decorator
@inline
function reduceAngle(x: v128, turns: v128): v128 {
  const high = f64x2.sub(x, f64x2.mul(turns, f64x2.splat(1.5707963267341256)));
  return f64x2.sub(high, f64x2.mul(turns, f64x2.splat(6.077100506506192e-11)));
}

function distantSine(x: v128, quarters: i32): v128 {
  let y = f32x4.replace_lane(x, 0, sineOf(f32x4.extract_lane(x, 0), quarters));
  y = f32x4.replace_lane(y, 1, sineOf(f32x4.extract_lane(x, 1), quarters));
  y = f32x4.replace_lane(y, 2, sineOf(f32x4.extract_lane(x, 2), quarters));
  return f32x4.replace_lane(y, 3, sineOf(f32x4.extract_lane(x, 3), quarters));
}

function sineOf(x: f32, quarters: i32): f32 {
  return quarters == 0 ? Mathf.sin(x) : Mathf.cos(x);
}
