import { InvalidArgumentError, NotFittedError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import * as tf from '@tensorflow/tfjs';
import { PCA as MlPca } from 'ml-pca';
import { meanOf } from '../knn/distance-blocks.js';
import { type Matrix, validateMatrix } from '../matrix.js';
import {
  decodeFloats,
  encodeFloats,
  readSaved,
  type SavedFloats,
  type SavedModel,
  savedModel,
} from '../saved.js';
import { covarianceOf } from './covariance.js';
import { type Eigenpairs, leadingEigenpairs, orthonormalize } from './leading-eigenvectors.js';

/** Options of {@link Pca}. */
export interface PcaOptions {
  /** How many components to keep. Default: all, `min(rows - 1, columns)`. */
  readonly components?: number;
}

/** What `Pca.toJSON` gives. */
export interface SavedPca extends SavedModel<'pca'> {
  readonly totalVariance: SavedFloats;
  readonly mean: SavedFloats;
  readonly components: SavedFloats;
  readonly explainedVariance: SavedFloats;
}

interface FittedPca {
  readonly totalVariance: number;
  readonly mean: Float32Array;
  readonly components: Matrix;
  readonly explainedVariance: Float64Array;
}

/** Above so many rows of values a transform is cut into blocks. */
const rowsPerBlock = 8192;

/**
 * Principal component analysis: the directions in which the data vary most, as
 * `sklearn.decomposition.PCA` has them.
 *
 * The covariance matrix is the backend's work. For most of its eigenvectors `ml-pca` decomposes it;
 * for a few leading ones a block Krylov method of our own is far faster (see the README). The sign
 * of a component is such that its entry of largest size is positive, so that results repeat.
 *
 * @example
 * ```ts
 * const pca = await new Pca({ components: 2 }).fit(train);
 * const map = await pca.transform(test); // [rows, 2]
 * ```
 */
export class Pca {
  readonly #options: PcaOptions;
  #fitted: FittedPca | undefined;

  /** @throws InvalidArgumentError for a number of components that there cannot be. */
  constructor(options: PcaOptions = {}) {
    const { components } = options;
    if (components !== undefined && !(Number.isInteger(components) && components >= 1)) {
      throw new InvalidArgumentError(
        `Expected components to be a whole number from 1, got ${components}.`,
      );
    }
    this.#options = { ...options };
  }

  /**
   * Finds the components of the rows.
   *
   * @throws InvalidArgumentError when there are fewer than 2 rows, a value is not finite, all rows
   * are the same, or more components are asked for than there are.
   */
  async fit(x: Matrix): Promise<this> {
    validateMatrix(x, { minimumRows: 2 });
    const available = Math.min(x.rows - 1, x.columns);
    const { components: count = available } = this.#options;
    if (count > available) {
      throw new InvalidArgumentError(
        `Expected components of at most ${available} for ${x.rows} rows of ${x.columns} columns, got ${count}.`,
      );
    }
    const mean = meanOf(x);
    const wide = x.columns > 1024 && x.rows < x.columns / 2;
    const { totalVariance, pairs } = await (wide ? ofWideRows : ofTallRows)(x, mean, count);
    if (!(totalVariance > 0)) {
      throw new InvalidArgumentError(
        `Expected rows that differ from each other, got ${x.rows} equal ones: they have no direction of variance.`,
      );
    }
    this.#fitted = {
      totalVariance,
      mean,
      components: { rows: count, columns: x.columns, values: signed(pairs.vectors, x.columns) },
      explainedVariance: pairs.values.map((value) => Math.max(0, value)),
    };
    return this;
  }

  /** The mean of each column. @throws NotFittedError */
  get mean(): Float32Array {
    return this.#require().mean;
  }

  /** `[components, columns]`: orthonormal rows, the one of most variance first. @throws NotFittedError */
  get components(): Matrix {
    return this.#require().components;
  }

  /** The variance along each component, with `rows - 1` degrees of freedom. @throws NotFittedError */
  get explainedVariance(): Float64Array {
    return this.#require().explainedVariance;
  }

  /** The share of all variance along each component. @throws NotFittedError */
  get explainedVarianceRatio(): Float64Array {
    const { explainedVariance, totalVariance } = this.#require();
    return explainedVariance.map((variance) => variance / totalVariance);
  }

  /**
   * The rows in the coordinates of the components.
   *
   * @returns `[rows, components]`.
   * @throws ShapeError when the rows are not as wide as those fitted.
   */
  async transform(x: Matrix): Promise<Matrix> {
    const { mean, components } = this.#require();
    validateMatrix(x, { columns: { count: mean.length, of: 'the rows that were fitted' } });
    return this.#multiply(x, components.rows, (rows) => {
      const centred = tf.sub(rows, tf.tensor1d(mean));
      return tf.matMul(centred as tf.Tensor2D, this.#components(), false, true);
    });
  }

  /**
   * Rows as they were before {@link transform}, but for what lies outside of the components.
   *
   * @param x - `[rows, components]`.
   * @returns `[rows, columns]`.
   * @throws ShapeError when the rows have not as many values as there are components.
   */
  async inverseTransform(x: Matrix): Promise<Matrix> {
    const { mean, components } = this.#require();
    validateMatrix(x, { columns: { count: components.rows, of: 'there are components' } });
    return this.#multiply(x, mean.length, (rows) =>
      tf.add(tf.matMul(rows, this.#components()), tf.tensor1d(mean)),
    );
  }

  /** What was fitted, as plain values for `JSON.stringify`. @throws NotFittedError */
  toJSON(): SavedPca {
    const { totalVariance, mean, components, explainedVariance } = this.#require();
    return savedModel('pca', {
      totalVariance: encodeFloats(Float64Array.of(totalVariance)),
      mean: encodeFloats(mean),
      components: encodeFloats(components.values),
      explainedVariance: encodeFloats(explainedVariance),
    });
  }

  /**
   * What {@link toJSON} gave, fitted again.
   *
   * @param source - Where it is from, for errors.
   * @throws DataFormatError when it is not that, or damaged.
   */
  static fromJSON(json: unknown, source = 'the saved PCA'): Pca {
    const saved = readSaved<SavedPca>(json, 'pca', source);
    const mean = decodeFloats(saved.mean, Float32Array, source);
    const explainedVariance = decodeFloats(saved.explainedVariance, Float64Array, source);
    const count = explainedVariance.length;
    const components = decodeFloats(saved.components, Float32Array, source, count * mean.length);
    const pca = new Pca({ components: count });
    pca.#fitted = {
      totalVariance: decodeFloats(saved.totalVariance, Float64Array, source, 1)[0]!,
      mean,
      components: { rows: count, columns: mean.length, values: components },
      explainedVariance,
    };
    return pca;
  }

  #require(): FittedPca {
    if (!this.#fitted) {
      throw new NotFittedError('Expected a fitted PCA, got one without data: call fit first.');
    }
    return this.#fitted;
  }

  #components(): tf.Tensor2D {
    const { rows, columns, values } = this.#require().components;
    return tf.tensor2d(values, [rows, columns]);
  }

  async #multiply(
    x: Matrix,
    columns: number,
    product: (rows: tf.Tensor2D) => tf.Tensor,
  ): Promise<Matrix> {
    const values = new Float32Array(x.rows * columns);
    for (let start = 0; start < x.rows; start += rowsPerBlock) {
      const end = Math.min(x.rows, start + rowsPerBlock);
      const block = x.values.subarray(start * x.columns, end * x.columns);
      const result = tf.tidy(() => product(tf.tensor2d(block, [end - start, x.columns])));
      values.set((await result.data()) as Float32Array, start * columns);
      result.dispose();
    }
    return { rows: x.rows, columns, values };
  }
}

