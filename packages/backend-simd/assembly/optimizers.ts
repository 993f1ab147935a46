// One step of an optimizer on one variable, in one pass and in place: the formulas of tfjs with its
// order of operations, each rounded to float32, so that not a bit differs from its many kernels. No
// multiply-add is fused, for the same reason; memory is what limits these loops. Whole vectors are
// read and written: parts begin at multiples of 16 elements, and only the last may end elsewhere.
import { magnitude, splat } from './vector-math';

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}

// @ts-ignore: decorator
@inline
function div(a: v128, b: v128): v128 {
  return f32x4.div(a, b);
}

// @ts-ignore: decorator
@inline
function root(a: v128): v128 {
  return f32x4.sqrt(a);
}

/** old * kept + new * taken. */
// @ts-ignore: decorator
@inline
function average(old: v128, kept: v128, fresh: v128, taken: v128): v128 {
  return add(mul(old, kept), mul(fresh, taken));
}

// @ts-ignore: decorator
@inline
function endOf(count: i32): usize {
  return <usize>count << 2;
}

/** `minusRate` is the address of the negative learning rate. */
export function applyGradientDescent(value: usize, gradient: usize, minusRate: usize, count: i32): void {
  const rate = v128.load32_splat(minusRate);
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    v128.store(value + at, add(mul(rate, v128.load(gradient + at)), v128.load(value + at)));
  }
}

/** `minusRate` and `momentum` are addresses. */
export function applyMomentum(
  value: usize, gradient: usize, velocity: usize, minusRate: usize, momentum: usize,
  nesterov: i32, count: i32,
): void {
  const rate = v128.load32_splat(minusRate);
  const share = v128.load32_splat(momentum);
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    const slope = v128.load(gradient + at);
    const moved = add(mul(share, v128.load(velocity + at)), slope);
    const step = nesterov ? add(slope, mul(moved, share)) : moved;
    v128.store(velocity + at, moved);
    v128.store(value + at, add(mul(rate, step), v128.load(value + at)));
  }
}

/** `beta1Power` and `beta2Power` are addresses: of the betas to the power of the number of this step. */
export function applyAdam(
  value: usize, gradient: usize, first: usize, second: usize, beta1Power: usize, beta2Power: usize,
  beta1: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32, epsilon: f32, minusRate: f32,
  count: i32,
): void {
  const correction1 = splat(1 - load<f32>(beta1Power));
  const correction2 = splat(1 - load<f32>(beta2Power));
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    const slope = v128.load(gradient + at);
    const mean = average(v128.load(first + at), splat(beta1), slope, splat(oneMinusBeta1));
    const square = average(v128.load(second + at), splat(beta2), mul(slope, slope), splat(oneMinusBeta2));
    v128.store(first + at, mean);
    v128.store(second + at, square);
    const scale = add(root(div(square, correction2)), splat(epsilon));
    const step = mul(div(div(mean, correction1), scale), splat(minusRate));
    v128.store(value + at, add(step, v128.load(value + at)));
  }
}

/** `rate` is the address of the negative learning rate, corrected for the number of steps. */
export function applyAdaMax(
  value: usize, gradient: usize, first: usize, norm: usize, rate: usize,
  beta1: f32, oneMinusBeta1: f32, beta2: f32, epsilon: f32, count: i32,
): void {
  const factor = v128.load32_splat(rate);
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    const slope = v128.load(gradient + at);
    const mean = average(v128.load(first + at), splat(beta1), slope, splat(oneMinusBeta1));
    const largest = f32x4.max(mul(v128.load(norm + at), splat(beta2)), magnitude(slope));
    v128.store(first + at, mean);
    v128.store(norm + at, largest);
    const step = mul(factor, div(mean, add(largest, splat(epsilon))));
    v128.store(value + at, add(step, v128.load(value + at)));
  }
}

export function applyRMSProp(
  value: usize, gradient: usize, meanSquare: usize, velocity: usize,
  decay: f32, oneMinusDecay: f32, momentum: f32, epsilon: f32, rate: f32, count: i32,
): void {
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    const slope = v128.load(gradient + at);
    const square = average(v128.load(meanSquare + at), splat(decay), mul(slope, slope), splat(oneMinusDecay));
    const step = div(mul(slope, splat(rate)), root(add(square, splat(epsilon))));
    const moved = add(mul(v128.load(velocity + at), splat(momentum)), step);
    v128.store(meanSquare + at, square);
    v128.store(velocity + at, moved);
    v128.store(value + at, f32x4.sub(v128.load(value + at), moved));
  }
}

export function applyCenteredRMSProp(
  value: usize, gradient: usize, meanSquare: usize, velocity: usize, mean: usize,
  decay: f32, oneMinusDecay: f32, momentum: f32, epsilon: f32, rate: f32, count: i32,
): void {
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    const slope = v128.load(gradient + at);
    const square = average(v128.load(meanSquare + at), splat(decay), mul(slope, slope), splat(oneMinusDecay));
    const centre = average(v128.load(mean + at), splat(decay), slope, splat(oneMinusDecay));
    const spread = root(f32x4.sub(square, add(mul(centre, centre), splat(epsilon))));
    const moved = add(mul(v128.load(velocity + at), splat(momentum)), div(mul(slope, splat(rate)), spread));
    v128.store(meanSquare + at, square);
    v128.store(mean + at, centre);
    v128.store(velocity + at, moved);
    v128.store(value + at, f32x4.sub(v128.load(value + at), moved));
  }
}

export function applyAdagrad(
  value: usize, gradient: usize, sum: usize, epsilon: f32, minusRate: f32, count: i32,
): void {
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    const slope = v128.load(gradient + at);
    const squares = add(v128.load(sum + at), mul(slope, slope));
    v128.store(sum + at, squares);
    const step = mul(div(slope, root(add(squares, splat(epsilon)))), splat(minusRate));
    v128.store(value + at, add(step, v128.load(value + at)));
  }
}

export function applyAdadelta(
  value: usize, gradient: usize, meanSquare: usize, meanUpdate: usize,
  rho: f32, oneMinusRho: f32, epsilon: f32, minusRate: f32, count: i32,
): void {
  for (let at: usize = 0, end = endOf(count); at < end; at += 16) {
    const slope = v128.load(gradient + at);
    const oldSquare = v128.load(meanSquare + at);
    const oldUpdate = v128.load(meanUpdate + at);
    const square = average(oldSquare, splat(rho), mul(slope, slope), splat(oneMinusRho));
    // tfjs divides by the mean square before this step.
    const scale = div(root(add(oldUpdate, splat(epsilon))), root(add(oldSquare, splat(epsilon))));
    const update = mul(scale, slope);
    v128.store(meanSquare + at, square);
    v128.store(meanUpdate + at, average(oldUpdate, splat(rho), mul(update, update), splat(oneMinusRho)));
    v128.store(value + at, add(mul(update, splat(minusRate)), v128.load(value + at)));
  }
}
