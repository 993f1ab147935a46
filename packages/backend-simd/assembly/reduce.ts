// Reductions of a matrix along its rows, to one number a row, or of a stack of matrices along their
// columns, to one row each. Sums run in single precision over short blocks, whose totals are added
// in double precision: the error does not grow with the length.
import { addToTotals } from './simd';
import { splat } from './vector-math';

// @ts-ignore: decorator
@inline
const BLOCK_BYTES: usize = 4096;
// @ts-ignore: decorator
@inline
const BLOCK_ROWS: i32 = 64;

function sumRow(x: usize, length: usize): f64 {
  let total: f64 = 0;
  const end = x + length;
  while (x < end) {
    const blockEnd = x + min(BLOCK_BYTES, end - x);
    let s0 = splat(0);
    let s1 = splat(0);
    let s2 = splat(0);
    let s3 = splat(0);
    for (; x + 64 <= blockEnd; x += 64) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
    }
    for (; x + 16 <= blockEnd; x += 16) s0 = f32x4.add(s0, v128.load(x));
    s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    const pairs = f64x2.add(
      f64x2.promote_low_f32x4(s0),
      f64x2.promote_low_f32x4(i64x2.shuffle(s0, s0, 1, 0)),
    );
    total += f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
    for (; x < blockEnd; x += 4) total += <f64>load<f32>(x);
  }
  return total;
}

/** The sum of each row over `divisor`. */
export function sumRows(x: usize, out: usize, rows: i32, columns: i32, divisor: f64): void {
  const length = <usize>columns << 2;
  for (let row = 0; row < rows; row++, x += length, out += 4) {
    store<f32>(out, <f32>(sumRow(x, length) / divisor));
  }
}

/** For each of `planes` matrices, the sum of its rows over `divisor`. */
export function sumColumns(x: usize, out: usize, planes: i32, rows: i32, columns: i32, divisor: f64): void {
  const stride = <usize>columns << 2;
  const plane = stride * <usize>rows;
  for (let index = 0; index < planes; index++, x += plane, out += stride) {
    let column: usize = 0;
    for (; column + 32 <= stride; column += 32) sumEight(x + column, out + column, rows, stride, divisor);
    for (; column < stride; column += 4) sumOne(x + column, out + column, rows, stride, divisor);
  }
}

function sumEight(x: usize, out: usize, rows: i32, stride: usize, divisor: f64): void {
  let t0 = f64x2.splat(0);
  let t1 = f64x2.splat(0);
  let t2 = f64x2.splat(0);
  let t3 = f64x2.splat(0);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const end = min(start + BLOCK_ROWS, rows);
    let s0 = splat(0);
    let s1 = splat(0);
    let s2 = splat(0);
    let s3 = splat(0);
    let row = start;
    for (; row + 2 <= end; row += 2) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      x += stride;
      s2 = f32x4.add(s2, v128.load(x));
      s3 = f32x4.add(s3, v128.load(x, 16));
      x += stride;
    }
    if (row < end) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      x += stride;
    }
    s0 = f32x4.add(s0, s2);
    s1 = f32x4.add(s1, s3);
    t0 = f64x2.add(t0, f64x2.promote_low_f32x4(s0));
    t1 = f64x2.add(t1, f64x2.promote_low_f32x4(i64x2.shuffle(s0, s0, 1, 0)));
    t2 = f64x2.add(t2, f64x2.promote_low_f32x4(s1));
    t3 = f64x2.add(t3, f64x2.promote_low_f32x4(i64x2.shuffle(s1, s1, 1, 0)));
  }
  const d = f64x2.splat(divisor);
  const low = i64x2.shuffle(
    f32x4.demote_f64x2_zero(f64x2.div(t0, d)), f32x4.demote_f64x2_zero(f64x2.div(t1, d)), 0, 2,
  );
  const high = i64x2.shuffle(
    f32x4.demote_f64x2_zero(f64x2.div(t2, d)), f32x4.demote_f64x2_zero(f64x2.div(t3, d)), 0, 2,
  );
  v128.store(out, low);
  v128.store(out, high, 16);
}

function sumOne(x: usize, out: usize, rows: i32, stride: usize, divisor: f64): void {
  let total: f64 = 0;
  for (let row = 0; row < rows; row++, x += stride) total += <f64>load<f32>(x);
  store<f32>(out, <f32>(total / divisor));
}

/** The sum of `count` numbers into the double at `total`. */
export function sumPart(x: usize, total: usize, count: i32): void {
  store<f64>(total, sumRow(x, <usize>count << 2));
}

/**
 * The sums of the columns into `columns * joined` doubles: those of column c are to be added from
 * `totals[c]`, `totals[columns + c]` and so on, since `joined` rows are summed as one.
 */