interface Spectrum {
  readonly totalVariance: number;
  readonly pairs: Eigenpairs;
}

async function ofTallRows(x: Matrix, mean: Float32Array, count: number): Promise<Spectrum> {
  const covariance = await covarianceOf(x, mean);
  const totalVariance = traceOf(covariance, x.columns);
  return { totalVariance, pairs: eigenpairs(covariance, x.columns, count) };
}

/**
 * For fewer rows than columns: the eigenvectors u of `X X'` give those of `X' X` as `X' u`. Where
 * nothing is left of the variance, any direction orthogonal to the rest is as good.
 */
async function ofWideRows(x: Matrix, mean: Float32Array, count: number): Promise<Spectrum> {
  const { rows, columns, values } = x;
  const transposed = new Float32Array(values.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      transposed[column * rows + row] = values[at]! - mean[column]!;
    }
  }
  const gram = await covarianceOf(
    { rows: columns, columns: rows, values: transposed },
    new Float32Array(rows),
  );
  for (let at = 0; at < gram.length; at++) gram[at]! *= (columns - 1) / (rows - 1);
  const { values: variances, vectors: left } = eigenpairs(gram, rows, count);
  const vectors = new Float64Array(count * columns);
  const random = createRandom(0).fork('completion');
  for (let pair = 0; pair < count; pair++) {
    const vector = new Float64Array(columns);
    for (let column = 0, at = 0; column < columns; column++) {
      let sum = 0;
      for (let row = 0; row < rows; row++, at++) {
        sum += transposed[at]! * left[pair * rows + row]!;
      }
      vector[column] = sum;
    }
    if (variances[pair]! <= 1e-10 * variances[0]!) vector.fill(0);
    orthonormalize(vector, vectors, pair, random);
    vectors.set(vector, pair * columns);
  }
  return { totalVariance: traceOf(gram, rows), pairs: { values: variances, vectors } };
}

/** Few leading pairs by the block Krylov method, most or all of them by ml-pca. */
function eigenpairs(covariance: Float64Array, size: number, count: number): Eigenpairs {
  if (size > 100 && count <= size / 8) return leadingEigenpairs(covariance, size, count);
  const rows = Array.from({ length: size }, (_, row) =>
    Array.from(covariance.subarray(row * size, (row + 1) * size)),
  );
  const pca = new MlPca(rows, { isCovarianceMatrix: true, center: false });
  const vectors = new Float64Array(count * size);
  const columns = pca.getEigenvectors();
  for (let pair = 0; pair < count; pair++) {
    for (let at = 0; at < size; at++) vectors[pair * size + at] = columns.get(at, pair);
  }
  return { values: Float64Array.from(pca.getEigenvalues().slice(0, count)), vectors };
}

/** Each vector with the sign that makes its entry of largest size positive. */
function signed(vectors: Float64Array, columns: number): Float32Array {
  const result = Float32Array.from(vectors);
  for (let start = 0; start < result.length; start += columns) {
    const vector = result.subarray(start, start + columns);
    const largest = vector.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    if (largest < 0)
      vector.forEach((value, at) => {
        vector[at] = 0 - value;
      });
  }
  return result;
}

function traceOf(matrix: Float64Array, size: number): number {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += matrix[i * size + i]!;
  return trace;
}
