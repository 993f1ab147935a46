// Functions of two tensors with broadcasting. Every case comes down to rows of the output, each
// `columns` long; the elements of an operand along a row lie side by side, or are one and the same
// (`aScalar`, `bScalar`), and from row to row its address moves by `aRow`, `bRow` bytes (0 to repeat).
import { choose, splat } from './vector-math';
import { wrapToInt } from './unary';

// @ts-ignore: decorator
@inline
const ADD: i32 = 0;
// @ts-ignore: decorator
@inline
const SUB: i32 = 1;
// @ts-ignore: decorator
@inline
const MUL: i32 = 2;
// @ts-ignore: decorator
@inline
const DIV: i32 = 3;
// @ts-ignore: decorator
@inline
const MAXIMUM: i32 = 4;
// @ts-ignore: decorator
@inline
const MINIMUM: i32 = 5;
// @ts-ignore: decorator
@inline
const SQUARED_DIFFERENCE: i32 = 6;
// @ts-ignore: decorator
@inline
const PRELU: i32 = 7;
// @ts-ignore: decorator
@inline
const ELU_GRAD: i32 = 8;
// @ts-ignore: decorator
@inline
const EQUAL: i32 = 9;
// @ts-ignore: decorator
@inline
const NOT_EQUAL: i32 = 10;
// @ts-ignore: decorator
@inline
const LESS: i32 = 11;
// @ts-ignore: decorator
@inline
const LESS_EQUAL: i32 = 12;
// @ts-ignore: decorator
@inline
const ADD_INT: i32 = 13;
// @ts-ignore: decorator
@inline
const SUB_INT: i32 = 14;
// @ts-ignore: decorator
@inline
const MUL_INT: i32 = 15;
// @ts-ignore: decorator
@inline
const MAXIMUM_INT: i32 = 16;
// @ts-ignore: decorator
@inline
const MINIMUM_INT: i32 = 17;
// @ts-ignore: decorator
@inline
const SQUARED_DIFFERENCE_INT: i32 = 18;
// @ts-ignore: decorator
@inline
const EQUAL_INT: i32 = 19;
// @ts-ignore: decorator
@inline
const NOT_EQUAL_INT: i32 = 20;
// @ts-ignore: decorator
@inline
const LESS_INT: i32 = 21;
// @ts-ignore: decorator
@inline
const LESS_EQUAL_INT: i32 = 22;
// @ts-ignore: decorator
@inline
const LOGICAL_AND: i32 = 23;
// @ts-ignore: decorator
@inline
const LOGICAL_OR: i32 = 24;
// @ts-ignore: decorator
@inline
const BITWISE_AND: i32 = 25;
// @ts-ignore: decorator
@inline
const POW: i32 = 26;
// @ts-ignore: decorator
@inline
const MOD: i32 = 27;
// @ts-ignore: decorator
@inline
const FLOOR_DIV: i32 = 28;
// @ts-ignore: decorator
@inline
const FLOOR_DIV_INT: i32 = 29;
// @ts-ignore: decorator
@inline
const SQUARE_GRADIENT: i32 = 30;

// @ts-ignore: decorator
@inline
function flag(mask: v128): v128 {
  return v128.and(mask, i32x4.splat(1));
}

// @ts-ignore: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == MAXIMUM) return f32x4.max(a, b);
  if (op == MINIMUM) return f32x4.min(a, b);
  if (op == SQUARED_DIFFERENCE) {
    const difference = f32x4.sub(a, b);
    return f32x4.mul(difference, difference);
  }
  if (op == PRELU) return choose(f32x4.lt(a, splat(0)), f32x4.mul(b, a), a);
  if (op == ELU_GRAD) return choose(f32x4.ge(b, splat(0)), a, f32x4.mul(a, f32x4.add(b, splat(1))));
  if (op == SQUARE_GRADIENT) return f32x4.mul(a, f32x4.add(b, b));
  if (op == EQUAL) return flag(f32x4.eq(a, b));
  if (op == NOT_EQUAL) return flag(f32x4.ne(a, b));
  if (op == LESS) return flag(f32x4.lt(a, b));
  if (op == LESS_EQUAL) return flag(f32x4.le(a, b));
  if (op == ADD_INT) return i32x4.add(a, b);
  if (op == SUB_INT) return i32x4.sub(a, b);
  if (op == MUL_INT) return i32x4.mul(a, b);
  if (op == MAXIMUM_INT) return i32x4.max_s(a, b);
  if (op == MINIMUM_INT) return i32x4.min_s(a, b);
  if (op == SQUARED_DIFFERENCE_INT) {
    const difference = i32x4.sub(a, b);
    return i32x4.mul(difference, difference);
  }
  if (op == EQUAL_INT) return flag(i32x4.eq(a, b));
  if (op == NOT_EQUAL_INT) return flag(i32x4.ne(a, b));
  if (op == LESS_INT) return flag(i32x4.lt_s(a, b));
  if (op == LESS_EQUAL_INT) return flag(i32x4.le_s(a, b));
  if (op == LOGICAL_AND) return flag(v128.and(i32x4.ne(a, i32x4.splat(0)), i32x4.ne(b, i32x4.splat(0))));
  if (op == LOGICAL_OR) return flag(i32x4.ne(v128.or(a, b), i32x4.splat(0)));
  if (op == BITWISE_AND) return v128.and(a, b);
  return lanes(op, a, b);
}

