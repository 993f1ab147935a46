import type { Matrix } from '../tables/index.js';
import type { WorkOptions } from '../work.js';
import type { FittedKind, FittedModel } from './fitted.js';

/** What learns to tell classes apart from labeled rows: any one can stand in for any other. */
export interface Classifier extends FittedModel {
  /**
   * Learns from labeled rows; what was learned before is forgotten.
   *
   * @param labels - A class a row: whole numbers from 0, of at least two classes, none left out.
   * @throws InvalidArgumentError or ShapeError when there is nothing to learn from.
   */
  fit(x: Matrix, labels: ArrayLike<number>, options?: WorkOptions): Promise<this>;
  /**
   * The class of each row.
   *
   * @throws NotFittedError, or ShapeError when the rows are not as wide as those learned from.
   */
  predict(x: Matrix, options?: WorkOptions): Promise<Int32Array>;
  /**
   * How much speaks for each class, `[rows, classCount]`: the class of a row is the one of the largest
   * score, of equal ones the first. The scores of one kind do not compare with those of another.
   *
   * @throws as {@link predict}.
   */
  scores(x: Matrix, options?: WorkOptions): Promise<Matrix>;
  /** How many classes it tells apart. @throws NotFittedError */
  readonly classCount: number;
  /** How many columns the rows have. @throws NotFittedError */
  readonly featureCount: number;
  /** Forgets what was learned. */
  dispose(): void;
}

/** The class of a {@link Classifier}, which loads what it saved. */
export type ClassifierKind<Kind extends Classifier = Classifier> = FittedKind<Kind>;

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
