import {
  callback,
  checkOptions,
  numberList,
  type OptionChecks,
  oneOf,
  positiveNumber,
  someObject,
  wholeNumber,
} from '@nn-lab/core/checks';
import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { type Classifier, largestOfRows, requireFitted } from '@nn-lab/core/models';
import { type Random, RandomState } from '@nn-lab/core/random';
import { type Matrix, validateClasses, validateMatrix } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { averagedRule, batchRule, largest, onlineRule, type Rule } from './rules.js';
import { readPerceptron, type SavedPerceptron, writePerceptron } from './saved.js';
import { createScorer, type Scorer } from './scorer.js';

export type { SavedPerceptron } from './saved.js';

/**
 * How weights are found: by the Adaline rule with one update an epoch (`batch`) or a row (`online`),
 * or by the perceptron rule with averaged weights (`averaged`).
 */
export type PerceptronMethod = 'batch' | 'online' | 'averaged';

/** Options of a {@link Perceptron}. */
export interface PerceptronOptions {
  /** Default `averaged`, which generalises best. */
  readonly method?: PerceptronMethod;
  /** The η of the Adaline rule. Default 0.2. The averaged perceptron has none. */
  readonly learningRate?: number;
  /** Stop after so many epochs without a new best training accuracy. Default 15. Not for `averaged`. */
  readonly patience?: number;
  /** Most epochs. Default 1,000; for `averaged` 10, all of which are run unless one is without mistake. */
  readonly maxEpochs?: number;
  /**
   * Weights to start from, `[features + 1, classes]` row by row, the last row for the bias. Default:
   * N(0, 5) from NumPy's `RandomState(seed)`; for `averaged` zeros, as its rule wants.
   */
  readonly initialWeights?: ArrayLike<number>;
  /** Seed of the default start weights. Default 21. */
  readonly seed?: number;
}

const perceptronChecks: OptionChecks<PerceptronOptions> = {
  method: oneOf('batch', 'online', 'averaged'),
  learningRate: positiveNumber,
  patience: wholeNumber(1),
  maxEpochs: wholeNumber(1),
  initialWeights: numberList,
  seed: wholeNumber(0, 0xffffffff),
};

/** Options of {@link Perceptron.fit}. */
export interface FitOptions extends WorkOptions {
  /** How many classes there are, where some have no row. Default: one more than the largest label. */
  readonly classCount?: number;
  /** Draws a new order of the rows for every epoch. Default: the order they are in. */
  readonly random?: Random;
  /** Rows that are not learned from, whose accuracy is recorded for each epoch. */
  readonly test?: { readonly x: Matrix; readonly labels: ArrayLike<number> };
  /** Told of every epoch, the start weights first as epoch 0. */
  readonly onEpoch?: (record: EpochRecord) => void;
}

const fitChecks: OptionChecks<FitOptions> = {
  ...workChecks,
  classCount: wholeNumber(2),
  random: someObject,
  test: someObject,
  onEpoch: callback,
};

/** An epoch of training. */
export interface EpochRecord {
  /** 0 for the start weights. */
  readonly epoch: number;
  /** Training rows that are right after it. */
  readonly trainCorrect: number;
  /** Test rows that are right after it, where there are any. */
  readonly testCorrect?: number;
  /** Updates it made: errors of a row and class for the Adaline rule, mistakes for the other. */
  readonly updates: number;
}

/** How training went. */
export interface PerceptronTraining {
  /** Epochs that were run. */
  readonly epochs: number;
  /** The epoch whose weights are kept. */
  readonly bestEpoch: number;
  /** Training rows that are right with them. */
  readonly trainCorrect: number;
  /** Why it ended. */
  readonly stopped: 'perfect' | 'patience' | 'epochs';
  /** Every epoch, the start weights first. */
  readonly history: readonly EpochRecord[];
}

/**
 * A layer of one unit a class, each of which scores its class: the largest score decides. For any
 * number of classes and features.
 *
 * @example
 * ```ts
 * const x = matrixOf([[0, 0], [0, 1], [5, 5], [5, 6]]);
 * const perceptron = new Perceptron();
 * await perceptron.fit(x, [0, 0, 1, 1]);
 * await perceptron.predict(matrixOf([[6, 5]])); // Int32Array [1]
 * ```
 */
export class Perceptron implements Classifier {
  static readonly savedType = 'perceptron';

  readonly #options: PerceptronOptions;
  #fitted: Fitted | undefined;
  #training: PerceptronTraining | undefined;

  /** @throws InvalidArgumentError when an option is out of range. */
  constructor(options: PerceptronOptions = {}) {
    checkOptions(options, perceptronChecks);
    this.#options = options;
  }