/** What has no vector instruction, lane by lane. */
// @ts-ignore: decorator
@inline
function lanes(op: i32, a: v128, b: v128): v128 {
  let result = i32x4.splat(lane(op, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)));
  result = i32x4.replace_lane(result, 1, lane(op, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)));
  result = i32x4.replace_lane(result, 2, lane(op, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)));
  return i32x4.replace_lane(result, 3, lane(op, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)));
}

/** The bits of the result for the bits of the operands. */
function lane(op: i32, a: i32, b: i32): i32 {
  if (op == POW) return reinterpret<i32>(power(reinterpret<f32>(a), reinterpret<f32>(b)));
  if (op == MOD) return reinterpret<i32>(modulo(reinterpret<f32>(a), reinterpret<f32>(b)));
  if (op == FLOOR_DIV) return wrapToInt(floor(<f64>reinterpret<f32>(a) / <f64>reinterpret<f32>(b)));
  return wrapToInt(floor(<f64>a / <f64>b));
}

/** JavaScript's Math.pow, which differs from C for a base of 1 or -1. */
function power(a: f32, b: f32): f32 {
  if (b != b || (abs(a) == 1 && abs(b) == Infinity)) return NaN;
  return Mathf.pow(a, b);
}

/** The remainder with the sign of the divisor. */
function modulo(a: f32, b: f32): f32 {
  const remainder: f64 = <f64>(a % b);
  if ((a < 0 && b < 0) || (a >= 0 && b >= 0)) return <f32>remainder;
  return <f32>((remainder + <f64>b) % <f64>b);
}

// @ts-ignore: decorator
@inline
function rowsOf(
  op: i32,
  a: usize,
  aRow: isize,
  aScalar: bool,
  b: usize,
  bRow: isize,
  bScalar: bool,
  out: usize,
  rows: i32,
  columns: i32,
): void {
  const length = <usize>columns << 2;
  for (let row = 0; row < rows; row++) {
    const end = out + length;
    const vectorEnd = out + (length & ~15);
    let x = a;
    let y = b;
    if (aScalar) {
      const value = v128.load32_splat(x);
      for (; out < vectorEnd; out += 16, y += 16) v128.store(out, apply(op, value, v128.load(y)));
      for (; out < end; out += 4, y += 4) {
        v128.store32_lane(out, apply(op, value, v128.load32_splat(y)), 0);
      }
    } else if (bScalar) {
      const value = v128.load32_splat(y);
      for (; out < vectorEnd; out += 16, x += 16) v128.store(out, apply(op, v128.load(x), value));
      for (; out < end; out += 4, x += 4) {
        v128.store32_lane(out, apply(op, v128.load32_splat(x), value), 0);
      }
    } else {
      for (; out + 32 <= end; out += 32, x += 32, y += 32) {
        v128.store(out, apply(op, v128.load(x), v128.load(y)));
        v128.store(out, apply(op, v128.load(x, 16), v128.load(y, 16)), 16);
      }
      for (; out < vectorEnd; out += 16, x += 16, y += 16) {
        v128.store(out, apply(op, v128.load(x), v128.load(y)));
      }
      for (; out < end; out += 4, x += 4, y += 4) {
        v128.store32_lane(out, apply(op, v128.load32_splat(x), v128.load32_splat(y)), 0);
      }
    }
    a += aRow;
    b += bRow;
  }
}

export function add(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(ADD, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function sub(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(SUB, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function mul(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(MUL, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function div(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(DIV, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function maximum(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(MAXIMUM, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function minimum(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(MINIMUM, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function squaredDifference(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(SQUARED_DIFFERENCE, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function prelu(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(PRELU, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function eluGrad(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(ELU_GRAD, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

/** a * 2 * b: the gradient of the square of b. */
export function squareGradient(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(SQUARE_GRADIENT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function equal(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(EQUAL, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function notEqual(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(NOT_EQUAL, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function less(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(LESS, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function lessEqual(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(LESS_EQUAL, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function addInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(ADD_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function subInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(SUB_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function mulInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(MUL_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function maximumInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(MAXIMUM_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function minimumInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(MINIMUM_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function squaredDifferenceInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(SQUARED_DIFFERENCE_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function equalInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(EQUAL_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function notEqualInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(NOT_EQUAL_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function lessInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(LESS_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function lessEqualInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(LESS_EQUAL_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function logicalAnd(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(LOGICAL_AND, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function logicalOr(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(LOGICAL_OR, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function bitwiseAnd(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(BITWISE_AND, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function pow(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(POW, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function mod(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(MOD, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function floorDiv(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(FLOOR_DIV, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

export function floorDivInt(
  a: usize, aRow: isize, aScalar: bool, b: usize, bRow: isize, bScalar: bool, out: usize, rows: i32, columns: i32,
): void {
  rowsOf(FLOOR_DIV_INT, a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
}

/** Lanes of `a` where the condition is not 0, of `b` elsewhere. */
export function select(condition: usize, a: usize, b: usize, out: usize, count: i32): void {
  const end = out + (<usize>count << 2);
  for (; out < end; condition += 16, a += 16, b += 16, out += 16) {
    const mask = i32x4.ne(v128.load(condition), i32x4.splat(0));
    v128.store(out, choose(mask, v128.load(a), v128.load(b)));
  }
}
