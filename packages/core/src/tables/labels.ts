import { InvalidArgumentError, ShapeError } from '../errors.js';
import { describeArgument } from './matrix.js';

/**
 * Checks class labels: one a row, each a whole number from 0.
 *
 * @param classCount - How many classes there are, where some may have no row.
 * @returns how many classes there are: `classCount`, or the highest label and one.
 * @throws ShapeError when there is not one label a row.
 * @throws InvalidArgumentError when a label is not a whole number from 0 to 9999, or to the last class.
 */
export function validateLabels(
  labels: ArrayLike<number>,
  rows: number,
  classCount?: number,
): number {
  if (labels?.length !== rows) {
    throw new ShapeError(`Expected one label a row, ${rows}, got ${labels?.length ?? 'none'}.`);
  }
  const last = (classCount ?? 10_000) - 1;
  let highest = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label > last) {
      const known = classCount === undefined ? '0, 1, 2, ... (at most 9999)' : `from 0 to ${last}`;
      throw new InvalidArgumentError(
        `Expected labels that are class numbers ${known}, got ${describeArgument(label)} for row ${row}. Number your classes, say with classNames.indexOf(name).`,
      );
    }
    if (label > highest) highest = label;
  }
  return classCount ?? highest + 1;
}

/**
 * Checks labels that a classifier is to learn from: those of at least two classes, and no class
 * without a row unless `classCount` says so.
 *
 * @returns how many classes there are, as {@link validateLabels}.
 * @throws as {@link validateLabels}; InvalidArgumentError when there is only one class, or one between
 * has no row.
 */
export function validateClasses(
  labels: ArrayLike<number>,
  rows: number,
  classCount?: number,
): number {
  const classes = validateLabels(labels, rows, classCount);
  const present = new Uint8Array(classes);
  for (let row = 0; row < rows; row++) present[labels[row]!] = 1;
  const absent = present.indexOf(0);
  if (classCount === undefined && absent >= 0) {
    throw new InvalidArgumentError(
      `Expected labels 0 to ${classes - 1}, each at least once, but no row has label ${absent}. Number the classes without gaps.`,
    );
  }
  if (present.indexOf(1) === present.lastIndexOf(1)) {
    throw new InvalidArgumentError(
      `Expected rows of at least 2 classes, but all ${rows} have label ${labels[0]}: there is nothing to tell apart.`,
    );
  }
  return classes;
}
