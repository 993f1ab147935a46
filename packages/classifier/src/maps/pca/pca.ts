import { ensureBackend } from '@nn-lab/core/backend';
import { checkOptions, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import { InvalidArgumentError, NotFittedError } from '@nn-lab/core/errors';
import {
  decodeFloats,
  decodeRows,
  encodeFloats,
  readSaved,
  type SavedFloats,
  type SavedModel,
  savedModel,
} from '@nn-lab/core/models';
import { createRandom } from '@nn-lab/core/random';
import { type Matrix, withoutRounding } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { PCA as MlPca } from 'ml-pca';
import { meanOf, reachOf, scaleFor } from '../../neighbors/distances.js';
import { checkRows } from '../../rows.js';
import { covarianceOf, exactCovarianceOf } from './covariance.js';
import { leadingEigenpairs, orthonormalize } from './leading-eigenvectors.js';
import type { Eigenpairs } from './symmetric-eigenpairs.js';

/** Options of {@link Pca}. */
export interface PcaOptions {
  /** How many components to keep. Default: all, `min(rows - 1, columns)`. */
  readonly components?: number;
}

const pcaChecks: OptionChecks<PcaOptions> = { components: wholeNumber(1) };

/** What `Pca.toJSON` gives. */
export interface SavedPca extends SavedModel<'pca'> {
  readonly totalVariance: SavedFloats;
  readonly mean: SavedFloats;
  readonly components: SavedFloats;
  readonly explainedVariance: SavedFloats;
}

interface FittedPca {
  readonly totalVariance: number;
  readonly mean: Float32Array | Float64Array;
  /** In double precision where variances are so unlike that single precision would mix them. */
  readonly components: Matrix;
  readonly explainedVariance: Float64Array;
}

/** Variances below this share of the largest are lost in the rounding of float32 products. */
const leastShare = 2 ** -18;
/** Above so many rows of values a transform is cut into blocks. */
const mostRowsPerBlock = 8192;
/** Of a block: more would take too long without a turn for others. */
const multiplicationsPerBlock = 2 ** 29;

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
  static readonly savedType = 'pca';

  readonly #options: PcaOptions;
  #fitted: FittedPca | undefined;

  /** @throws InvalidArgumentError for a number of components that there cannot be. */
  constructor(options: PcaOptions = {}) {
    checkOptions(options, pcaChecks);
    this.#options = { ...options };
  }

  /**
   * Finds the components of the rows, in parts between which others have their turns. More than an
   * eighth of all components are found by one full decomposition, which cannot be divided: it takes
   * about half a second for 256 columns, and eight times as long for twice as many.
   *
   * @throws InvalidArgumentError when there are fewer than 2 rows, a value is not finite, all rows
   * are the same, or more components are asked for than there are.
   */
  async fit(x: Matrix, options: WorkOptions = {}): Promise<this> {
    checkOptions(options, workChecks);
    return this.#fit(x, new Work(options));
  }

  /**
   * The rows in the coordinates of so many leading components of theirs, as a part of longer work.
   *
   * @internal
   */
  static async reduce(components: number, x: Matrix, work: Work): Promise<Matrix<Float32Array>> {
    const pca = await new Pca({ components }).#fit(x, work);
    return pca.#transform(x, work);
  }

  async #fit(x: Matrix, work: Work): Promise<this> {
    await checkRows(x, { minimumRows: 2 }, work);
    const available = Math.min(x.rows - 1, x.columns);
    const { components: count = available } = this.#options;
    if (count > available) {
      throw new InvalidArgumentError(
        `Expected components of at most ${available} for ${x.rows} rows of ${x.columns} columns, got ${count}.`,
      );
    }
    work.begin('components', 1);
    const mean = await meanOf(x, work);
    const scale = scaleFor(await reachOf(x, mean, work));
    const spectrumOf = x.columns > 1024 && x.rows < x.columns / 2 ? ofWideRows : ofTallRows;
    let spectrum = await spectrumOf(x, mean, scale, count, covarianceOf, work);
    const { values } = spectrum.pairs;
    const isExact = values[count - 1]! < leastShare * values[0]!;
    if (isExact) spectrum = await spectrumOf(x, mean, scale, count, exactCovarianceOf, work);
    await work.reach(1);
    const { totalVariance, pairs } = spectrum;
    if (!(totalVariance > 0)) {
      throw new InvalidArgumentError(
        `Expected rows that differ from each other, got ${x.rows} equal ones: they have no direction of variance.`,
      );
    }
    const vectors = signed(pairs.vectors, x.columns);
    this.#fitted = {
      totalVariance: totalVariance / scale ** 2,
      mean: withoutRounding(mean),
      components: {
        rows: count,
        columns: x.columns,
        values: isExact ? vectors : Float32Array.from(vectors),
      },
      explainedVariance: pairs.values.map((value) => Math.max(0, value) / scale ** 2),
    };
    return this;
  }

  /** The mean of each column. @throws NotFittedError */
  get mean(): Float32Array | Float64Array {
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
  async transform(x: Matrix, options: WorkOptions = {}): Promise<Matrix<Float32Array>> {
    checkOptions(options, workChecks);
    return this.#transform(x, new Work(options));
  }

  async #transform(x: Matrix, work: Work): Promise<Matrix<Float32Array>> {
    const { mean, components } = this.#require();
    const columns = { count: mean.length, of: 'the rows that were fitted' };
    await checkRows(x, { columns }, work);
    return productOf(x, mean, components, true, work);
  }

  /**
   * Rows as they were before {@link transform}, but for what lies outside of the components.
   *
   * @param x - `[rows, components]`.
   * @returns `[rows, columns]`.
   * @throws ShapeError when the rows have not as many values as there are components.
   */
  async inverseTransform(x: Matrix, options: WorkOptions = {}): Promise<Matrix<Float32Array>> {
    checkOptions(options, workChecks);
    const work = new Work(options);
    const { mean, components } = this.#require();
    const columns = { count: components.rows, of: 'there are components' };
    await checkRows(x, { columns }, work);
    const rows = await productOf(x, new Float64Array(x.columns), components, false, work);
    await work.inParts(rows.rows, (begin, end) => {
      for (let row = begin, at = begin * mean.length; row < end; row++) {
        for (let column = 0; column < mean.length; column++, at++) {
          rows.values[at]! += mean[column]!;
        }
      }
    });
    return rows;
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
    const mean = decodeRows(saved.mean, source);
    const explainedVariance = decodeFloats(saved.explainedVariance, Float64Array, source);
    const count = explainedVariance.length;
    const components = decodeRows(saved.components, source, count * mean.length);
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
}

