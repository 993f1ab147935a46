import {
  checkOptions,
  checkValue,
  either,
  float32Array,
  numberFrom,
  type OptionChecks,
  oneOf,
  positiveNumber,
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
import { createRandom } from '@nn-lab/core/random';
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
import { rowsOf, weightedMeans } from '../sparse-rows.js';
import { fitCurve, type SimilarityCurve } from './curve.js';
import { Layout, type LayoutPoints, relativeToLargest, seedsFor } from './layout.js';
import { memberships, neighborGraph } from './memberships.js';
import { layOutByUmapJs } from './umap-js-engine.js';

/** What lays a map out. */
export type UmapEngine = 'simd' | 'umap-js';

/** Options of {@link Umap}. The defaults are those of umap-learn 0.5 wherever it has the option. */
export interface UmapOptions extends ThreadOptions {
  /** Neighbors of a row, itself counted, from 2 to the rows. Default 15. */
  readonly neighbors?: number;
  /** How close points lie on the map, at least; from 0, at most the spread. Default 0.1. */
  readonly minimumDistance?: number;
  /** The scale of the map, above 0. Default 1. */
  readonly spread?: number;
  /** Default: 500 for up to 10,000 rows, 200 for more. */
  readonly epochs?: number | undefined;
  /** At the start; it falls to 0. Default 1. */
  readonly learningRate?: number;
  /** Weight of the repulsion, from 0. Default 1. */
  readonly repulsionStrength?: number;
  /**
   * Points drawn to be repelled from, for each turn of an edge, from 1 to 1000. Default 7: with the end of the
   * edge they fill two vectors, so that 7 take no longer than the 5 of umap-learn, and make a better
   * map.
   */
  readonly negativeSamples?: number;
  /** What is near. Default `'euclidean'`. */
  readonly metric?: Metric;
  /** Where points start. Default `'pca'`. */
  readonly initialization?: Initialization;
  /**
   * `simd`, the default: our own layout. `umap-js`: the package of that name, from random starts,
   * with its own graph; there to compare with (figures in the README).
   */
  readonly engine?: UmapEngine;
  /** Decides the draws and a random start. Default 42. */
  readonly seed?: number;
}

/** More only take time, which a damaged file must not take without end. */
const mostNegativeSamples = 1000;

const umapChecks: OptionChecks<UmapOptions> = {
  ...threadChecks,
  neighbors: wholeNumber(2),
  minimumDistance: numberFrom(0),
  spread: positiveNumber,
  epochs: wholeNumber(1),
  learningRate: positiveNumber,
  repulsionStrength: numberFrom(0),
  negativeSamples: wholeNumber(1, mostNegativeSamples),
  initialization: either(oneOf('pca', 'random'), float32Array),
  engine: oneOf('simd', 'umap-js'),
  metric: metricCheck,
  seed: wholeNumber(0),
};

/** How far a map is: `done` of `total` epochs. */
export interface UmapProgress extends Progress {
  /** Copies the map as it is now: `[rows, 2]`. */
  readonly readMap: () => Matrix;
}

/** Options of {@link Umap.start}. */
export interface UmapStartOptions extends WorkOptions {
  /**
   * The neighbors of each row, itself not among them, nearest first: one less than the option
   * `neighbors` of {@link UmapOptions}. Default: those found by comparing all columns of
   * up to 20,000 rows, {@link approximateNeighbors} of more.
   */
  readonly neighbors?: Neighbors;
}

const startChecks: OptionChecks<UmapStartOptions> = { ...workChecks, neighbors: someObject };

/** Options of {@link Umap.fit}. */
export interface UmapFitOptions extends UmapStartOptions {
  /**
   * Told how far the search for neighbors and the like is, then, as the stage `map`, every
   * {@link epochsBetweenProgress} epochs and at the end, with what only a map has.
   */
  readonly onProgress?: ((progress: Progress & Partial<UmapProgress>) => void) | undefined;
  /** Default 10. The engine umap-js tells with each turn instead. */
  readonly epochsBetweenProgress?: number;
}

const fitChecks: OptionChecks<UmapFitOptions> = {
  ...startChecks,
  epochsBetweenProgress: wholeNumber(1),
};

/** Options of {@link Umap.transform}. */
export interface UmapTransformOptions extends WorkOptions {
  /** Default 100. */
  readonly epochs?: number;
}

const transformChecks: OptionChecks<UmapTransformOptions> = {
  ...workChecks,
  epochs: wholeNumber(1),
};

/** What `Umap.toJSON` gives. */
export interface SavedUmap extends SavedModel<'umap'> {
  readonly rows: number;
  readonly values: SavedFloats;
  readonly map: SavedFloats;
  readonly options: {
    readonly neighbors: number;
    readonly minimumDistance: number;
    readonly spread: number;
    readonly learningRate: number;
    readonly repulsionStrength: number;
    readonly negativeSamples: number;
    /** If it is not `euclidean`. */
    readonly metric?: Metric;
    readonly seed: number;
  };
}

interface FittedUmap {
  readonly x: Matrix;
  readonly map: Float32Array;
}

type Settings = Required<Omit<UmapOptions, 'threads' | 'threadHost' | 'epochs'>> &
  Pick<UmapOptions, 'epochs' | 'threads' | 'threadHost'>;

/** A map starts as wide as this each way. */
const initialReach = 10;
/** New points move less than those of a map in the making, as in umap-learn. */
const transformRateShare = 1 / 4;

/**
 * UMAP: a map of the rows in two dimensions that keeps neighbors together (McInnes, Healy and
 * Melville 2018).
 *
 * What such a map does not show: distances between clusters, their sizes and densities mean little,
 * and more neighbors give another picture. Look at several, and at the measures beside it
 * ({@link mapQuality}).
 *
 * Equal options and seeds give equal maps, whatever the number of threads.
 *
 * @example
 * ```ts
 * const umap = await new Umap({ neighbors: 15 }).fit(train);
 * umap.map; // [rows, 2]
 * const placed = await umap.transform(test);
 * ```
 */
export class Umap {
  static readonly savedType = 'umap';

  readonly #settings: Settings;
  readonly #curve: SimilarityCurve;
  #fitted: FittedUmap | undefined;

  /** @throws InvalidArgumentError for an option out of its range. */
  constructor(options: UmapOptions = {}) {
    this.#settings = settingsOf(options);
    this.#curve = fitCurve(this.#settings.minimumDistance, this.#settings.spread);
  }

  /**
   * Makes the map.
   *
   * @throws InvalidArgumentError when there are fewer than 4 rows or fewer than neighbors are asked
   * for, or a value is not finite.
   * @throws ShapeError when sizes do not fit.
   */
  async fit(x: Matrix, options: UmapFitOptions = {}): Promise<this> {
    checkOptions(options, fitChecks);
    const { epochsBetweenProgress = 10, onProgress } = options;
    const work = new Work(options);
    if (this.#settings.engine === 'umap-js') return this.#fitByUmapJs(x, options, work);
    const run = await this.#start(x, options, work);
    await runToEnd(run, ({ done }) => done % epochsBetweenProgress === 0, onProgress, work);
    return this;
  }

  /**
   * Begins a map that is made step by step, say for an animation, by the engine `simd`.
   *
   * @throws as {@link fit}.
   */
  async start(x: Matrix, options: UmapStartOptions = {}): Promise<UmapRun> {
    checkOptions(options, startChecks);
    return this.#start(x, options, new Work(options));
  }

  async #start(x: Matrix, options: UmapStartOptions, work: Work): Promise<UmapRun> {
    const neighbors = await this.#neighborsOf(x, options, work);
    const { initialization, metric, seed } = this.#settings;
    const k = neighbors.indices.length / x.rows;
    const shares = await memberships(neighbors.distances, k, 1, work);
    const graph = relativeToLargest(await neighborGraph(shares, neighbors, x.rows, work));
    const rows = await rowsIn(metric, x, work);
    const initial = await startingMap(rows, initialization, seed, work);
    const points = { graph, initial, fixed: undefined, seedFor: seedsFor(seed) };
    const workspace = await Workspace.create(Layout.bytes(points), { threads: 1 });
    const epochs = this.#epochsFor(x.rows);
    const layout = new Layout(workspace, points, { ...this.#settings, ...this.#curve, epochs });
    return new UmapRun(workspace, layout, epochs, (map) => {
      this.#fitted = { x, map };
    });
  }

  /** `[rows, 2]`: where each row is. @throws NotFittedError */
  get map(): Matrix {
    const { map } = this.#require();
    return { rows: map.length / 2, columns: 2, values: map };
  }

  /**
   * Places new rows on the map, which stays as it is. Where a row goes does not depend on the others.
   *
   * @returns `[rows, 2]`.
   * @throws NotFittedError, InvalidArgumentError, or ShapeError when the rows are not as wide as those
   * of the map.
   */
  async transform(x: Matrix, options: UmapTransformOptions = {}): Promise<Matrix> {
    checkOptions(options, transformChecks);
    const work = new Work(options);
    const fitted = this.#require();
    const columns = { count: fitted.x.columns, of: 'the rows of the map' };
    await checkRows(x, { name: 'the new rows', columns }, work);
    const { epochs = 100 } = options;
    const { metric, seed, threads, threadHost } = this.#settings;
    const k = Math.min(this.#settings.neighbors, fitted.x.rows);
    const neighbors = await nearestRows(fitted.x, x, k, { work, metric });
    const shares = await memberships(Float32Array.from(neighbors.distances), k, 0, work);
    scaleRows(shares, k, 'sum');
    const initial = weightedMeans(fitted.map, shares, neighbors.indices, k);
    scaleRows(shares, k, 'largest');
    const points: LayoutPoints = {
      graph: rowsOf(shares, neighbors, x.rows),
      initial,
      fixed: fitted.map,
      seedFor: () => seed % 2 ** 32,
    };
    const bytes = Layout.bytes(points);
    const workspace = await Workspace.create(bytes, { threads, threadHost });
    try {
      const learningRate = this.#settings.learningRate * transformRateShare;
      const settings = { ...this.#settings, ...this.#curve, epochs, learningRate };
      const layout = new Layout(workspace, points, settings);
      work.begin('placing', epochs);
      while (layout.epoch < epochs) {
        for (const _ of layout.stepInParts()) if (work.isDue) await work.turn();
        await work.reach(layout.epoch);
      }
      return { rows: x.rows, columns: 2, values: layout.map };
    } finally {
      workspace.dispose();
    }
  }

  /** The map and the rows that it is of, as plain values for `JSON.stringify`. @throws NotFittedError */
  toJSON(): SavedUmap {
    const { x, map } = this.#require();
    const { neighbors, minimumDistance, spread, learningRate } = this.#settings;
    const { repulsionStrength, negativeSamples, metric, seed } = this.#settings;
    return savedModel('umap', {
      rows: x.rows,
      values: encodeFloats(x.values),
      map: encodeFloats(map),
      options: {
        ...{ neighbors, minimumDistance, spread, learningRate },
        ...{ repulsionStrength, negativeSamples, ...savedMetric(metric), seed },
      },
    });
  }

  /**
   * What {@link toJSON} gave, fitted again.
   *
   * @param source - Where it is from, for errors.
   * @throws DataFormatError when it is not that, or damaged.
   */
  static fromJSON(json: unknown, source = 'the saved map', options: ThreadOptions = {}): Umap {
    const saved = readSaved<SavedUmap>(json, 'umap', source);
    const rows = requireSavedCount(saved.rows, 4, source);
    const columns = requireSavedCount(saved.values?.length / rows, 1, source);
    const values = decodeRows(saved.values, source, rows * columns);
    const map = decodeFloats(saved.map, Float32Array, source, 2 * rows);
    try {
      const { neighbors, minimumDistance, spread, learningRate } = saved.options;
      const { repulsionStrength, negativeSamples, metric = 'euclidean', seed } = saved.options;
      const umap = new Umap({
        ...options,
        ...{ neighbors, minimumDistance, spread, learningRate },
        ...{ repulsionStrength, negativeSamples, metric, seed },
      });
      umap.#fitted = { x: { rows, columns, values }, map };
      return umap;
    } catch (cause) {
      throw new DataFormatError(
        `${source}: the saved model is damaged: ${cause instanceof Error ? cause.message : cause}`,
        { source, cause },
      );
    }
  }

  async #fitByUmapJs(x: Matrix, options: UmapFitOptions, work: Work): Promise<this> {
    const neighbors = await this.#neighborsOf(x, options, work);
    const settings = { ...this.#settings, epochs: this.#epochsFor(x.rows) };
    this.#fitted = { x, map: await layOutByUmapJs(neighbors, x.rows, settings, work) };
    return this;
  }

  async #neighborsOf(x: Matrix, { neighbors }: UmapStartOptions, work: Work): Promise<Neighbors> {
    await checkRows(x, { minimumRows: 4 }, work);
    if (neighbors) {
      validateNeighbors(neighbors, x.rows);
      return neighbors;
    }
    const { neighbors: count } = this.#settings;
    if (count > x.rows) {
      throw new InvalidArgumentError(
        `Expected at most ${x.rows} neighbors for ${x.rows} rows, got ${count}. Ask for fewer.`,
      );
    }
    return neighborsForMap(x, count - 1, this.#settings, work);
  }

  #epochsFor(rows: number): number {
    return this.#settings.epochs ?? (rows <= 10_000 ? 500 : 200);
  }

  #require(): FittedUmap {
    if (!this.#fitted) {
      throw new NotFittedError('Expected a fitted UMAP, got one without a map: call fit first.');
    }
    return this.#fitted;
  }
}

/** A map in the making; {@link Umap.start} gives one. */
export class UmapRun {
  readonly #workspace: Workspace;
  readonly #layout: Layout;
  readonly #epochs: number;
  readonly #onFinish: (map: Float32Array) => void;

  /** @internal */
  constructor(
    workspace: Workspace,
    layout: Layout,
    epochs: number,
    onFinish: (map: Float32Array) => void,
  ) {
    this.#workspace = workspace;
    this.#layout = layout;
    this.#epochs = epochs;
    this.#onFinish = onFinish;
  }

  get isDone(): boolean {
    return this.#layout.epoch >= this.#epochs;
  }

  get progress(): UmapProgress {
    return {
      stage: 'map',
      done: this.#layout.epoch,
      total: this.#epochs,
      readMap: () => {
        const values = this.#layout.map;
        return { rows: values.length / 2, columns: 2, values };
      },
    };
  }

  /**
   * Does so many epochs, fewer if the map is done before.
   *
   * @param epochs - Default 1.
   */
  step(epochs = 1): UmapProgress {
    for (let done = 0; done < epochs && !this.isDone; done++) this.#layout.step();
    return this.progress;
  }

  /**
   * One epoch in parts, between which others may have a turn.
   *
   * @internal
   */
  stepInParts(): Iterable<void> {
    return this.#layout.stepInParts();
  }

  /** Gives the map as it is to the UMAP, done or not. */
  finish(): void {
    this.#onFinish(this.#layout.map);
  }

  /** The run is of no further use. */
  dispose(): void {
    this.#workspace.dispose();
  }
}

/** As for t-SNE, but ten units each way: UMAP's forces are weak beyond a few units. */
async function startingMap(
  x: Matrix,
  initialization: Initialization,
  seed: number,
  work: Work,
): Promise<Float32Array> {
  if (initialization === 'random') {
    const random = createRandom(seed).fork('initialisation');
    return Float32Array.from({ length: 2 * x.rows }, () =>
      random.uniform(-initialReach, initialReach),
    );
  }
  const map = await initialMap(x, initialization, seed, work);
  if (initialization !== 'pca') return map;
  const farthest = map.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return map.map((value) => (value / farthest) * initialReach);
}

/** Divides each row by its sum or by its largest value. */
function scaleRows(shares: Float32Array, k: number, by: 'sum' | 'largest'): void {
  for (let start = 0; start < shares.length; start += k) {
    const row = shares.subarray(start, start + k);
    const divisor = row.reduce((a, b) => (by === 'sum' ? a + b : Math.max(a, b)), 0);
    for (let j = 0; j < k; j++) row[j]! /= divisor;
  }
}

function settingsOf(options: UmapOptions): Settings {
  checkOptions(options, umapChecks);
  const {
    neighbors = 15,
    minimumDistance = 0.1,
    spread = 1,
    epochs,
    learningRate = 1,
    repulsionStrength = 1,
    negativeSamples = 7,
    initialization = 'pca',
    engine = 'simd',
    metric = 'euclidean',
    seed = 42,
    ...threading
  } = options;
  checkValue('minimumDistance', minimumDistance, numberFrom(0, spread));
  return {
    ...{ neighbors, minimumDistance, spread, epochs, learningRate, repulsionStrength },
    ...{ negativeSamples, metric, initialization, engine, seed, ...threading },
  };
}
