import { InvalidArgumentError, NotFittedError } from '@nn-lab/core/errors';
import type { WorkOptions } from '@nn-lab/core/work';
import { type Matrix, validateLabels, validateMatrix } from '../matrix.js';

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
export function validateTraining(x: Matrix, labels: ArrayLike<number>): number {
  validateMatrix(x, { name: 'the training data' });
  const classes = validateLabels(labels, x.rows);
  const present = new Uint8Array(classes);
  for (let row = 0; row < x.rows; row++) present[labels[row]!] = 1;
  const absent = present.indexOf(0);
  if (absent >= 0) {
    throw new InvalidArgumentError(
      `Expected labels 0 to ${classes - 1}, each at least once, but no row has label ${absent}. Number the classes without gaps.`,
    );
  }
  if (classes < 2) {
    throw new InvalidArgumentError(
      `Expected rows of at least 2 classes, but all ${x.rows} have label 0: there is nothing to tell apart.`,
    );
  }
  return classes;
}

/** @throws InvalidArgumentError or ShapeError when rows cannot be classified by what was fitted. */
export function validateQueries(x: Matrix, columns: number): void {
  validateMatrix(x, { columns: { count: columns, of: 'the training data' } });
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