  /** How its weights are found. */
  get method(): PerceptronMethod {
    return this.#options.method ?? 'averaged';
  }

  /** Classes it tells apart. @throws NotFittedError before `fit`. */
  get classCount(): number {
    return this.#require().classes;
  }

  /** Features it expects. @throws NotFittedError before `fit`. */
  get featureCount(): number {
    return this.#require().features;
  }

  /** A copy of the weights, `[features + 1, classes]`, the bias last. @throws NotFittedError before `fit`. */
  get weights(): Float64Array {
    return this.#require().weights.slice();
  }

  /** How training went. @throws NotFittedError also when it was loaded, not trained. */
  get training(): PerceptronTraining {
    return requireFitted(this.#training, 'perceptron');
  }

  /** Forgets what was learned. */
  dispose(): void {
    this.#fitted = undefined;
    this.#training = undefined;
  }

  /**
   * Learns from labelled rows; what was learned before is forgotten.
   *
   * @param labels - A class a row, whole numbers from 0.
   * @throws InvalidArgumentError when there are no rows, a value is not finite, a label is no class,
   * there is only one class, or training leaves the range of numbers.
   * @throws ShapeError when there is not one label a row, or test rows or start weights do not fit.
   */
  async fit(x: Matrix, labels: ArrayLike<number>, options: FitOptions = {}): Promise<this> {
    checkOptions(options, fitChecks);
    const work = new Work(options);
    validateMatrix(x, { name: 'the training data' });
    const classes = validateClasses(labels, x.rows, options.classCount);
    const scorer = await createScorer(x, classes, work);
    const testScorer =
      options.test && (await createTestScorer(options.test, x.columns, classes, work));
    const targets = Int32Array.from(labels);
    this.#start(scorer);
    const { weights, training } = await this.#train(scorer, targets, options, testScorer, work);
    if (!weights.every(Number.isFinite)) {
      throw new InvalidArgumentError(
        'Training left the range of numbers: scale the features to about -1 to 1, or lower the learningRate.',
      );
    }
    this.#fitted = { classes, features: x.columns, weights: unpadded(weights, scorer) };
    this.#training = training;
    return this;
  }

  /**
   * The raw score of each class for each row, `[rows, classes]`, row by row.
   *
   * @throws NotFittedError before `fit`.
   * @throws ShapeError when the rows have another number of features.
   * @throws InvalidArgumentError when there are no rows or a value is not finite.
   */
  async scores(x: Matrix, options: WorkOptions = {}): Promise<Matrix<Float64Array>> {
    checkOptions(options, workChecks);
    const work = new Work(options);
    const fitted = this.#require();
    validateMatrix(x, { columns: { count: fitted.features, of: 'the training data' } });
    const scores = new Float64Array(x.rows * fitted.classes);
    work.begin('scoring', x.rows);
    for (let first = 0; first < x.rows; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, x.rows - first);
      const scorer = await createScorer(rowsOf(x, first, rows), fitted.classes, work);
      setWeights(scorer, fitted.weights);
      await scorer.scoreAll(work);
      scores.set(unpadded(scorer.scores, scorer), first * fitted.classes);
      await work.reach(first + rows);
    }
    return { rows: x.rows, columns: fitted.classes, values: scores };
  }

  /** The class of the largest score of each row, of equal ones the first. Throws as {@link scores} does. */
  async predict(x: Matrix, options: WorkOptions = {}): Promise<Int32Array> {
    const { values, columns } = await this.scores(x, options);
    return largestOfRows(values, columns);
  }

