// What the cells of recurrent networks do after their products, in one pass over a step.
import { choose, sigmoid, splat, tanh } from './vector-math';

/** Sigmoid, or 0.2 * x + 0.5 limited to [0, 1]. */
// @ts-ignore: decorator
@inline
function gate(hard: bool, x: v128): v128 {
  if (!hard) return sigmoid(x);
  const line = f32x4.add(splat(0.5), f32x4.mul(splat(0.2), x));
  return f32x4.pmax(f32x4.pmin(line, splat(1)), splat(0));
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
  const fresh = tanh(read(whole, z + 2 * length));
  const output = gate(hard, read(whole, z + 3 * length));
  const carry = f32x4.add(f32x4.mul(forget, read(whole, c)), f32x4.mul(input, fresh));
  write(whole, next, carry);
  write(whole, h, f32x4.mul(output, tanh(carry)));
}

// @ts-ignore: decorator
@inline
function lstmRows(hard: bool, z: usize, c: usize, h: usize, next: usize, rows: i32, units: i32): void {
  const length = <usize>units << 2;
  for (let row = 0; row < rows; row++, z += 3 * length) {
    const end = z + length;
    for (; z + 16 <= end; z += 16, c += 16, h += 16, next += 16) lstmStep(hard, true, z, c, h, next, length);
    for (; z < end; z += 4, c += 4, h += 4, next += 4) lstmStep(hard, false, z, c, h, next, length);
  }
}

/** Rows of four times `units` numbers (input, forget, new, output) and the carry to output and carry. */
export function lstm(z: usize, c: usize, h: usize, next: usize, rows: i32, units: i32, hard: bool): void {
  if (hard) lstmRows(true, z, c, h, next, rows, units);
  else lstmRows(false, z, c, h, next, rows, units);
}

// @ts-ignore: decorator
@inline
function lstmStepGradient(
  hard: bool, whole: bool, dh: usize, dNext: usize, z: usize, c: usize, next: usize, dz: usize, dc: usize, length: usize,
): void {
  const zInput = read(whole, z), zForget = read(whole, z + length), zOutput = read(whole, z + 3 * length);
  const input = gate(hard, zInput);
  const forget = gate(hard, zForget);
  const fresh = tanh(read(whole, z + 2 * length));
  const output = gate(hard, zOutput);
  const shown = tanh(read(whole, next));
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

// @ts-ignore: decorator
@inline
function lstmRowsGradient(
  hard: bool, dh: usize, dNext: usize, z: usize, c: usize, next: usize, dz: usize, dc: usize, rows: i32, units: i32,
): void {
  const length = <usize>units << 2;
  for (let row = 0; row < rows; row++, z += 3 * length, dz += 3 * length) {
    const end = z + length;
    for (; z + 16 <= end; z += 16, dz += 16, dh += 16, dNext += 16, c += 16, next += 16, dc += 16) {
      lstmStepGradient(hard, true, dh, dNext, z, c, next, dz, dc, length);
    }
    for (; z < end; z += 4, dz += 4, dh += 4, dNext += 4, c += 4, next += 4, dc += 4) {
      lstmStepGradient(hard, false, dh, dNext, z, c, next, dz, dc, length);
    }
  }
}

/** The gradients of `z` and of the carry before, from those of the output and of the carry after. */
export function lstmGradient(
  dh: usize, dNext: usize, z: usize, c: usize, next: usize, dz: usize, dc: usize, rows: i32, units: i32, hard: bool,
): void {
  if (hard) lstmRowsGradient(true, dh, dNext, z, c, next, dz, dc, rows, units);
  else lstmRowsGradient(false, dh, dNext, z, c, next, dz, dc, rows, units);
}