/**
 * Rows less an origin, times the components or, transposed, times their columns: by the backend, or in
 * double precision if the components are.
 */
async function productOf(
  { rows, columns, values }: Matrix,
  origin: Float32Array | Float64Array,
  components: Matrix,
  transposed: boolean,
  work: Work,
): Promise<Matrix<Float32Array>> {
  const width = transposed ? components.rows : components.columns;
  const isExact = components.values instanceof Float64Array;
  const ArrayType = isExact ? Float64Array : Float32Array;
  const multiply = isExact ? productInDouble : productByBackend;
  const affordable = Math.ceil(multiplicationsPerBlock / (columns * width));
  const rowsPerBlock = Math.min(mostRowsPerBlock, affordable);
  work.begin('transforming', rows);
  const product = new Float32Array(rows * width);
  const buffer = new ArrayType(Math.min(rows, rowsPerBlock) * columns);
  for (let start = 0; start < rows; start += rowsPerBlock) {
    const block = buffer.subarray(0, Math.min(rowsPerBlock, rows - start) * columns);
    for (let i = 0, at = start * columns; i < block.length; ) {
      for (let column = 0; column < columns; column++, i++, at++) {
        block[i] = values[at]! - origin[column]!;
      }
    }
    product.set(await multiply(block, columns, components, transposed, work), start * width);
    await work.reach(Math.min(rows, start + rowsPerBlock));
  }
  return { rows, columns: width, values: product };
}

