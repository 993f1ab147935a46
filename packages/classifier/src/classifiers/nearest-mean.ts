import { checkOptions } from '@nn-lab/core/checks';
import {
  type Classifier,
  decodeFloats,
  encodeFloats,
  largestOfRows,
  readSaved,
  requireFitted,
  requireSavedCount,
  type SavedFloats,
  type SavedModel,
  savedModel,
} from '@nn-lab/core/models';
import type { Matrix } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { validateQueries, validateTraining } from './checks.js';

/** What `NearestMeanClassifier.toJSON` gives. */
export interface SavedNearestMean extends SavedModel<'nearest-mean'> {
  readonly classes: number;
  readonly means: SavedFloats;
}

/** Two classes and the distance of their means. */
export interface ClassPair {
  /** The class numbers, the lower first. */
  readonly classes: readonly [number, number];
  readonly distance: number;
}

interface Means {
  readonly classes: number;
  readonly columns: number;
  /** `[classes, columns]`. */
  readonly values: Float64Array;
}

/**
 * The nearest-mean classifier (the course's "distance" classifier): a row belongs to the class whose
 * mean is nearest by Euclidean distance; of equally near ones, to the one of lower number.
 *
 * @example
 * ```ts
 * const classifier = await new NearestMeanClassifier().fit(train, labels);
 * const predicted = await classifier.predict(test);
 * ```
 */
export class NearestMeanClassifier implements Classifier {
  static readonly savedType = 'nearest-mean';

  #means: Means | undefined;

  /** @throws InvalidArgumentError or ShapeError when there is nothing to learn from; see {@link Classifier}. */
  async fit(x: Matrix, labels: ArrayLike<number>, options: WorkOptions = {}): Promise<this> {
    checkOptions(options, workChecks);
    const work = new Work(options);
    const classes = await validateTraining(x, labels, work);
    const values = await meansOf(x, labels, classes, work);
    this.#means = { classes, columns: x.columns, values };
    return this;
  }

  /** @throws NotFittedError, or ShapeError when the rows are not as wide as those learned from. */
  async predict(x: Matrix, options: WorkOptions = {}): Promise<Int32Array> {
    const { values, columns } = await this.scores(x, options);
    return largestOfRows(values, columns);
  }

  /**
   * The squared distances to the means, negated.
   *
   * @throws as {@link predict}.
   */
  async scores(x: Matrix, options: WorkOptions = {}): Promise<Matrix<Float64Array>> {
    checkOptions(options, workChecks);
    const work = new Work(options);
    const means = requireFitted(this.#means, 'nearest-mean classifier');
    await validateQueries(x, means.columns, work);
    const { classes, columns, values } = means;
    const scores = new Float64Array(x.rows * classes);
    await work.stage('predicting', x.rows, (begin, end) => {
      for (let row = begin; row < end; row++) {
        for (let label = 0; label < classes; label++) {
          const square = squaredDistance(x.values, row * columns, values, label * columns, columns);
          scores[row * classes + label] = -square;
        }
      }
    });
    return { rows: x.rows, columns: classes, values: scores };
  }

  get classCount(): number {
    return requireFitted(this.#means, 'nearest-mean classifier').classes;
  }

  get featureCount(): number {
    return requireFitted(this.#means, 'nearest-mean classifier').columns;
  }

  dispose(): void {
    this.#means = undefined;
  }

  /** `[classes, columns]`: the mean of each class. @throws NotFittedError */
  get means(): Matrix {
    const { classes, columns, values } = requireFitted(this.#means, 'nearest-mean classifier');
    return { rows: classes, columns, values: Float32Array.from(values) };
  }

  /** The Euclidean distances between the means: a row and a column a class. @throws NotFittedError */
  meanDistances(): Float64Array[] {
    const { classes, columns, values } = requireFitted(this.#means, 'nearest-mean classifier');
    return Array.from({ length: classes }, (_, a) =>
      Float64Array.from({ length: classes }, (_, b) =>
        Math.sqrt(squaredDistance(values, a * columns, values, b * columns, columns)),
      ),
    );
  }

  /** All pairs of classes, the hardest to separate (of nearest means) first. @throws NotFittedError */
  pairsByDistance(): ClassPair[] {
    const distances = this.meanDistances();
    return distances
      .flatMap((row, a) =>
        Array.from(
          row.subarray(a + 1),
          (distance, i): ClassPair => ({
            classes: [a, a + 1 + i],
            distance,
          }),
        ),
      )
      .sort((a, b) => a.distance - b.distance);
  }

  /** What was fitted, as plain values for `JSON.stringify`. @throws NotFittedError */
  toJSON(): SavedNearestMean {
    const { classes, values } = requireFitted(this.#means, 'nearest-mean classifier');
    return savedModel('nearest-mean', { classes, means: encodeFloats(values) });
  }

  /**
   * What {@link toJSON} gave, fitted again.
   *
   * @param source - Where it is from, for errors.
   * @throws DataFormatError when it is not that, or damaged.
   */
  static fromJSON(json: unknown, source = 'the saved classifier'): NearestMeanClassifier {
    const saved = readSaved<SavedNearestMean>(json, 'nearest-mean', source);
    const classes = requireSavedCount(saved.classes, 2, source);
    const columns = requireSavedCount(saved.means?.length / classes, 1, source);
    const values = decodeFloats(saved.means, Float64Array, source);
    const classifier = new NearestMeanClassifier();
    classifier.#means = { classes, columns, values };
    return classifier;
  }
}

async function meansOf(
  { rows, columns, values }: Matrix,
  labels: ArrayLike<number>,
  classes: number,
  work: Work,
): Promise<Float64Array> {
  const means = new Float64Array(classes * columns);
  const counts = new Uint32Array(classes);
  await work.stage('means', rows, (begin, end) => {
    for (let row = begin, at = begin * columns; row < end; row++) {
      const label = labels[row]!;
      counts[label]!++;
      for (let column = 0, to = label * columns; column < columns; column++, at++, to++) {
        means[to]! += values[at]!;
      }
    }
  });
  return means.map((sum, at) => sum / counts[Math.floor(at / columns)]!);
}

function squaredDistance(
  a: Float32Array | Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  columns: number,
): number {
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    const difference = a[i + column]! - b[j + column]!;
    sum += difference * difference;
  }
  return sum;
}
