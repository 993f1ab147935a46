import {
  checkOptions,
  checkValue,
  either,
  float32Array,
  numberFrom,
  type OptionChecks,
  oneOf,
  positiveNumber,
  shareBelowOne,
  someObject,
  wholeNumber,
} from '@nn-lab/core/checks';
import { DataFormatError, InvalidArgumentError, NotFittedError } from '@nn-lab/core/errors';
import {
  decodeFloats,
  decodeRows,
  encodeFloats,
  readSaved,
  requireSavedCount,
  type SavedFloats,
  type SavedModel,
  savedModel,
} from '@nn-lab/core/models';
import type { Matrix } from '@nn-lab/core/tables';
import { type Progress, Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { neighborsForMap } from '../../neighbors/approximate-neighbors.js';
import { type Metric, metricCheck, rowsIn, savedMetric } from '../../neighbors/metrics.js';
import { nearestRows } from '../../neighbors/nearest.js';
import { type Neighbors, validateNeighbors } from '../../neighbors/neighbors.js';
import { checkRows } from '../../rows.js';
import { type ThreadOptions, threadChecks, Workspace } from '../../workspace.js';
import { type Initialization, initialMap } from '../initialization.js';
import { runToEnd } from '../run-to-end.js';
import type { SparseRows } from '../sparse-rows.js';
import { conditionalProbabilitiesInTurns, jointProbabilities } from './affinities.js';
import {
  Descent,
  type DescentFigures,
  type DescentSettings,
  descentBytes,
} from './optimization.js';
import { placePoints } from './placement.js';
import {
  ExactRepulsion,
  type MapAddresses,
  type RepulsionMethod,
  squareAround,
} from './repulsion.js';
import { BarnesHutRepulsion } from './repulsion-barnes-hut.js';
import { FftRepulsion } from './repulsion-fft.js';

/**
 * Options of {@link Tsne}. The defaults are those of scikit-learn 1.2 wherever it has the option, but
 * for `theta`: its 0.5 costs half a percent of the divergence, and saves little here.
 */
export interface TsneOptions extends ThreadOptions {
  /**
   * How many neighbors a point has, roughly: from 1 to the rows less one. Default 30. Rows should
   * be at least three times as many.
   */
  readonly perplexity?: number;
  /** What is near. Default `'euclidean'`. */
  readonly metric?: Metric;
  /** Where points start. Default `'pca'`. */
  readonly initialization?: Initialization;
  /** Iterations in all, the early ones included. Default 1000. */
  readonly iterations?: number;
  /** Iterations with exaggerated attraction, in which clusters form. Default 250. */
  readonly exaggerationIterations?: number;
  /** How much the attraction is exaggerated in them, from 1. Default 12. */
  readonly earlyExaggeration?: number;
  /** Default `'auto'`: rows / earlyExaggeration / 4, at least 50 (Belkina et al. 2019). */
  readonly learningRate?: number | 'auto';
  /** Momentum while the attraction is exaggerated, in [0, 1). Default 0.5. */
  readonly initialMomentum?: number;
  /** Momentum afterwards, in [0, 1). Default 0.8. */
  readonly finalMomentum?: number;
  /** Least gain of a coordinate, above 0. Default 0.01. */
  readonly minimumGain?: number;
  /**
   * How repulsion is summed: `exact` (time grows with the square of the rows), `barnes-hut` or `fft`.
   * Default `'auto'`: the fastest for so many rows.
   */
  readonly repulsion?: RepulsionMethod | 'auto';
  /** Barnes-Hut: a cell stands for its points below this ratio of width to distance. Default 0.4. */
  readonly theta?: number;
  /** FFT: distance between the nodes of the grid, from 0.05 to 1. Default 1/3. */
  readonly gridSpacing?: number;
  /** Ends after so many iterations without a lower divergence. Default 300. */
  readonly patience?: number;
  /** Ends when the norm of the gradient is as small as this. Default 1e-7. */
  readonly minimumGradientNorm?: number;
  /** Decides a random start, and the noise on the principal components. Default 42. */
  readonly seed?: number;
}

const tsneChecks: OptionChecks<TsneOptions> = {
  ...threadChecks,
  perplexity: numberFrom(1),
  initialization: either(oneOf('pca', 'random'), float32Array),
  iterations: wholeNumber(1),
  exaggerationIterations: wholeNumber(0),
  earlyExaggeration: numberFrom(1),
  learningRate: either(positiveNumber, oneOf('auto')),
  initialMomentum: shareBelowOne,
  finalMomentum: shareBelowOne,
  minimumGain: positiveNumber,
  repulsion: oneOf('auto', 'exact', 'barnes-hut', 'fft'),
  theta: numberFrom(0, 1),
  gridSpacing: numberFrom(0.05, 1),
  patience: wholeNumber(0),
  minimumGradientNorm: numberFrom(0),
  metric: metricCheck,
  seed: wholeNumber(0),
};

/** How far a map is: `done` of `total` iterations. */
export interface TsneProgress extends Progress, DescentFigures {
  /** Copies the map as it is now: `[rows, 2]`. */
  readonly readMap: () => Matrix;
}

/** Options of {@link Tsne.start}. */
export interface TsneStartOptions extends WorkOptions {
  /**
   * The neighbors of each row, itself not among them, nearest first: three times the perplexity
   * are enough. Default: those found by comparing all columns of up to
   * 20,000 rows, {@link approximateNeighbors} of more.
   */
  readonly neighbors?: Neighbors;
}

const startChecks: OptionChecks<TsneStartOptions> = { ...workChecks, neighbors: someObject };

/** Options of {@link Tsne.fit}. */
export interface TsneFitOptions extends TsneStartOptions {
  /**
   * Told how far the search for neighbors and the like is, then, as the stage `map`, every
   * {@link iterationsBetweenProgress} iterations and at the end, with what only a map has.
   */
  readonly onProgress?: ((progress: Progress & Partial<TsneProgress>) => void) | undefined;
  /** Default 50. */
  readonly iterationsBetweenProgress?: number;
}

const fitChecks: OptionChecks<TsneFitOptions> = {
  ...startChecks,
  iterationsBetweenProgress: wholeNumber(1),
};

/** Options of {@link Tsne.transform}. */
export interface TsneTransformOptions extends WorkOptions {
  /** As for the map, but of a new point's neighbors in it. Default 5. */
  readonly perplexity?: number;
  /** Default 250. */
  readonly iterations?: number;
  /** Default 0.1. */
  readonly learningRate?: number;
}

const transformChecks: OptionChecks<TsneTransformOptions> = {
  ...workChecks,
  perplexity: numberFrom(1),
  iterations: wholeNumber(0),
  learningRate: positiveNumber,
};

/** What `Tsne.toJSON` gives. */
export interface SavedTsne extends SavedModel<'tsne'> {
  readonly rows: number;
  readonly values: SavedFloats;
  readonly map: SavedFloats;
  /** If it is not `euclidean`. */
  readonly metric?: Metric;
  readonly iterations: number;
  /** KL divergence and normalizer. */
  readonly figures: SavedFloats;
}

interface FittedTsne {
  readonly x: Matrix;
  readonly map: Float32Array;
  readonly klDivergence: number;
  readonly iterations: number;
  /** Sum of 1 / (1 + d^2) over all pairs of the map. */
  readonly normalizer: number;
}

type Settings = Required<Omit<TsneOptions, 'threads' | 'threadHost'>> & ThreadOptions;

/** With so few rows all pairs take less time than a tree. */
const exactBelow = 600;
/** From so many rows on, a grid takes less time than a tree, and is more exact. */
const fftFrom = 15_000;

/**
 * t-SNE: a map of the rows in two dimensions on which near rows stay near (van der Maaten and Hinton
 * 2008).
 *
 * What such a map does not show: distances between clusters, their sizes and their densities mean
 * little, and shapes can come from chance or from the perplexity. Look at several perplexities, and at
 * the measures beside it ({@link mapQuality}).
 *
 * Equal options and seeds give equal maps, whatever the number of threads.
 *
 * @example
 * ```ts
 * const tsne = await new Tsne({ perplexity: 30 }).fit(train);
 * tsne.map; // [rows, 2]
 * const placed = await tsne.transform(test);
 * ```
 */
export class Tsne {
  static readonly savedType = 'tsne';

  readonly #settings: Settings;
  #fitted: FittedTsne | undefined;

  /** @throws InvalidArgumentError for an option out of its range. */
  constructor(options: TsneOptions = {}) {
    this.#settings = settingsOf(options);
  }

  /**
   * Makes the map.
   *
   * @throws InvalidArgumentError when there are fewer than 4 rows, a value is not finite, or the
   * perplexity is too large for the rows.
   * @throws ShapeError when sizes do not fit.
   */
  async fit(x: Matrix, options: TsneFitOptions = {}): Promise<this> {
    checkOptions(options, fitChecks);
    const { iterationsBetweenProgress = 50, onProgress } = options;
    const work = new Work(options);
    const run = await this.#start(x, options, work);
    const isDue = ({ done }: Progress) => done % iterationsBetweenProgress === 0;
    await runToEnd(run, isDue, onProgress, work);
    return this;
  }

  /**
   * Begins a map that is made step by step, say for an animation.
   *
   * @example
   * ```ts
   * const run = await tsne.start(x);
   * while (!run.isDone) draw(run.step(10).readMap());
   * run.finish(); // tsne has the map now
   * run.dispose();
   * ```
   * @throws as {@link fit}.
   */
  async start(x: Matrix, options: TsneStartOptions = {}): Promise<TsneRun> {
    checkOptions(options, startChecks);
    return this.#start(x, options, new Work(options));
  }

  async #start(x: Matrix, options: TsneStartOptions, work: Work): Promise<TsneRun> {
    await checkRows(x, { minimumRows: 4 }, work);
    const { perplexity, initialization, metric, seed } = this.#settings;
    if (perplexity > x.rows - 1) {
      throw new InvalidArgumentError(
        `Expected a perplexity of at most ${x.rows - 1} for ${x.rows} rows, got ${perplexity}. A third of the rows is a good upper limit.`,
      );
    }
    const k = Math.min(x.rows - 1, Math.floor(3 * perplexity) + 1);
    const { neighbors = await neighborsForMap(x, k, this.#settings, work) } = options;
    const width = validateNeighbors(neighbors, x.rows);
    const { distances } = neighbors;
    const probabilities = await conditionalProbabilitiesInTurns(distances, width, perplexity, work);
    const affinities = await jointProbabilities(probabilities, neighbors, x.rows, work);
    const rows = await rowsIn(metric, x, work);
    const initial = await initialMap(rows, initialization, seed, work);
    return TsneRun.start(this.#settings, affinities, initial, (fitted) => {
      this.#fitted = { x, ...fitted };
    });
  }

  /** `[rows, 2]`: where each row is. @throws NotFittedError */
  get map(): Matrix {
    const { map } = this.#require();
    return { rows: map.length / 2, columns: 2, values: map };
  }

  /** The Kullback-Leibler divergence between the affinities of the rows and those on the map. @throws NotFittedError */
  get klDivergence(): number {
    return this.#require().klDivergence;
  }

  /** How many iterations were made. @throws NotFittedError */
  get iterations(): number {
    return this.#require().iterations;
  }

  /**
   * Places new rows on the map, which stays as it is: each starts between its nearest rows of the
   * map and moves under their attraction and the repulsion of all (as openTSNE, Poličar et al. 2019).
   * Where a row goes does not depend on the others.
   *
   * @returns `[rows, 2]`.
   * @throws NotFittedError, InvalidArgumentError, or ShapeError when the rows are not as wide as those
   * of the map.
   */
  async transform(x: Matrix, options: TsneTransformOptions = {}): Promise<Matrix> {
    checkOptions(options, transformChecks);
    const work = new Work(options);
    const fitted = this.#require();
    const columns = { count: fitted.x.columns, of: 'the rows of the map' };
    await checkRows(x, { name: 'the new rows', columns }, work);
    const {
      perplexity = Math.min(5, fitted.x.rows),
      iterations = 250,
      learningRate = 0.1,
    } = options;
    checkValue('perplexity', perplexity, numberFrom(1, fitted.x.rows));
    const k = Math.min(fitted.x.rows, Math.floor(3 * perplexity) + 1);
    const { metric } = this.#settings;
    const neighbors = await nearestRows(fitted.x, x, k, { work, metric });
    const distances = Float32Array.from(neighbors.distances);
    const probabilities = await conditionalProbabilitiesInTurns(distances, k, perplexity, work);
    const { gridSpacing, threads, threadHost } = this.#settings;
    const settings = { iterations, learningRate, gridSpacing, threads, threadHost };
    const { map, normalizer } = fitted;
    const values = await placePoints(map, normalizer, probabilities, neighbors, k, settings, work);
    return { rows: x.rows, columns: 2, values };
  }

  /** The map and the rows that it is of, as plain values for `JSON.stringify`. @throws NotFittedError */
  toJSON(): SavedTsne {
    const { x, map, iterations, klDivergence, normalizer } = this.#require();
    return savedModel('tsne', {
      rows: x.rows,
      values: encodeFloats(x.values),
      map: encodeFloats(map),
      ...savedMetric(this.#settings.metric),
      iterations,
      figures: encodeFloats(Float64Array.of(klDivergence, normalizer)),
    });
  }

  /**
   * What {@link toJSON} gave, fitted again.
   *
   * @param source - Where it is from, for errors.
   * @param options - What the map was made with is not needed any more; threads may be.
   * @throws DataFormatError when it is not that, or damaged.
   */
  static fromJSON(json: unknown, source = 'the saved map', options: ThreadOptions = {}): Tsne {
    const saved = readSaved<SavedTsne>(json, 'tsne', source);
    const rows = requireSavedCount(saved.rows, 4, source);
    const columns = requireSavedCount(saved.values?.length / rows, 1, source);
    const values = decodeRows(saved.values, source, rows * columns);
    const map = decodeFloats(saved.map, Float32Array, source, 2 * rows);
    const [klDivergence, normalizer] = decodeFloats(saved.figures, Float64Array, source, 2);
    // Each of the pairs adds at most 1, and at least as much as if it were as far as the map is wide.
    const { width } = squareAround(map);
    const most = rows * rows;
    const least = most / (1 + 2 * width * width);
    if (!(normalizer! >= least / 4 && normalizer! <= 2 * most)) {
      throw new DataFormatError(
        `${source}: the saved model is damaged: expected a normalizer from ${least} to ${most}, got ${normalizer}. Save it anew.`,
        { source },
      );
    }
    const { metric = 'euclidean' } = saved;
    if (!metricCheck.accepts(metric)) {
      throw new DataFormatError(
        `${source}: the saved model is damaged: expected a metric, got ${JSON.stringify(metric)}. Save it anew.`,
        { source },
      );
    }
    const tsne = new Tsne({ ...options, metric });
    tsne.#fitted = {
      x: { rows, columns, values },
      map,
      iterations: requireSavedCount(saved.iterations, 0, source),
      klDivergence: klDivergence!,
      normalizer: normalizer!,
    };
    return tsne;
  }

  #require(): FittedTsne {
    if (!this.#fitted) {
      throw new NotFittedError('Expected a fitted t-SNE, got one without a map: call fit first.');
    }
    return this.#fitted;
  }
}