  /** What was learned, as plain values for `JSON.stringify`. @throws NotFittedError before `fit`. */
  toJSON(): SavedPerceptron {
    return writePerceptron({ method: this.method, ...this.#require() });
  }

  /**
   * A perceptron from what `toJSON` gave.
   *
   * @param source - What the value is from, for errors.
   * @throws DataFormatError when it is something else, or damaged.
   */
  static fromJSON(json: unknown, source = 'the saved perceptron'): Perceptron {
    const { method, ...fitted } = readPerceptron(json, source);
    const perceptron = new Perceptron({ method });
    perceptron.#fitted = fitted;
    return perceptron;
  }

  #require(): Fitted {
    return requireFitted(this.#fitted, 'perceptron');
  }

  #start(scorer: Scorer): void {
    const { initialWeights, seed = 21 } = this.#options;
    const { width, classes } = scorer;
    if (initialWeights) {
      if (initialWeights.length !== width * classes) {
        throw new ShapeError(
          `Expected ${width} x ${classes} initialWeights, a row for each feature and one for the bias, got ${initialWeights.length}.`,
        );
      }
      setWeights(scorer, initialWeights);
    } else if (this.method !== 'averaged') {
      setWeights(scorer, new RandomState(seed).normal(0, 5, [width, classes]));
    }
  }

  async #train(
    scorer: Scorer,
    labels: Int32Array,
    { random, onEpoch, test }: FitOptions,
    testScorer: Scorer | undefined,
    work: Work,
  ): Promise<{ weights: Float64Array; training: PerceptronTraining }> {
    const { method } = this;
    const { learningRate = 0.2, patience = 15 } = this.#options;
    const { maxEpochs = method === 'averaged' ? 10 : 1000 } = this.#options;
    const rule = ruleOf(method, scorer, labels, learningRate);
    const history: EpochRecord[] = [];
    const record = async (epoch: number, updates: number) => {
      const trainCorrect = countRight(scorer, labels);
      const entry = { epoch, trainCorrect, updates };
      if (testScorer) {
        const testCorrect = await countTest(testScorer, test!.labels, scorer, work);
        history.push({ ...entry, testCorrect });
      } else history.push(entry);
      onEpoch?.(history.at(-1)!);
      return trainCorrect;
    };

    work.begin('epochs', maxEpochs);
    await scorer.scoreAll(work);
    const order = Int32Array.from({ length: scorer.rows }, (_, row) => row);
    let best = { epoch: 0, correct: await record(0, 0), weights: scorer.weights.slice() };
    let stopped: PerceptronTraining['stopped'] = 'epochs';
    if (best.correct === scorer.rows) stopped = 'perfect';
    for (let epoch = 1; epoch <= maxEpochs && stopped === 'epochs'; epoch++) {
      random?.shuffle(order);
      const updates = await rule.runEpoch(order, work);
      const correct = await record(epoch, updates);
      await work.reach(epoch);
      if (method === 'averaged' || correct > best.correct) {
        best = { epoch, correct, weights: rule.judged.slice() };
      }
      if (method === 'averaged' ? updates === 0 : correct === scorer.rows) stopped = 'perfect';
      else if (method !== 'averaged' && epoch - best.epoch >= patience) stopped = 'patience';
    }
    return {
      weights: best.weights,
      training: {
        epochs: history.length - 1,
        bestEpoch: best.epoch,
        trainCorrect: best.correct,
        stopped,
        history,
      },
    };
  }
}

interface Fitted {
  readonly classes: number;
  readonly features: number;
  /** `[features + 1, classes]`. */
  readonly weights: Float64Array;
}

/** Rows scored in one piece: a few MiB of them. */
const rowsAtOnce = 4096;

function ruleOf(
  method: PerceptronMethod,
  scorer: Scorer,
  labels: Int32Array,
  learningRate: number,
): Rule {
  if (method === 'averaged') return averagedRule(scorer, labels);
  return method === 'batch'
    ? batchRule(scorer, labels, learningRate)
    : onlineRule(scorer, labels, learningRate);
}

async function createTestScorer(
  { x, labels }: NonNullable<FitOptions['test']>,
  features: number,
  classes: number,
  work: Work,
): Promise<Scorer> {
  validateMatrix(x, {
    name: 'the test rows',
    columns: { count: features, of: 'the training data' },
  });
  if (labels.length !== x.rows) {
    throw new ShapeError(`Expected one label a test row, ${x.rows}, got ${labels.length}.`);
  }
  return createScorer(x, classes, work);
}

/** Rows whose own class has the largest of the scores that are there. */
function countRight({ scores, rows, stride, classes }: Scorer, labels: ArrayLike<number>): number {
  let right = 0;
  for (let row = 0; row < rows; row++) {
    if (largest(scores, row * stride, classes) === labels[row]) right++;
  }
  return right;
}

async function countTest(
  test: Scorer,
  labels: ArrayLike<number>,
  { weights }: Scorer,
  work: Work,
): Promise<number> {
  test.weights.set(weights);
  await test.scoreAll(work);
  return countRight(test, labels);
}

function rowsOf(x: Matrix, first: number, rows: number): Matrix {
  const { columns, values } = x;
  return { rows, columns, values: values.subarray(first * columns, (first + rows) * columns) };
}

function setWeights({ weights, width, stride, classes }: Scorer, from: ArrayLike<number>): void {
  for (let index = 0; index < width; index++) {
    for (let label = 0; label < classes; label++) {
      weights[index * stride + label] = from[index * classes + label]!;
    }
  }
}

/** Rows of `stride` values without what makes them even. */
function unpadded(values: Float64Array, { stride, classes }: Scorer): Float64Array {
  if (stride === classes) return values.slice();
  return values.filter((_, index) => index % stride < classes);
}