export function sumColumnsPart(x: usize, totals: usize, rows: i32, columns: i32, joined: i32): void {
  const width = <usize>(columns * joined) << 2;
  memory.fill(totals, 0, width << 1);
  const end = x + <usize>(rows * columns << 2);
  const groups = rows / joined;
  for (let group = 0; group < groups; group += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, groups - group);
    let at: usize = 0;
    for (; at + 64 <= width; at += 64) addSixteen(x + at, totals + (at << 1), count, width);
    for (; at + 16 <= width; at += 16) addFour(x + at, totals + (at << 1), count, width);
    for (; at < width; at += 4) addOne(x + at, totals + (at << 1), count, width);
    x += <usize>count * width;
  }
  for (; x < end; x += 4, totals += 8) store<f64>(totals, load<f64>(totals) + <f64>load<f32>(x));
}

function addSixteen(x: usize, totals: usize, rows: i32, stride: usize): void {
  let s0 = splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let row = 0; row < rows; row++, x += stride) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
  }
  addToTotals(totals, s0);
  addToTotals(totals + 32, s1);
  addToTotals(totals + 64, s2);
  addToTotals(totals + 96, s3);
}

function addFour(x: usize, totals: usize, rows: i32, stride: usize): void {
  let sums = splat(0);
  for (let row = 0; row < rows; row++, x += stride) sums = f32x4.add(sums, v128.load(x));
  addToTotals(totals, sums);
}

function addOne(x: usize, totals: usize, rows: i32, stride: usize): void {
  let sum = load<f64>(totals);
  for (let row = 0; row < rows; row++, x += stride) sum += <f64>load<f32>(x);
  store<f64>(totals, sum);
}

/**
 * What `sumPart` and `sumColumnsPart` have left, added in order: out[c] is the sum over `parts` lists
 * of `stride` doubles, and in each over `joined` rows of `columns`, over `divisor`.
 */
export function sumTotals(
  totals: usize, out: usize, parts: i32, stride: i32, columns: i32, joined: i32, divisor: f64,
): void {
  for (let column = 0; column < columns; column++, totals += 8, out += 4) {
    let sum: f64 = 0;
    for (let part = 0; part < parts; part++) {
      for (let row = 0; row < joined; row++) {
        sum += load<f64>(totals + (<usize>(part * stride + row * columns) << 3));
      }
    }
    store<f32>(out, <f32>(sum / divisor));
  }
}

export function sumRowsInt(x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let total = i32x4.splat(0);
    const end = x + (<usize>columns << 2);
    for (; x + 16 <= end; x += 16) total = i32x4.add(total, v128.load(x));
    let sum = i32x4.extract_lane(total, 0) + i32x4.extract_lane(total, 1) +
      i32x4.extract_lane(total, 2) + i32x4.extract_lane(total, 3);
    for (; x < end; x += 4) sum += load<i32>(x);
    store<i32>(out, sum);
  }
}

export function prodRows(x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let product: f64 = 1;
    for (let column = 0; column < columns; column++, x += 4) product *= <f64>load<f32>(x);
    store<f32>(out, <f32>product);
  }
}

export function prodRowsInt(x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let product = 1;
    for (let column = 0; column < columns; column++, x += 4) product *= load<i32>(x);
    store<i32>(out, product);
  }
}

// @ts-ignore: decorator
@inline
const MAX: i32 = 0;
// @ts-ignore: decorator
@inline
const MIN: i32 = 1;
// @ts-ignore: decorator
@inline
const MAX_INT: i32 = 2;
// @ts-ignore: decorator
@inline
const MIN_INT: i32 = 3;

// @ts-ignore: decorator
@inline
function better(op: i32, a: v128, b: v128): v128 {
  if (op == MAX) return f32x4.max(a, b);
  if (op == MIN) return f32x4.min(a, b);
  if (op == MAX_INT) return i32x4.max_s(a, b);
  return i32x4.min_s(a, b);
}

// @ts-ignore: decorator
@inline
function extremeRows(op: i32, x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    const end = x + (<usize>columns << 2);
    let best = v128.load32_splat(x);
    let other = best;
    for (; x + 32 <= end; x += 32) {
      best = better(op, best, v128.load(x));
      other = better(op, other, v128.load(x, 16));
    }
    for (; x < end; x += 4) best = better(op, best, v128.load32_splat(x));
    best = better(op, best, other);
    best = better(op, best, i32x4.shuffle(best, best, 2, 3, 0, 1));
    best = better(op, best, i32x4.shuffle(best, best, 1, 0, 3, 2));
    v128.store32_lane(out, best, 0);
  }
}

// @ts-ignore: decorator
@inline
function extremeColumns(op: i32, x: usize, out: usize, planes: i32, rows: i32, columns: i32): void {
  const stride = <usize>columns << 2;
  for (let plane = 0; plane < planes; plane++, out += stride) {
    memory.copy(out, x, stride);
    x += stride;
    for (let row = 1; row < rows; row++, x += stride) {
      let column: usize = 0;
      for (; column + 16 <= stride; column += 16) {
        v128.store(out + column, better(op, v128.load(out + column), v128.load(x + column)));
      }
      for (; column < stride; column += 4) {
        const best = better(op, v128.load32_splat(out + column), v128.load32_splat(x + column));
        v128.store32_lane(out + column, best, 0);
      }
    }
  }
}

