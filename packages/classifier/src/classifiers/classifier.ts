import { NotFittedError } from '@nn-lab/core/errors';
import { type Matrix, validateClasses } from '@nn-lab/core/tables';
import type { Work, WorkOptions } from '@nn-lab/core/work';
import { checkRows } from '../rows.js';

/** What learns to tell classes apart from labelled rows. */
export interface Classifier {
  /**
   * Learns from labelled rows.
   *
   * @param labels - A class a row: whole numbers from 0, of at least two classes, none left out.
   */
  fit(x: Matrix, labels: ArrayLike<number>, options?: WorkOptions): Promise<this>;
  /** The class of each row. */
  predict(x: Matrix, options?: WorkOptions): Promise<Int32Array>;
  /** What was fitted, as plain values for `JSON.stringify`. */
  toJSON(): object;
}

/**
 * Checks what a classifier is to learn from.
 *
 * @returns how many classes there are.
 * @throws InvalidArgumentError when a value is not finite, a label no class number, there is only
 * one class, or a class between has no row.
 * @throws ShapeError when there is not one label a row.
 */
export async function validateTraining(
  x: Matrix,
  labels: ArrayLike<number>,
  work: Work,
): Promise<number> {
  await checkRows(x, { name: 'the training data' }, work);
  return validateClasses(labels, x.rows);
}

/** @throws InvalidArgumentError or ShapeError when rows cannot be classified by what was fitted. */
export function validateQueries(x: Matrix, columns: number, work: Work): Promise<void> {
  return checkRows(x, { columns: { count: columns, of: 'the training data' } }, work);
}

/** What was fitted. @throws NotFittedError when nothing was. */
export function requireFitted<T>(fitted: T | undefined, name: string): T {
  if (fitted === undefined) {
    throw new NotFittedError(`Expected a fitted ${name}, got one without data: call fit first.`);
  }
  return fitted;
}

/** The place of the largest value of each row; of equal ones the first. */
export function largestOfRows(values: ArrayLike<number>, columns: number): Int32Array {
  const places = new Int32Array(values.length / columns);
  for (let row = 0; row < places.length; row++) {
    for (let column = 1; column < columns; column++) {
      const at = row * columns;
      if (values[at + column]! > values[at + places[row]!]!) places[row] = column;
    }
  }
  return places;
}
