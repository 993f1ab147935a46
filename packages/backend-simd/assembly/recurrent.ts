// What the cells of recurrent networks do after their products, in one pass over a step. The gates are
// called: inside of the cells they would make the module a tenth longer, and a step hardly faster.
import { choose, sigmoid, splat, tanh } from './vector-math';

/** Sigmoid, or 0.2 * x + 0.5 limited to [0, 1]. */
function gate(hard: bool, x: v128): v128 {
  if (!hard) return sigmoid(x);
  const line = f32x4.add(splat(0.5), f32x4.mul(splat(0.2), x));
  return f32x4.pmax(f32x4.pmin(line, splat(1)), splat(0));
}

function activated(x: v128): v128 {
  return tanh(x);
}

/** The slope of a gate at x, of which its value y is known. */
// @ts-ignore: decorator
@inline
function gateSlope(hard: bool, x: v128, y: v128): v128 {
  if (!hard) return f32x4.mul(y, f32x4.sub(splat(1), y));
  const line = f32x4.add(splat(0.5), f32x4.mul(splat(0.2), x));
  return choose(v128.and(f32x4.ge(line, splat(0)), f32x4.le(line, splat(1))), splat(0.2), splat(0));
}

/** Four numbers, or one for all lanes at the end of a row. */
// @ts-ignore: decorator
@inline
function read(whole: bool, at: usize): v128 {
  return whole ? v128.load(at) : v128.load32_splat(at);
}

// @ts-ignore: decorator
@inline
function write(whole: bool, at: usize, value: v128): void {
  if (whole) v128.store(at, value);
  else v128.store32_lane(at, value, 0);
}

// @ts-ignore: decorator
@inline
function lstmStep(hard: bool, whole: bool, z: usize, c: usize, h: usize, next: usize, length: usize): void {
  const input = gate(hard, read(whole, z));
  const forget = gate(hard, read(whole, z + length));
  const fresh = activated(read(whole, z + 2 * length));
  const output = gate(hard, read(whole, z + 3 * length));
  const carry = f32x4.add(f32x4.mul(forget, read(whole, c)), f32x4.mul(input, fresh));
  write(whole, next, carry);
  write(whole, h, f32x4.mul(output, activated(carry)));
}

/** Rows of four times `units` numbers (input, forget, new, output) and the carry to output and carry. */
export function lstm(z: usize, c: usize, h: usize, next: usize, rows: i32, units: i32, hard: bool): void {
  const length = <usize>units << 2;
  for (let row = 0; row < rows; row++, z += 3 * length) {
    const end = z + length;
    for (; z + 16 <= end; z += 16, c += 16, h += 16, next += 16) lstmStep(hard, true, z, c, h, next, length);
    for (; z < end; z += 4, c += 4, h += 4, next += 4) lstmStep(hard, false, z, c, h, next, length);
  }
}

// @ts-ignore: decorator
@inline
function lstmStepGradient(
  hard: bool, whole: bool, dh: usize, dNext: usize, z: usize, next: usize, c: usize, dz: usize, dc: usize,
  length: usize,
): void {
  const zInput = read(whole, z), zForget = read(whole, z + length), zOutput = read(whole, z + 3 * length);
  const input = gate(hard, zInput);
  const forget = gate(hard, zForget);
  const fresh = activated(read(whole, z + 2 * length));
  const output = gate(hard, zOutput);
  const shown = activated(read(whole, next));
  const dShown = f32x4.mul(read(whole, dh), output);
  const dCarry = f32x4.add(
    read(whole, dNext), f32x4.mul(dShown, f32x4.sub(splat(1), f32x4.mul(shown, shown))),
  );
  const dOutput = f32x4.mul(read(whole, dh), shown);
  write(whole, dz, f32x4.mul(f32x4.mul(dCarry, fresh), gateSlope(hard, zInput, input)));
  write(whole, dz + length, f32x4.mul(f32x4.mul(dCarry, read(whole, c)), gateSlope(hard, zForget, forget)));
  const slope = f32x4.sub(splat(1), f32x4.mul(fresh, fresh));
  write(whole, dz + 2 * length, f32x4.mul(f32x4.mul(dCarry, input), slope));
  write(whole, dz + 3 * length, f32x4.mul(dOutput, gateSlope(hard, zOutput, output)));
  write(whole, dc, f32x4.mul(dCarry, forget));
}

/** The gradients of `z` and of the carry before, from those of the output and of the carry after. */
export function lstmGradient(
  dh: usize, dNext: usize, z: usize, next: usize, c: usize, dz: usize, dc: usize, rows: i32, units: i32, hard: bool,
): void {
  const length = <usize>units << 2;
  for (let row = 0; row < rows; row++, z += 3 * length, dz += 3 * length) {
    const end = z + length;
    for (; z + 16 <= end; z += 16, dz += 16, dh += 16, dNext += 16, c += 16, next += 16, dc += 16) {
      lstmStepGradient(hard, true, dh, dNext, z, next, c, dz, dc, length);
    }
    for (; z < end; z += 4, dz += 4, dh += 4, dNext += 4, c += 4, next += 4, dc += 4) {
      lstmStepGradient(hard, false, dh, dNext, z, next, c, dz, dc, length);
    }
  }
}

/** The output before, as far as the reset gate lets it: x has three blocks of `units`, inner has two. */
export function gruReset(
  x: usize, inner: usize, h: usize, out: usize, rows: i32, units: i32, hard: bool,
): void {
  const length = <usize>units << 2;
  for (let row = 0; row < rows; row++, x += 2 * length, inner += length) {
    const end = x + length;
    for (; x + 16 <= end; x += 16, inner += 16, h += 16, out += 16) gruResetStep(hard, true, x, inner, h, out, length);
    for (; x < end; x += 4, inner += 4, h += 4, out += 4) gruResetStep(hard, false, x, inner, h, out, length);
  }
}

