import { ensureBackend } from '@nn-lab/core/backend';
import {
  checkOptions,
  either,
  type OptionChecks,
  oneOf,
  positiveNumber,
} from '@nn-lab/core/checks';
import {
  type Classifier,
  damagedModel,
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
import { type Matrix, takeRows } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import * as tf from '@tensorflow/tfjs';
import { meanOf, reachOf, scaleFor, squaredDistance } from '../../neighbors/distances.js';
import { validateQueries, validateTraining } from '../checks.js';
import { applyKernel, centeredRows, KernelRows, productsOf, type SvmKernel } from './kernels.js';
import { solveSvm } from './smo.js';

/** Options of {@link SvmClassifier}. */
export interface SvmClassifierOptions {
  /** `rbf`, the default, is `exp(-gamma |a - b|²)`; `linear` is the scalar product. */
  readonly kernel?: 'rbf' | 'linear';
  /** The penalty for training rows on the wrong side, above 0: small is smoother. Default 1. */
  readonly c?: number;
  /**
   * How fast the `rbf` kernel falls, above 0; or `scale`, the default: 1 / (columns x variance of
   * all training values), times {@link gammaFactor}.
   */
  readonly gamma?: number | 'scale';
  /** Multiplies `gamma: 'scale'`. Default 1. */
  readonly gammaFactor?: number;
  /** How far the optimality conditions may be violated, as in LIBSVM. Default 0.001. */
  readonly tolerance?: number;
}

const svmChecks: OptionChecks<SvmClassifierOptions> = {
  kernel: oneOf('rbf', 'linear'),
  c: positiveNumber,
  gamma: either(positiveNumber, oneOf('scale')),
  gammaFactor: positiveNumber,
  tolerance: positiveNumber,
};

/** What `SvmClassifier.toJSON` gives. */
export interface SavedSvm extends SavedModel<'svm'> {
  readonly kernel: SvmKernel;
  readonly classes: number;
  readonly columns: number;
  readonly supportVectors: SavedFloats;
  readonly machines: readonly {
    readonly samples: SavedFloats;
    readonly coefficients: SavedFloats;
    readonly rho: SavedFloats;
  }[];
}

interface FittedSvm {
  readonly kernel: SvmKernel;
  readonly classes: number;
  readonly supportVectors: Matrix;
  /** Their positions in the training rows; unknown of a loaded machine. */
  readonly supportIndices: Int32Array | undefined;
  readonly converged: boolean | undefined;
  /** One for each pair of classes: (0, 1), (0, 2), ... */
  readonly machines: readonly Machine[];
}

/** Decides between two classes: `Σ coefficients[i] k(supportVectors[samples[i]], x) - rho`. */
interface Machine {
  readonly samples: Int32Array;
  readonly coefficients: Float64Array;
  readonly rho: number;
}

const mostRowsPerBlock = 512;
/** Of a block: more would take too long without a turn for others. */
const multiplicationsPerBlock = 2 ** 28;

/**
 * A support vector machine, one for each pair of classes, with the class of most votes winning and
 * even votes going to the lower class: `sklearn.svm.SVC`, which is LIBSVM.
 *
 * @example
 * ```ts
 * const classifier = await new SvmClassifier({ c: 10 }).fit(train, labels);
 * const predicted = await classifier.predict(test);
 * ```
 */
export class SvmClassifier implements Classifier {
  static readonly savedType = 'svm';

  readonly #options: Required<SvmClassifierOptions>;
  #fitted: FittedSvm | undefined;

  /** @throws InvalidArgumentError for a kernel that there is not, or a number out of range. */
  constructor(options: SvmClassifierOptions = {}) {
    checkOptions(options, svmChecks);
    const { kernel = 'rbf', c = 1, gamma = 'scale', gammaFactor = 1, tolerance = 1e-3 } = options;
    this.#options = { kernel, c, gamma, gammaFactor, tolerance };
  }

  /**
   * Trains the machines of all pairs of classes.
   *
   * @throws InvalidArgumentError or ShapeError when there is nothing to learn from; see {@link Classifier}.
   */
  async fit(x: Matrix, labels: ArrayLike<number>, options: WorkOptions = {}): Promise<this> {
    checkOptions(options, workChecks);
    const work = new Work(options);
    const classes = await validateTraining(x, labels, work);
    const { c, tolerance } = this.#options;
    const kernel = await this.#kernelFor(x, work);
    const origin = await middleOf(x, work);
    const scale = scaleFor(await reachOf(x, origin, work));
    const products = await productsOf(await centeredRows(x, origin, scale, work), work);
    work.begin('machines', (classes * (classes - 1)) / 2);
    const members = Array.from({ length: classes }, (_, label) => positionsOf(labels, label));
    const trained: Machine[] = [];
    let converged = true;
    for (let a = 0; a < classes; a++) {
      for (let b = a + 1; b < classes; b++) {
        const samples = Int32Array.from([...members[a]!, ...members[b]!]);
        const kernelRows = await KernelRows.of(kernel, products, samples);
        const signs = new Int8Array(samples.length).fill(1, 0, members[a]!.length);
        signs.fill(-1, members[a]!.length);
        const { diagonal } = kernelRows;
        // Of scaled products in place of a kernel, the multipliers are those of another penalty.
        const share = kernel.kind === 'linear' ? scale ** 2 : 1;
        const problem = {
          signs,
          diagonal,
          scale: share,
          row: (sample: number) => kernelRows.row(sample),
        };
        const solution = await solveSvm(problem, c / share, tolerance, work);
        const { coefficients, rho } = solution;
        if (!solution.converged) converged = false;
        const machine = { samples, coefficients: coefficients.map((value) => value * share), rho };
        trained.push(kernel.kind === 'linear' ? fromOrigin(machine, x, origin) : machine);
        await work.reach(trained.length);
      }
    }
    this.#fitted = { kernel, classes, converged, ...withoutIdle(x, trained) };
    return this;
  }

  /**
   * Whether training ended with every machine as good as the {@link SvmClassifierOptions.tolerance}
   * asks. Where one did not within a bound on the work, it is that of a smaller `c`: scale the
   * features to about -1 to 1, or lower `c` yourself.
   *
   * @throws NotFittedError also when it was loaded, not trained.
   */
  get converged(): boolean {
    return requireFitted(this.#fitted?.converged, 'support vector machine');
  }

  /** How many training rows any machine rests on. @throws NotFittedError */
  get supportVectorCount(): number {
    return requireFitted(this.#fitted, 'support vector machine').supportVectors.rows;
  }

  /**
   * Which training rows the machines rest on, as positions.
   *
   * @throws NotFittedError also when it was loaded, not trained.
   */
  get supportIndices(): Int32Array {
    return requireFitted(this.#fitted?.supportIndices, 'support vector machine');
  }

  /** @throws NotFittedError, or ShapeError when the rows are not as wide as those learned from. */
  async predict(x: Matrix, options: WorkOptions = {}): Promise<Int32Array> {
    const { values, columns } = await this.scores(x, options);
    return largestOfRows(values, columns);
  }

  /**
   * The votes of the machines for each class.
   *
   * @throws as {@link predict}.
   */
  async scores(x: Matrix, options: WorkOptions = {}): Promise<Matrix<Float64Array>> {
    checkOptions(options, workChecks);
    const { classes, machines } = requireFitted(this.#fitted, 'support vector machine');
    const values = await this.#decide(x, new Work(options));
    const columns = machines.length;
    const votes = new Float64Array(x.rows * classes);
    for (let row = 0; row < x.rows; row++) {
      let at = row * columns;
      for (let a = 0; a < classes; a++) {
        for (let b = a + 1; b < classes; b++, at++)
          votes[row * classes + (values[at]! > 0 ? a : b)]!++;
      }
    }
    return { rows: x.rows, columns: classes, values: votes };
  }

  get classCount(): number {
    return requireFitted(this.#fitted, 'support vector machine').classes;
  }

  get featureCount(): number {
    return requireFitted(this.#fitted, 'support vector machine').supportVectors.columns;
  }

  dispose(): void {
    this.#fitted = undefined;
  }

  /**
   * What the machine of each pair of classes says: above 0 for the first of the pair.
   *
   * @returns `[rows, pairs]`, in the order (0, 1), (0, 2), ..., (1, 2), ...
   * @throws as {@link predict}.
   */
  async decisions(x: Matrix, options: WorkOptions = {}): Promise<Matrix<Float32Array>> {
    checkOptions(options, workChecks);
    const values = Float32Array.from(await this.#decide(x, new Work(options)));
    return { rows: x.rows, columns: values.length / x.rows, values };
  }

  /** `[rows, pairs]`, in double precision. */
  async #decide(x: Matrix, work: Work): Promise<Float64Array> {
    const fitted = requireFitted(this.#fitted, 'support vector machine');
    await validateQueries(x, fitted.supportVectors.columns, work);
    const decide = fitted.kernel.kind === 'linear' ? decideByPlanes : decideByKernel;
    return decide(x, fitted, work);
  }

  async #kernelFor(x: Matrix, work: Work): Promise<SvmKernel> {
    const { kernel, gamma, gammaFactor } = this.#options;
    if (kernel === 'linear') return { kind: 'linear' };
    if (gamma !== 'scale') return { kind: 'rbf', gamma };
    const variance = await varianceOf(x.values, work);
    // Equal values everywhere: any gamma does, as in scikit-learn.
    return { kind: 'rbf', gamma: variance > 0 ? gammaFactor / (x.columns * variance) : 1 };
  }

  /** The support vectors and coefficients, as plain values for `JSON.stringify`. @throws NotFittedError */
  toJSON(): SavedSvm {
    const { kernel, classes, supportVectors, machines } = requireFitted(
      this.#fitted,
      'support vector machine',
    );
    return savedModel('svm', {
      kernel,
      classes,
      columns: supportVectors.columns,
      supportVectors: encodeFloats(supportVectors.values),
      machines: machines.map(({ samples, coefficients, rho }) => ({
        samples: encodeFloats(samples),
        coefficients: encodeFloats(coefficients),
        rho: encodeFloats(Float64Array.of(rho)),
      })),
    });
  }

  /**
   * What {@link toJSON} gave, fitted again. (It predicts; the options it was trained with are not
   * kept.)
   *
   * @param source - Where it is from, for errors.
   * @throws DataFormatError when it is not that, or damaged.
   */
  static fromJSON(json: unknown, source = 'the saved classifier'): SvmClassifier {
    const saved = readSaved<SavedSvm>(json, 'svm', source);
    const classes = requireSavedCount(saved.classes, 2, source);
    const columns = requireSavedCount(saved.columns, 1, source);
    const rows = requireSavedCount(saved.supportVectors?.length / columns, 0, source);
    const kernel = readKernel(saved.kernel, source);
    const values = decodeRows(saved.supportVectors, source);
    const pairs = (classes * (classes - 1)) / 2;
    if (!Array.isArray(saved.machines) || saved.machines.length !== pairs) {
      throw damagedModel(source, `expected ${pairs} machines for ${classes} classes`);
    }
    const machines = saved.machines.map((machine): Machine => {
      const samples = decodeFloats(machine?.samples, Int32Array, source);
      if (samples.some((sample) => sample < 0 || sample >= rows)) {
        throw damagedModel(source, 'a machine names a support vector that there is not');
      }
      const coefficients = decodeFloats(machine.coefficients, Float64Array, source, samples.length);
      return { samples, coefficients, rho: decodeFloats(machine.rho, Float64Array, source, 1)[0]! };
    });
    const classifier = new SvmClassifier();
    const supportVectors = { rows, columns, values };
    classifier.#fitted = {
      ...{ kernel, classes, supportVectors, machines },
      supportIndices: undefined,
      converged: undefined,
    };
    return classifier;
  }
}

function readKernel(kernel: SvmKernel | undefined, source: string): SvmKernel {
  if (kernel?.kind === 'linear') return { kind: 'linear' };
  if (kernel?.kind === 'rbf' && Number.isFinite(kernel.gamma) && kernel.gamma > 0) {
    return { kind: 'rbf', gamma: kernel.gamma };
  }
  throw damagedModel(source, `expected a kernel, got ${JSON.stringify(kernel)}`);
}

/** Keeps the rows that some machine rests on, and renumbers them. */
function withoutIdle(x: Matrix, trained: readonly Machine[]) {
  const places = new Int32Array(x.rows).fill(-1);
  const kept: number[] = [];
  const machines = trained.map(({ samples, coefficients, rho }): Machine => {
    const active = Array.from(samples.keys()).filter((i) => coefficients[i] !== 0);
    for (const i of active) {
      const row = samples[i]!;
      if (places[row]! < 0) places[row] = kept.push(row) - 1;
    }
    return {
      samples: Int32Array.from(active, (i) => places[samples[i]!]!),
      coefficients: Float64Array.from(active, (i) => coefficients[i]!),
      rho,
    };
  });
  return { supportVectors: takeRows(x, kept), supportIndices: Int32Array.from(kept), machines };
}

/** By the kernels of the rows with the support vectors. */
async function decideByKernel(
  x: Matrix,
  { kernel, supportVectors, machines }: FittedSvm,
  work: Work,
): Promise<Float64Array> {
  const { rows: count, columns } = supportVectors;
  const values = new Float64Array(x.rows * machines.length);
  const origin = await meanOf(supportVectors, work);
  const scale = scaleFor(await reachOf(supportVectors, origin, work));
  const vectors = await centeredRows(supportVectors, origin, scale, work);
  work.begin('predicting', x.rows);
  const affordable = Math.ceil(multiplicationsPerBlock / (count * columns) / 16) * 16;
  const rowsPerBlock = Math.min(mostRowsPerBlock, affordable);
  await ensureBackend();
  const support = tf.tensor2d(vectors.values, [count, columns]);
  try {
    for (let start = 0; start < x.rows; start += rowsPerBlock) {
      const end = Math.min(x.rows, start + rowsPerBlock);
      const block = x.values.subarray(start * columns, end * columns);
      const queries = { rows: end - start, columns, values: block };
      const rows = await centeredRows(queries, origin, scale, work);
      const product = tf.tidy(() =>
        tf.matMul(tf.tensor2d(rows.values, [rows.rows, columns]), support, false, true),
      );
      let products: Float32Array;
      try {
        products = (await product.data()) as Float32Array;
      } finally {
        product.dispose();
      }
      for (let row = 0; row < rows.rows; row++) {
        const kernels = products.subarray(row * count, (row + 1) * count);
        applyKernel(kernel, kernels, rows, row, vectors);
        machines.forEach((machine, i) => {
          values[(start + row) * machines.length + i] = decide(machine, kernels);
        });
        if (work.isDue) await work.reach(start + row);
      }
      await work.reach(end);
    }
  } finally {
    support.dispose();
  }
  return values;
}

function decide({ samples, coefficients, rho }: Machine, kernels: Float32Array): number {
  let sum = -rho;
  for (let i = 0; i < samples.length; i++) sum += coefficients[i]! * kernels[samples[i]!]!;
  return sum;
}

/** By the planes that the linear kernel amounts to, in double precision. */
async function decideByPlanes(
  x: Matrix,
  { supportVectors, machines }: FittedSvm,
  work: Work,
): Promise<Float64Array> {
  const { columns } = supportVectors;
  const values = new Float64Array(x.rows * machines.length);
  const origin = await meanOf(supportVectors, work);
  const normals: Float64Array[] = [];
  for (const machine of machines) {
    normals.push(normalOf(machine, supportVectors, origin));
    if (work.isDue) await work.turn();
  }
  await work.stage('predicting', x.rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      machines.forEach(({ rho }, i) => {
        const normal = normals[i]!;
        let sum = -rho;
        for (let column = 0, at = row * columns; column < columns; column++, at++) {
          sum += normal[column]! * x.values[at]!;
        }
        values[row * machines.length + i] = sum;
      });
    }
  });
  return values;
}

/** The normal of a linear machine's plane. Coefficients sum to 0, so that any origin will do. */
function normalOf({ samples, coefficients }: Machine, x: Matrix, origin: Float64Array) {
  const { columns, values } = x;
  const normal = new Float64Array(columns);
  for (let i = 0; i < samples.length; i++) {
    if (coefficients[i] === 0) continue;
    for (let column = 0, at = samples[i]! * columns; column < columns; column++, at++) {
      normal[column]! += coefficients[i]! * (values[at]! - origin[column]!);
    }
  }
  return normal;
}

/** A linear machine of rows less an origin as one of the rows themselves. */
function fromOrigin(machine: Machine, x: Matrix, origin: Float64Array): Machine {
  const normal = normalOf(machine, x, origin);
  const shift = normal.reduce((sum, value, column) => sum + value * origin[column]!, 0);
  return { ...machine, rho: machine.rho + shift };
}

/**
 * The mean of the rows; where a few lie so far out that their mean is far from the others, that of
 * the others, whose digits are lost otherwise.
 */
async function middleOf(x: Matrix, work: Work): Promise<Float64Array> {
  const { rows, columns, values } = x;
  const mean = await meanOf(x, work);
  const squares = new Float64Array(rows);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      squares[row] = squaredDistance(values, row * columns, mean, 0, columns);
    }
  });
  const sorted = squares.slice().sort();
  const usual = sorted[rows >> 1]!;
  if (!(sorted[rows - 1]! > 1024 * usual)) return mean;
  const near = Array.from(squares.keys()).filter((row) => squares[row]! <= 4 * usual);
  return meanOf(takeRows(x, near), work);
}

function positionsOf(labels: ArrayLike<number>, label: number): Int32Array {
  const positions: number[] = [];
  for (let row = 0; row < labels.length; row++) if (labels[row] === label) positions.push(row);
  return Int32Array.from(positions);
}

async function varianceOf(values: Float32Array | Float64Array, work: Work): Promise<number> {
  let sum = 0;
  await work.inParts(values.length, (begin, end) => {
    for (let at = begin; at < end; at++) sum += values[at]!;
  });
  const mean = sum / values.length;
  let squares = 0;
  await work.inParts(values.length, (begin, end) => {
    for (let at = begin; at < end; at++) squares += (values[at]! - mean) ** 2;
  });
  return squares / values.length;
}
