import { checkOptions, type OptionChecks, oneOf, wholeNumber } from '@nn-lab/core/checks';
import { DataFormatError, InvalidArgumentError } from '@nn-lab/core/errors';
import {
  type Classifier,
  decodeFloats,
  decodeRows,
  encodeFloats,
  largestOfRows,
  readSaved,
  requireFitted,
  requireSavedCount,
  type SavedFloats,
  type SavedModel,
  savedModel,
} from '@nn-lab/core/models';
import { type Matrix, validateClasses } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { type Metric, metricCheck, savedMetric } from '../neighbors/metrics.js';
import { nearestRows } from '../neighbors/nearest.js';
import { type Neighbors, validateNeighborCount } from '../neighbors/neighbors.js';
import { validateRows } from '../rows.js';
import { validateQueries, validateTraining } from './checks.js';
import { predictByMlKnn } from './ml-knn-engine.js';

/** How much the vote of a neighbor counts. */
export type KnnWeights = 'uniform' | 'distance';

/** What finds the neighbors. */
export type KnnEngine = 'exact' | 'ml-knn';

/** Options of {@link KnnClassifier}. */
export interface KnnClassifierOptions {
  /** How many neighbors vote. Default 3. */
  readonly k?: number;
  /**
   * `uniform`, the default: every vote counts the same; `distance`: by the inverse of its distance,
   * and where neighbors are at distance 0, only these vote.
   */
  readonly weights?: KnnWeights;
  /** What is near. Default `'euclidean'`. */
  readonly metric?: Metric;
  /**
   * `exact`, the default: brute force on the backend's matrix product. `ml-knn`: the package of that
   * name, a k-d tree in plain JavaScript. It is there to compare with: in more than a few dimensions
   * the tree visits nearly all points one by one (on 1,707 rows of 256 it took over 100 times as long), it resolves even votes by
   * the order of its search, and knows no weights and no other metric.
   */
  readonly engine?: KnnEngine;
}

const knnChecks: OptionChecks<KnnClassifierOptions> = {
  k: wholeNumber(1),
  weights: oneOf('uniform', 'distance'),
  metric: metricCheck,
  engine: oneOf('exact', 'ml-knn'),
};

/** What `KnnClassifier.toJSON` gives. */
export interface SavedKnn extends SavedModel<'knn'> {
  readonly k: number;
  readonly weights: KnnWeights;
  /** If it is not `euclidean`. */
  readonly metric?: Metric;
  readonly engine: KnnEngine;
  readonly rows: number;
  readonly values: SavedFloats;
  readonly labels: SavedFloats;
}

interface FittedKnn {
  readonly x: Matrix;
  readonly labels: Int32Array;
  readonly classes: number;
}

/**
 * The k-nearest-neighbors classifier: a row belongs to the class that most of its k nearest training
 * rows belong to. The rules are scikit-learn's: even votes go to the lower
 * class; of equally near rows, the first in the training data counts as nearer.
 *
 * @example
 * ```ts
 * const classifier = await new KnnClassifier({ k: 3 }).fit(train, labels);
 * const predicted = await classifier.predict(test);
 * ```
 */
export class KnnClassifier implements Classifier {
  static readonly savedType = 'knn';

  readonly #k: number;
  readonly #weights: KnnWeights;
  readonly #metric: Metric;
  readonly #engine: KnnEngine;
  #fitted: FittedKnn | undefined;

  /** @throws InvalidArgumentError for options that there are not, or that `ml-knn` does not know. */
  constructor(options: KnnClassifierOptions = {}) {
    checkOptions(options, knnChecks);
    const { k = 3, weights = 'uniform', metric = 'euclidean', engine = 'exact' } = options;
    for (const [name, known, given] of [
      ['weights', 'uniform', weights],
      ['metric', 'euclidean', metric],
    ]) {
      if (engine === 'exact' || given === known) continue;
      throw new InvalidArgumentError(
        `Expected ${name} '${known}' with the engine ml-knn, which knows no others, got '${given}'. Use the engine 'exact'.`,
      );
    }
    this.#k = k;
    this.#weights = weights;
    this.#metric = metric;
    this.#engine = engine;
  }

