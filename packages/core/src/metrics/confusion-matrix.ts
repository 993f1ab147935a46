import { checkValue, wholeNumber } from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import { checkLabels, checkSameLength } from './checks.js';

/** How often each class was taken for each other. All arrays are in the order of the classes. */
export interface ConfusionMatrix {
  readonly classNames: readonly string[];
  /** `[actual, predicted]`, row by row: row 2, column 7 counts the twos taken for sevens. */
  readonly counts: Uint32Array;
  /** How many samples were counted. */
  readonly total: number;
  /** The share on the diagonal. */
  readonly accuracy: number;
  /** How many samples each class really has. */
  readonly support: Uint32Array;
  /** The share of right ones among those predicted as the class; NaN when it never is. */
  readonly precision: Float64Array;
  /** The share of right ones among those of the class; NaN when it has none. */
  readonly recall: Float64Array;
  /** The harmonic mean of precision and recall; NaN for a class neither present nor predicted. */
  readonly f1: Float64Array;
  /** Plain rows and numbers, with null where a share is undefined. */
  toJSON(): ConfusionMatrixJson;
}

/** A {@link ConfusionMatrix} as it is written to a file. */
export interface ConfusionMatrixJson {
  readonly classNames: readonly string[];
  /** A row for each actual class. */
  readonly counts: readonly (readonly number[])[];
  readonly total: number;
  readonly accuracy: number;
  readonly precision: readonly (number | null)[];
  readonly recall: readonly (number | null)[];
  readonly f1: readonly (number | null)[];
}

/**
 * Counts which class was taken for which.
 *
 * @param predicted - Class labels, whole numbers from 0.
 * @param actual - As many true labels.
 * @param classes - The classes' names, or how many there are (they are then named by number).
 * @throws InvalidArgumentError when there are no labels, or one is not among the classes.
 * @throws ShapeError when the lengths differ.
 */
export function confusionMatrix(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  classes: number | readonly string[],
): ConfusionMatrix {
  const classNames = namesOf(classes);
  const size = classNames.length;
  checkSameLength(predicted, actual);
  checkLabels(predicted, size, 'predicted');
  checkLabels(actual, size, 'actual');

  const counts = new Uint32Array(size * size);
  for (let index = 0; index < actual.length; index++) {
    counts[actual[index]! * size + predicted[index]!]!++;
  }

  const support = new Uint32Array(size);
  const predictedAs = new Uint32Array(size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const count = counts[row * size + column]!;
      support[row]! += count;
      predictedAs[column]! += count;
    }
  }
  const right = Uint32Array.from({ length: size }, (_, label) => counts[label * size + label]!);
  const total = actual.length;
  const accuracy = right.reduce((sum, count) => sum + count, 0) / total;
  const precision = Float64Array.from(right, (count, label) => count / predictedAs[label]!);
  const recall = Float64Array.from(right, (count, label) => count / support[label]!);
  const f1 = Float64Array.from(
    right,
    (count, label) => (2 * count) / (support[label]! + predictedAs[label]!),
  );

  return {
    classNames,
    counts,
    total,
    accuracy,
    support,
    precision,
    recall,
    f1,
    toJSON: () => ({
      classNames,
      counts: classNames.map((_, row) => Array.from(counts.subarray(row * size, (row + 1) * size))),
      total,
      accuracy,
      precision: Array.from(precision, finiteOrNull),
      recall: Array.from(recall, finiteOrNull),
      f1: Array.from(f1, finiteOrNull),
    }),
  };
}

function namesOf(classes: number | readonly string[]): readonly string[] {
  if (typeof classes === 'number') {
    checkValue('classes', classes, wholeNumber(1));
    return Array.from({ length: classes }, (_, label) => String(label));
  }
  if (classes.length === 0) {
    throw new InvalidArgumentError('Expected at least one class name, got none.');
  }
  return [...classes];
}

function finiteOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