/** A map in the making; {@link Tsne.start} gives one. */
export class TsneRun {
  readonly #workspace: Workspace;
  readonly #descent: Descent;
  readonly #iterations: number;
  readonly #onFinish: (fitted: Omit<FittedTsne, 'x'>) => void;

  /** @internal */
  static async start(
    settings: Settings,
    affinities: SparseRows,
    initial: Float32Array,
    onFinish: (fitted: Omit<FittedTsne, 'x'>) => void,
  ): Promise<TsneRun> {
    const { rows, values } = affinities;
    const repulsion = repulsionFor(settings, rows);
    const bytes = descentBytes(rows, values.length) + repulsion.bytes;
    const workspace = await Workspace.create(bytes, settings);
    const learningRate =
      settings.learningRate === 'auto'
        ? Math.max(50, rows / settings.earlyExaggeration / 4)
        : settings.learningRate;
    const descent = new Descent(
      workspace,
      affinities,
      initial,
      { ...settings, learningRate },
      (at) => repulsion.create(workspace, at),
    );
    return new TsneRun(workspace, descent, settings, onFinish);
  }

  private constructor(
    workspace: Workspace,
    descent: Descent,
    { iterations }: Pick<DescentSettings, 'iterations'>,
    onFinish: (fitted: Omit<FittedTsne, 'x'>) => void,
  ) {
    this.#workspace = workspace;
    this.#descent = descent;
    this.#iterations = iterations;
    this.#onFinish = onFinish;
  }