  /**
   * Keeps the rows, without a copy.
   *
   * @throws InvalidArgumentError or ShapeError when there is nothing to learn from (see
   * {@link Classifier}), or fewer than k rows.
   */
  async fit(x: Matrix, labels: ArrayLike<number>, options: WorkOptions = {}): Promise<this> {
    checkOptions(options, workChecks);
    const classes = await validateTraining(x, labels, new Work(options));
    validateNeighborCount(this.#k, x.rows);
    this.#fitted = { x, labels: Int32Array.from(labels), classes };
    return this;
  }

  /** @throws NotFittedError, or ShapeError when the rows are not as wide as those learned from. */
  async predict(x: Matrix, options: WorkOptions = {}): Promise<Int32Array> {
    checkOptions(options, workChecks);
    const fitted = requireFitted(this.#fitted, 'k-NN classifier');
    if (this.#engine === 'exact')
      return largestOfRows(await this.#votes(x, options), fitted.classes);
    const work = new Work(options);
    await validateQueries(x, fitted.x.columns, work);
    return predictByMlKnn(fitted.x, fitted.labels, this.#k, x, work);
  }

  /**
   * The votes for each class.
   *
   * @throws as {@link predict}; InvalidArgumentError with the engine `ml-knn`, which does not tell.
   */
  async scores(x: Matrix, options: WorkOptions = {}): Promise<Matrix<Float64Array>> {
    checkOptions(options, workChecks);
    const { classCount } = this;
    return { rows: x.rows, columns: classCount, values: await this.#votes(x, options) };
  }

  get classCount(): number {
    return requireFitted(this.#fitted, 'k-NN classifier').classes;
  }

  get featureCount(): number {
    return requireFitted(this.#fitted, 'k-NN classifier').x.columns;
  }

  dispose(): void {
    this.#fitted = undefined;
  }

  /**
   * The share of the votes that each class has.
   *
   * @returns `[rows, classes]`, each row of sum 1.
   * @throws as {@link predict}; InvalidArgumentError with the engine `ml-knn`, which does not tell.
   */
  async probabilities(x: Matrix, options: WorkOptions = {}): Promise<Matrix> {
    checkOptions(options, workChecks);
    const { classes } = requireFitted(this.#fitted, 'k-NN classifier');
    const votes = await this.#votes(x, options);
    const values = new Float32Array(votes.length);
    for (let start = 0; start < votes.length; start += classes) {
      let sum = 0;
      for (let label = 0; label < classes; label++) sum += votes[start + label]!;
      for (let label = 0; label < classes; label++) {
        values[start + label] = votes[start + label]! / sum;
      }
    }
    return { rows: x.rows, columns: classes, values };
  }

  /**
   * The k nearest training rows of each row, nearest first.
   *
   * @throws as {@link probabilities}.
   */
  async neighbors(x: Matrix, options: WorkOptions = {}): Promise<Neighbors> {
    checkOptions(options, workChecks);
    const { indices, distances } = await this.#nearest(x, options);
    return { indices, distances: Float32Array.from(distances) };
  }

  async #nearest(x: Matrix, options: WorkOptions) {
    const fitted = requireFitted(this.#fitted, 'k-NN classifier');
    if (this.#engine !== 'exact') {
      throw new InvalidArgumentError(
        "Expected the engine 'exact', got 'ml-knn', which gives no distances, neighbors or votes.",
      );
    }
    const work = new Work(options);
    await validateQueries(x, fitted.x.columns, work);
    return nearestRows(fitted.x, x, this.#k, { work, metric: this.#metric });
  }

  /** `[rows, classes]`. */
  async #votes(x: Matrix, options: WorkOptions): Promise<Float64Array> {
    const { indices, distances } = await this.#nearest(x, options);
    const { labels, classes } = requireFitted(this.#fitted, 'k-NN classifier');
    const k = this.#k;
    const votes = new Float64Array(x.rows * classes);
    for (let row = 0; row < x.rows; row++) {
      const coincident = distances[row * k] === 0;
      for (let at = row * k; at < (row + 1) * k; at++) {
        votes[row * classes + labels[indices[at]!]!]! += this.#weight(distances[at]!, coincident);
      }
    }
    return votes;
  }

  #weight(distance: number, coincident: boolean): number {
    if (this.#weights === 'uniform') return 1;
    if (coincident) return distance === 0 ? 1 : 0;
    return 1 / distance;
  }

  /** The options and the training rows, as plain values for `JSON.stringify`. @throws NotFittedError */
  toJSON(): SavedKnn {
    const { x, labels } = requireFitted(this.#fitted, 'k-NN classifier');
    return savedModel('knn', {
      k: this.#k,
      weights: this.#weights,
      ...savedMetric(this.#metric),
      engine: this.#engine,
      rows: x.rows,
      values: encodeFloats(x.values),
      labels: encodeFloats(labels),
    });
  }

  /**
   * What {@link toJSON} gave, fitted again.
   *
   * @param source - Where it is from, for errors.
   * @throws DataFormatError when it is not that, or damaged.
   */
  static fromJSON(json: unknown, source = 'the saved classifier'): KnnClassifier {
    const saved = readSaved<SavedKnn>(json, 'knn', source);
    const rows = requireSavedCount(saved.rows, 1, source);
    const columns = requireSavedCount(saved.values?.length / rows, 1, source);
    const x = { rows, columns, values: decodeRows(saved.values, source, rows * columns) };
    const labels = decodeFloats(saved.labels, Int32Array, source, rows);
    try {
      const { k, weights, metric = 'euclidean', engine } = saved;
      const classifier = new KnnClassifier({
        k: requireSavedCount(k, 1, source),
        weights: `${weights}`,
        metric: `${metric}`,
        engine: `${engine}`,
      });
      validateNeighborCount(saved.k, rows);
      validateRows(x, { name: 'the training data' });
      classifier.#fitted = { x, labels, classes: validateClasses(labels, rows) };
      return classifier;
    } catch (cause) {
      throw new DataFormatError(
        `${source}: the saved model is damaged: ${cause instanceof Error ? cause.message : cause}`,
        { source, cause },
      );
    }
  }
}