async function productByBackend(
  rows: Float32Array | Float64Array,
  columns: number,
  { rows: count, columns: width, values }: Matrix,
  transposed: boolean,
): Promise<Float32Array> {
  await ensureBackend();
  const product = tf.tidy(() =>
    tf.matMul(
      tf.tensor2d(rows as Float32Array, [rows.length / columns, columns]),
      tf.tensor2d(values as Float32Array, [count, width]),
      false,
      transposed,
    ),
  );
  try {
    return (await product.data()) as Float32Array;
  } finally {
    product.dispose();
  }
}

async function productInDouble(
  rows: Float32Array | Float64Array,
  columns: number,
  { rows: count, columns: width, values }: Matrix,
  transposed: boolean,
  work: Work,
): Promise<Float64Array> {
  const outputs = transposed ? count : width;
  const [stepIn, stepOut] = transposed ? [1, width] : [width, 1];
  const product = new Float64Array((rows.length / columns) * outputs);
  for (let start = 0, to = 0; start < rows.length; start += columns) {
    for (let output = 0; output < outputs; output++, to++) {
      let sum = 0;
      for (let column = 0, at = output * stepOut; column < columns; column++, at += stepIn) {
        sum += rows[start + column]! * values[at]!;
      }
      product[to] = sum;
    }
    if (work.isDue) await work.turn();
  }
  return product;
}

interface Spectrum {
  readonly totalVariance: number;
  readonly pairs: Eigenpairs;
}

/** The leading eigenpairs of the covariance of the rows times the scale, by one of two precisions. */
type SpectrumOf = (
  x: Matrix,
  mean: Float64Array,
  scale: number,
  count: number,
  covarianceOf: typeof exactCovarianceOf,
  work: Work,
) => Promise<Spectrum>;

const ofTallRows: SpectrumOf = async (x, mean, scale, count, covarianceOf, work) => {
  const covariance = await covarianceOf(x, mean, scale, work);
  const totalVariance = traceOf(covariance, x.columns);
  return { totalVariance, pairs: await eigenpairs(covariance, x.columns, count, work) };
};

/**
 * For fewer rows than columns: the eigenvectors u of `X X'` give those of `X' X` as `X' u`. Where
 * nothing is left of the variance, any direction orthogonal to the rest is as good.
 */
const ofWideRows: SpectrumOf = async (x, mean, scale, count, covarianceOf, work) => {
  const { rows, columns, values } = x;
  const transposed = new Float64Array(values.length);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin, at = begin * columns; row < end; row++) {
      for (let column = 0; column < columns; column++, at++) {
        transposed[column * rows + row] = (values[at]! - mean[column]!) * scale;
      }
    }
  });
  const gram = await covarianceOf(
    { rows: columns, columns: rows, values: transposed },
    new Float64Array(rows),
    1,
    work,
  );
  for (let at = 0; at < gram.length; at++) gram[at]! *= (columns - 1) / (rows - 1);
  const { values: variances, vectors: left } = await eigenpairs(gram, rows, count, work);
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
    if (variances[pair]! <= 1e-13 * variances[0]!) vector.fill(0);
    orthonormalize(vector, vectors, pair, random);
    vectors.set(vector, pair * columns);
    if (work.isDue) await work.turn();
  }
  return { totalVariance: traceOf(gram, rows), pairs: { values: variances, vectors } };
};

/** Few leading pairs by the block Krylov method, most or all of them by ml-pca. */
async function eigenpairs(
  covariance: Float64Array,
  size: number,
  count: number,
  work: Work,
): Promise<Eigenpairs> {
  if (size > 100 && count <= size / 8) return leadingEigenpairs(covariance, size, count, work);
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
function signed(vectors: Float64Array, columns: number): Float64Array {
  const result = vectors.slice();
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