  /** True after the last iteration, and when the map does not get better any more. */
  get isDone(): boolean {
    return this.#descent.isDone;
  }

  get progress(): TsneProgress {
    const { iteration, klDivergence, gradientNorm } = this.#descent.progress;
    return {
      ...{ stage: 'map', done: iteration, total: this.#iterations, klDivergence, gradientNorm },
      readMap: () => {
        const values = this.#descent.map;
        return { rows: values.length / 2, columns: 2, values };
      },
    };
  }

  /**
   * Does so many iterations, fewer if the map is done before.
   *
   * @param iterations - Default 1.
   */
  step(iterations = 1): TsneProgress {
    for (let done = 0; done < iterations && !this.isDone; done++) this.#descent.step();
    return this.progress;
  }

  /**
   * One iteration in parts, between which others may have a turn.
   *
   * @internal
   */
  stepInParts(): Iterable<void> {
    return this.#descent.stepInParts();
  }

  /** The gradient of the divergence at the map as it is, `[rows, 2]`, without exaggeration. */
  gradient(): Float32Array {
    return this.#descent.gradient();
  }

  /** The divergence of the map as it is: computed now, in the time of an iteration. */
  klDivergence(): number {
    return this.#descent.evaluate().klDivergence;
  }

  /** Gives the map as it is to the t-SNE, done or not. */
  finish(): void {
    const { iteration: iterations } = this.#descent.progress;
    this.#onFinish({ map: this.#descent.map, iterations, ...this.#descent.evaluate() });
  }

  /** Ends the threads. The run is of no further use. */
  dispose(): void {
    this.#workspace.dispose();
  }
}

function repulsionFor(settings: Settings, rows: number) {
  const { theta, gridSpacing } = settings;
  switch (settings.repulsion === 'auto' ? fastestFor(rows) : settings.repulsion) {
    case 'exact':
      return {
        bytes: 0,
        create: (workspace: Workspace, at: MapAddresses) => new ExactRepulsion(workspace, at),
      };
    case 'barnes-hut':
      return {
        bytes: BarnesHutRepulsion.bytes(rows),
        create: (workspace: Workspace, at: MapAddresses) =>
          new BarnesHutRepulsion(workspace, at, theta),
      };
    case 'fft':
      return {
        bytes: FftRepulsion.bytes + Workspace.scratchBytes(FftRepulsion.scratchBytes, settings),
        create: (workspace: Workspace, at: MapAddresses) =>
          new FftRepulsion(workspace, at, gridSpacing),
      };
  }
}

function fastestFor(rows: number): RepulsionMethod {
  if (rows < exactBelow) return 'exact';
  return rows < fftFrom ? 'barnes-hut' : 'fft';
}

function settingsOf(options: TsneOptions): Settings {
  checkOptions(options, tsneChecks);
  const {
    perplexity = 30,
    initialization = 'pca',
    iterations = 1000,
    exaggerationIterations = 250,
    earlyExaggeration = 12,
    learningRate = 'auto',
    initialMomentum = 0.5,
    finalMomentum = 0.8,
    minimumGain = 0.01,
    repulsion = 'auto',
    theta = 0.4,
    gridSpacing = 1 / 3,
    patience = 300,
    minimumGradientNorm = 1e-7,
    metric = 'euclidean',
    seed = 42,
    ...threading
  } = options;
  return {
    ...{ perplexity, initialization, iterations, exaggerationIterations, earlyExaggeration },
    ...{ learningRate, initialMomentum, finalMomentum, minimumGain, repulsion, theta },
    ...{ gridSpacing, patience, minimumGradientNorm, metric, seed, ...threading },
  };
}
