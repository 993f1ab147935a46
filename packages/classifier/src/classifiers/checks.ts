import { type Matrix, validateClasses } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import { checkRows } from '../rows.js';

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
