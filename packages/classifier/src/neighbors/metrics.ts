import { oneOf } from '@nn-lab/core/checks';
import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import type { RowDistance } from './compare-all.js';
import { squaredDistance } from './distances.js';

/**
 * What the distance of two rows is: the length of their difference (`euclidean`), the sum of its sizes
 * (`manhattan`), or 1 less the cosine of the angle between them (`cosine`), or between what is left of
 * each less its own mean (`correlation`). A row without a direction is at distance 1 from those that
 * have one, and at 0 from others without.
 */
export type Metric = 'euclidean' | 'cosine' | 'correlation' | 'manhattan';

/** How a metric is computed from the rows that {@link rowsIn} gives. */
interface Measure {
  readonly compare: RowDistance;
  /** The distance, from what `compare` gives. */
  readonly distanceOf: (compared: number) => number;
}

/** Squared distances of unit vectors are twice what is wanted. */
const angle: Measure = { compare: squaredDistance, distanceOf: (squared) => squared / 2 };

export const measures: Readonly<Record<Metric, Measure>> = {
  euclidean: { compare: squaredDistance, distanceOf: Math.sqrt },
  cosine: angle,
  correlation: angle,
  manhattan: { compare: manhattanDistance, distanceOf: (sum) => sum },
};

export const metricCheck = oneOf<Metric>('euclidean', 'cosine', 'correlation', 'manhattan');

/** As it is saved: files without one are of the Euclidean distance, as all were before there was a choice. */
export function savedMetric(metric: Metric): { readonly metric?: Metric } {
  return metric === 'euclidean' ? {} : { metric };
}

/**
 * The rows to compare: for `cosine` and `correlation` unit vectors in double precision, and one more
 * column in which rows without a direction have their own. Other metrics take the rows as they are.
 */
export async function rowsIn(metric: Metric, x: Matrix, work: Work): Promise<Matrix> {
  if (metric === 'euclidean' || metric === 'manhattan') return x;
  const { rows, columns } = x;
  const width = columns + 1;
  const values = new Float64Array(rows * width);
  await work.stage('directions', rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      const unit = values.subarray(row * width, (row + 1) * width);
      unit.set(x.values.subarray(row * columns, (row + 1) * columns));
      makeUnit(unit, columns, metric === 'correlation');
    }
  });
  return { rows, columns: width, values };
}

function makeUnit(unit: Float64Array, columns: number, isCentered: boolean): void {
  const before = lengthOf(unit);
  if (isCentered) {
    const mean = unit.reduce((sum, value) => sum + value, 0) / columns;
    for (let column = 0; column < columns; column++) unit[column]! -= mean;
  }
  const length = lengthOf(unit);
  if (length <= rounding * before) {
    unit.fill(0);
    unit[columns] = 1;
  } else {
    for (let column = 0; column < columns; column++) unit[column]! /= length;
  }
}

/** What a mean leaves of equal values is no direction. */
const rounding = 1e-14;

function lengthOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** Of `manhattan`; as four sums, so that no addition waits for the one before. */
function manhattanDistance(...[values, a, others, b, columns, limit]: Parameters<RowDistance>) {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let column = 0;
  while (column + 4 <= columns) {
    for (const end = Math.min(columns, column + 64); column + 4 <= end; column += 4) {
      const at = a + column;
      const to = b + column;
      first += Math.abs(values[at]! - others[to]!);
      second += Math.abs(values[at + 1]! - others[to + 1]!);
      third += Math.abs(values[at + 2]! - others[to + 2]!);
      fourth += Math.abs(values[at + 3]! - others[to + 3]!);
    }
    const sum = first + second + (third + fourth);
    if (sum > limit) return sum;
  }
  for (; column < columns; column++) first += Math.abs(values[a + column]! - others[b + column]!);
  return first + second + (third + fourth);
}