export function maxRows(x: usize, out: usize, rows: i32, columns: i32): void {
  extremeRows(MAX, x, out, rows, columns);
}

export function minRows(x: usize, out: usize, rows: i32, columns: i32): void {
  extremeRows(MIN, x, out, rows, columns);
}

export function maxRowsInt(x: usize, out: usize, rows: i32, columns: i32): void {
  extremeRows(MAX_INT, x, out, rows, columns);
}

export function minRowsInt(x: usize, out: usize, rows: i32, columns: i32): void {
  extremeRows(MIN_INT, x, out, rows, columns);
}

export function maxColumns(x: usize, out: usize, planes: i32, rows: i32, columns: i32): void {
  extremeColumns(MAX, x, out, planes, rows, columns);
}

export function minColumns(x: usize, out: usize, planes: i32, rows: i32, columns: i32): void {
  extremeColumns(MIN, x, out, planes, rows, columns);
}

/** The index of the first greatest element of each row; a row that starts with NaN gives 0. */
export function argMaxRows(x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let best = load<f32>(x);
    let index = 0;
    for (let column = 0; column < columns; column++, x += 4) {
      const value = load<f32>(x);
      if (value > best) {
        best = value;
        index = column;
      }
    }
    store<i32>(out, index);
  }
}

export function argMinRows(x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let best = load<f32>(x);
    let index = 0;
    for (let column = 0; column < columns; column++, x += 4) {
      const value = load<f32>(x);
      if (value < best) {
        best = value;
        index = column;
      }
    }
    store<i32>(out, index);
  }
}

export function argMaxRowsInt(x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let best = load<i32>(x);
    let index = 0;
    for (let column = 0; column < columns; column++, x += 4) {
      const value = load<i32>(x);
      if (value > best) {
        best = value;
        index = column;
      }
    }
    store<i32>(out, index);
  }
}

export function argMinRowsInt(x: usize, out: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let best = load<i32>(x);
    let index = 0;
    for (let column = 0; column < columns; column++, x += 4) {
      const value = load<i32>(x);
      if (value < best) {
        best = value;
        index = column;
      }
    }
    store<i32>(out, index);
  }
}

// @ts-ignore: decorator
@inline
function accumulate<T>(
  product: bool, x: usize, out: usize, planes: i32, rows: i32, columns: i32, exclusive: bool, reverse: bool,
): void {
  const stride = <isize>columns << 2;
  const plane = stride * <isize>rows;
  const step = reverse ? -stride : stride;
  const first = reverse ? plane - stride : <isize>0;
  for (let index = 0; index < planes; index++, x += plane, out += plane) {
    for (let column: isize = 0; column < stride; column += 4) {
      let from = x + first + column;
      let to = out + first + column;
      let total: T = product ? <T>1 : <T>0;
      for (let row = 0; row < rows; row++, from += step, to += step) {
        const next: T = product ? total * load<T>(from) : total + load<T>(from);
        store<T>(to, exclusive ? total : next);
        total = next;
      }
    }
  }
}

/** Running sums down the columns of each of `planes` matrices. */
export function cumsum(
  x: usize, out: usize, planes: i32, rows: i32, columns: i32, exclusive: bool, reverse: bool,
): void {
  accumulate<f32>(false, x, out, planes, rows, columns, exclusive, reverse);
}

export function cumsumInt(
  x: usize, out: usize, planes: i32, rows: i32, columns: i32, exclusive: bool, reverse: bool,
): void {
  accumulate<i32>(false, x, out, planes, rows, columns, exclusive, reverse);
}

export function cumprod(
  x: usize, out: usize, planes: i32, rows: i32, columns: i32, exclusive: bool, reverse: bool,
): void {
  accumulate<f32>(true, x, out, planes, rows, columns, exclusive, reverse);
}

export function cumprodInt(
  x: usize, out: usize, planes: i32, rows: i32, columns: i32, exclusive: bool, reverse: bool,
): void {
  accumulate<i32>(true, x, out, planes, rows, columns, exclusive, reverse);
}

/** Whether none of `count` numbers is infinite or NaN. */
export function areFinite(x: usize, count: i32): bool {
  const exponent = i32x4.splat(0x7f800000);
  const end = x + (<usize>count << 2);
  let found = i32x4.splat(0);
  for (; x + 16 <= end; x += 16) {
    found = v128.or(found, i32x4.eq(v128.and(v128.load(x), exponent), exponent));
  }
  for (; x < end; x += 4) {
    const last = v128.load32_splat(x);
    found = v128.or(found, i32x4.eq(v128.and(last, exponent), exponent));
  }
  return !v128.any_true(found);
}
