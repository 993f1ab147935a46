import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';

type Numbers = Float32Array | Float64Array;

/** Columns after which a sum is compared with its limit. */
const stride = 64;

/**
 * The squared distance of row values that begin at `a` and at `b`, in double precision; as four sums,
 * so that no addition waits for the one before.
 *
 * @param limit - Any number above it may be returned for one above it. Default none.
 */
export function squaredDistance(
  values: Numbers,
  a: number,
  others: Numbers,
  b: number,
  columns: number,
  limit = Number.POSITIVE_INFINITY,
): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let column = 0;
  while (column + 4 <= columns) {
    const end = Math.min(columns, column + stride);
    for (; column + 4 <= end; column += 4) {
      const at = a + column;
      const to = b + column;
      const one = values[at]! - others[to]!;
      const two = values[at + 1]! - others[to + 1]!;
      const three = values[at + 2]! - others[to + 2]!;
      const four = values[at + 3]! - others[to + 3]!;
      first += one * one;
      second += two * two;
      third += three * three;
      fourth += four * four;
    }
    const sum = first + second + (third + fourth);
    if (sum > limit) return sum;
  }
  for (; column < columns; column++) first += (values[a + column]! - others[b + column]!) ** 2;
  return first + second + (third + fourth);
}

/**
 * The mean of each column. It is rounded to single precision where that is lost beside the spread of
 * the column, and differences from it are then the same in either precision.
 */
export async function meanOf({ rows, columns, values }: Matrix, work: Work): Promise<Float64Array> {
  const means = new Float64Array(columns);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin, at = begin * columns; row < end; row++) {
      for (let column = 0; column < columns; column++, at++) means[column]! += values[at]!;
    }
  });
  for (let column = 0; column < columns; column++) means[column]! /= rows;
  const rests = new Float64Array(columns);
  const squares = new Float64Array(columns);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin, at = begin * columns; row < end; row++) {
      for (let column = 0; column < columns; column++, at++) {
        const rest = values[at]! - means[column]!;
        rests[column]! += rest;
        squares[column]! += rest * rest;
      }
    }
  });
  return means.map((first, column) => {
    const mean = first + rests[column]! / rows;
    const rounding = mean - Math.fround(mean);
    return rounding * rounding <= (2 ** -24 * squares[column]!) / rows ? Math.fround(mean) : mean;
  });
}

/** The largest distance of a row from a point. */
export async function reachOf(
  { rows, columns, values }: Matrix,
  from: Float64Array,
  work: Work,
): Promise<number> {
  let largest = 0;
  await work.inParts(rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      largest = Math.max(largest, squaredDistance(values, row * columns, from, 0, columns));
    }
  });
  return Math.sqrt(largest);
}

/**
 * The power of two that makes a largest size at most 1 and more than a half. Numbers that are
 * multiplied by it keep all their digits, and neither their squares nor sums of these overflow.
 */
export function scaleFor(largest: number): number {
  if (!(largest > 0)) return 1;
  let scale = 2 ** -Math.ceil(Math.log2(largest));
  if (largest * scale > 1) scale /= 2;
  return scale;
}