// @ts-ignore: decorator
@inline
function gruResetStep(hard: bool, whole: bool, x: usize, inner: usize, h: usize, out: usize, length: usize): void {
  const reset = gate(hard, f32x4.add(read(whole, x + length), read(whole, inner + length)));
  write(whole, out, f32x4.mul(reset, read(whole, h)));
}

/** The gradients of x, inner and h. */
export function gruResetGradient(
  dy: usize, x: usize, inner: usize, h: usize, dx: usize, dInner: usize, dh: usize, rows: i32, units: i32, hard: bool,
): void {
  const length = <usize>units << 2;
  for (let row = 0; row < rows; row++, x += 2 * length, dx += 2 * length, inner += length, dInner += length) {
    const end = x + length;
    for (; x + 16 <= end; dy += 16, x += 16, inner += 16, h += 16, dx += 16, dInner += 16, dh += 16) {
      gruResetStepGradient(hard, true, dy, x, inner, h, dx, dInner, dh, length);
    }
    for (; x < end; dy += 4, x += 4, inner += 4, h += 4, dx += 4, dInner += 4, dh += 4) {
      gruResetStepGradient(hard, false, dy, x, inner, h, dx, dInner, dh, length);
    }
  }
}

// @ts-ignore: decorator
@inline
function gruResetStepGradient(
  hard: bool, whole: bool, dy: usize, x: usize, inner: usize, h: usize, dx: usize, dInner: usize, dh: usize,
  length: usize,
): void {
  const gradient = read(whole, dy);
  const sum = f32x4.add(read(whole, x + length), read(whole, inner + length));
  const reset = gate(hard, sum);
  const slope = f32x4.mul(f32x4.mul(gradient, read(whole, h)), gateSlope(hard, sum, reset));
  write(whole, dx, splat(0));
  write(whole, dx + length, slope);
  write(whole, dx + 2 * length, splat(0));
  write(whole, dInner, splat(0));
  write(whole, dInner + length, slope);
  write(whole, dh, f32x4.mul(gradient, reset));
}

/** The output of a step: update * h + (1 - update) * tanh(x + recurrent). */
export function gruOutput(
  x: usize, inner: usize, recurrent: usize, h: usize, out: usize, rows: i32, units: i32, hard: bool,
): void {
  const length = <usize>units << 2;
  for (let row = 0; row < rows; row++, x += 2 * length, inner += length) {
    const end = x + length;
    for (; x + 16 <= end; x += 16, inner += 16, recurrent += 16, h += 16, out += 16) {
      gruOutputStep(hard, true, x, inner, recurrent, h, out, length);
    }
    for (; x < end; x += 4, inner += 4, recurrent += 4, h += 4, out += 4) {
      gruOutputStep(hard, false, x, inner, recurrent, h, out, length);
    }
  }
}

// @ts-ignore: decorator
@inline
function gruOutputStep(
  hard: bool, whole: bool, x: usize, inner: usize, recurrent: usize, h: usize, out: usize, length: usize,
): void {
  const update = gate(hard, f32x4.add(read(whole, x), read(whole, inner)));
  const fresh = activated(f32x4.add(read(whole, x + 2 * length), read(whole, recurrent)));
  const kept = f32x4.mul(update, read(whole, h));
  write(whole, out, f32x4.add(kept, f32x4.mul(f32x4.sub(splat(1), update), fresh)));
}

/** The gradients of x, inner, recurrent and h. */
export function gruOutputGradient(
  dy: usize, x: usize, inner: usize, recurrent: usize, h: usize, dx: usize, dInner: usize, dRecurrent: usize, dh: usize,
  rows: i32, units: i32, hard: bool,
): void {
  const length = <usize>units << 2;
  let at: usize = 0;
  for (let row = 0; row < rows; row++, x += 2 * length, dx += 2 * length, inner += length, dInner += length) {
    const end = at + length;
    for (; at + 16 <= end; at += 16, x += 16, dx += 16, inner += 16, dInner += 16) {
      gruOutputStepGradient(
        hard, true, dy + at, x, inner, recurrent + at, h + at, dx, dInner, dRecurrent + at, dh + at, length,
      );
    }
    for (; at < end; at += 4, x += 4, dx += 4, inner += 4, dInner += 4) {
      gruOutputStepGradient(
        hard, false, dy + at, x, inner, recurrent + at, h + at, dx, dInner, dRecurrent + at, dh + at, length,
      );
    }
  }
}

// @ts-ignore: decorator
@inline
function gruOutputStepGradient(
  hard: bool, whole: bool, dy: usize, x: usize, inner: usize, recurrent: usize, h: usize, dx: usize, dInner: usize,
  dRecurrent: usize, dh: usize, length: usize,
): void {
  const gradient = read(whole, dy);
  const sum = f32x4.add(read(whole, x), read(whole, inner));
  const update = gate(hard, sum);
  const fresh = activated(f32x4.add(read(whole, x + 2 * length), read(whole, recurrent)));
  const dUpdate = f32x4.mul(gradient, f32x4.sub(read(whole, h), fresh));
  const slope = f32x4.mul(dUpdate, gateSlope(hard, sum, update));
  const shown = f32x4.mul(gradient, f32x4.sub(splat(1), update));
  const dFresh = f32x4.mul(shown, f32x4.sub(splat(1), f32x4.mul(fresh, fresh)));
  write(whole, dx, slope);
  write(whole, dx + length, splat(0));
  write(whole, dx + 2 * length, dFresh);
  write(whole, dInner, slope);
  write(whole, dInner + length, splat(0));
  write(whole, dRecurrent, dFresh);
  write(whole, dh, f32x4.mul(gradient, update));
}
