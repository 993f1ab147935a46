import { checkOptions, type OptionChecks, someObject, wholeNumber } from '@nn-lab/core/checks';
import type { Dataset } from '@nn-lab/core/datasets';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { type ConfusionMatrix, confusionMatrix } from '@nn-lab/core/metrics';
import type { Classifier } from '@nn-lab/core/models';
import { type Matrix, matrixOf } from '@nn-lab/core/tables';
import { type Progress, type WorkOptions, workChecks } from '@nn-lab/core/work';
import {
  type ClassPair,
  type CrossValidation,
  KnnClassifier,
  NearestMeanClassifier,
  selectClassifier,
} from '../classifiers/index.js';
import { Pca } from '../maps/pca/index.js';
import { type MapQuality, mapQuality } from '../maps/quality/index.js';
import { Tsne, type TsneOptions } from '../maps/tsne/index.js';
import { Umap, type UmapOptions } from '../maps/umap/index.js';
import { type CourseCandidate, courseCandidates } from './candidates.js';

/** How many are classified right. */
export interface Score {
  readonly correct: number;
  readonly total: number;
}

/** A classifier on the rows that it was trained on, and on others. */
export interface Scores {
  readonly train: Score;
  readonly test: Score;
}

/** Both classifiers of the course, on one representation of the digits. */
export interface ReducedScores {
  /** Values a row. */
  readonly dimensions: number;
  readonly nearestMean: Scores;
  readonly knn: Scores;
}

/** A 2-D map of the training digits. */
export interface CourseMap {
  readonly quality: MapQuality;
  /** `[rows, 2]`: where each training digit lies. */
  readonly points: Matrix;
  /** `[classes, 2]`: where the mean of each class lies. */
  readonly means: Matrix;
  readonly seconds: number;
}

/** The three kinds of map. */
export type MapName = 'pca' | 'umap' | 'tsne';

/** What a representation of the digits is called: values a row after the method. */
export type ReductionName = 'pca2' | 'pca10' | 'pca40' | 'umap2' | 'tsne2';

/** A candidate's cross-validation. */
export interface RatedCourseCandidate {
  readonly name: string;
  readonly family: CourseCandidate['family'];
  readonly result: CrossValidation;
}

/** Every result of the course's project, and ours beyond. */
export interface CourseReproduction {
  readonly classes: number;
  /** `[classes, pixels]`. */
  readonly means: Matrix;
  /** Distances between the means, a row a class. */
  readonly meanDistances: readonly Float64Array[];
  /** All pairs of classes, the hardest to separate first. */
  readonly pairs: readonly ClassPair[];
  readonly nearestMean: Scores;
  readonly knn: Scores;
  readonly confusion: {
    readonly nearestMean: { readonly train: ConfusionMatrix; readonly test: ConfusionMatrix };
    readonly knn: { readonly train: ConfusionMatrix; readonly test: ConfusionMatrix };
    readonly best: { readonly test: ConfusionMatrix };
  };
  readonly maps: Readonly<Record<MapName, CourseMap>>;
  readonly reduced: Readonly<Record<ReductionName, ReducedScores>>;
  /** What was chosen among on training data alone, the best first. */
  readonly candidates: readonly RatedCourseCandidate[];
  /** The best of them, trained on all training digits, on the test digits that nothing else decided by. */
  readonly best: { readonly name: string; readonly test: Score };
  readonly seconds: number;
}

/** Options of {@link reproduceCourse}. */
export interface ReproduceCourseOptions extends WorkOptions {
  /** Seed of the maps and of the folds. Default 42. */
  readonly seed?: number;
  /** For the t-SNE map, such as threads. */
  readonly tsne?: Omit<TsneOptions, 'seed'>;
  /** For the UMAP map. */
  readonly umap?: Omit<UmapOptions, 'seed'>;
  /** Told of each step, as it begins: `stage` is its name, `done` of `total` steps were before it. */
  readonly onProgress?: (progress: Progress) => void;
}

const reproduceCourseChecks: OptionChecks<ReproduceCourseOptions> = {
  ...workChecks,
  seed: wholeNumber(0),
  tsne: someObject,
  umap: someObject,
};

const steps = 8;

/**
 * Runs every experiment of the course's project on labelled images, and ours beyond it: means and
 * their distances, both classifiers on raw and reduced data, the three maps with their quality, and
 * the choice of a better classifier by cross-validation.
 *
 * @param train - What is learned from: at least 5 images of each class.
 * @param test - What is only tested on, of the same shape and classes.
 * @throws InvalidArgumentError or ShapeError when the two do not fit each other.
 */
export async function reproduceCourse(
  train: Dataset,
  test: Dataset,
  options: ReproduceCourseOptions = {},
): Promise<CourseReproduction> {
  checkOptions(options, reproduceCourseChecks);
  const { seed = 42, signal, onProgress } = options;
  const stop = { signal };
  signal?.throwIfAborted();
  if (train.classNames.length !== test.classNames.length) {
    throw new InvalidArgumentError(
      `Expected the same classes to train and to test, got ${train.classNames.length} and ${test.classNames.length}.`,
    );
  }
  const start = performance.now();
  let done = 0;
  const step = (stage: string) => {
    onProgress?.({ stage, done: done++, total: steps });
    signal?.throwIfAborted();
  };
  const trial: Trial = {
    train: matrixOf(train),
    trainLabels: train.labels,
    test: matrixOf(test),
    testLabels: test.labels,
    classNames: train.classNames,
  };

  step('means');
  const meanClassifier = await new NearestMeanClassifier().fit(
    trial.train,
    trial.trainLabels,
    stop,
  );
  const { means } = meanClassifier;

  step('nearest mean and 3-NN');
  const nearestMean = await assess(new NearestMeanClassifier(), trial, stop);
  const knn = await assess(new KnnClassifier(), trial, stop);

  step('PCA');
  const pca = await mapBy(new Pca({ components: 2 }), trial, means, stop);
  step('UMAP');
  const umap = await mapBy(new Umap({ ...options.umap, seed }), trial, means, stop);
  step('t-SNE');
  const tsne = await mapBy(new Tsne({ ...options.tsne, seed }), trial, means, stop);

  step('reduced data');
  const pca40 = await new Pca({ components: Math.min(40, trial.train.rows - 1) }).fit(
    trial.train,
    stop,
  );
  const coordinates = {
    train: await pca40.transform(trial.train, stop),
    test: await pca40.transform(trial.test, stop),
  };
  const leading = (count: number) => ({
    ...trial,
    train: firstColumns(coordinates.train, count),
    test: firstColumns(coordinates.test, count),
  });
  const reduced = {
    pca2: await assessReduced(leading(2), stop),
    pca10: await assessReduced(leading(10), stop),
    pca40: await assessReduced(leading(40), stop),
    umap2: await assessReduced({ ...trial, ...umap.coordinates }, stop),
    tsne2: await assessReduced({ ...trial, ...tsne.coordinates }, stop),
  };

  step('cross-validation');
  const candidates = courseCandidates(train);
  const rated = await selectClassifier(candidates, trial.train, trial.trainLabels, {
    seed,
    signal,
  });
  const chosen = rated[0]!;
  step('the best on the test digits');
  const best = chosen.create();
  await best.fit(trial.train, trial.trainLabels, stop);
  const bestTest = confusionMatrix(
    await best.predict(trial.test, stop),
    trial.testLabels,
    trial.classNames,
  );

  return {
    classes: means.rows,
    means,
    meanDistances: meanClassifier.meanDistances(),
    pairs: meanClassifier.pairsByDistance(),
    nearestMean: scoresOf(nearestMean),
    knn: scoresOf(knn),
    confusion: { nearestMean, knn, best: { test: bestTest } },
    maps: { pca: pca.map, umap: umap.map, tsne: tsne.map },
    reduced,
    candidates: rated.map(({ name, result }) => ({
      name,
      family: candidates.find((candidate) => candidate.name === name)!.family,
      result,
    })),
    best: { name: chosen.name, test: scoreOf(bestTest) },
    seconds: (performance.now() - start) / 1000,
  };
}

/** The digits, or what they were reduced to, with their labels. */
interface Trial {
  readonly train: Matrix;
  readonly trainLabels: ArrayLike<number>;
  readonly test: Matrix;
  readonly testLabels: ArrayLike<number>;
  readonly classNames: readonly string[];
}

async function assess(classifier: Classifier, trial: Trial, stop: WorkOptions) {
  await classifier.fit(trial.train, trial.trainLabels, stop);
  const { classNames } = trial;
  const train = await classifier.predict(trial.train, stop);
  const test = await classifier.predict(trial.test, stop);
  return {
    train: confusionMatrix(train, trial.trainLabels, classNames),
    test: confusionMatrix(test, trial.testLabels, classNames),
  };
}

async function assessReduced(trial: Trial, stop: WorkOptions): Promise<ReducedScores> {
  return {
    dimensions: trial.train.columns,
    nearestMean: scoresOf(await assess(new NearestMeanClassifier(), trial, stop)),
    knn: scoresOf(await assess(new KnnClassifier(), trial, stop)),
  };
}

function scoresOf({ train, test }: { train: ConfusionMatrix; test: ConfusionMatrix }): Scores {
  return { train: scoreOf(train), test: scoreOf(test) };
}

function scoreOf({ counts, classNames, total }: ConfusionMatrix): Score {
  const correct = classNames.reduce(
    (sum, _, label) => sum + counts[label * (classNames.length + 1)]!,
    0,
  );
  return { correct, total };
}

async function mapBy(method: Pca | Tsne | Umap, trial: Trial, means: Matrix, stop: WorkOptions) {
  const start = performance.now();
  await method.fit(trial.train, stop);
  const train = method instanceof Pca ? await method.transform(trial.train, stop) : method.map;
  const seconds = (performance.now() - start) / 1000;
  const map: CourseMap = {
    quality: await mapQuality(trial.train, train, stop),
    points: train,
    means: await method.transform(means, stop),
    seconds,
  };
  return { map, coordinates: { train, test: await method.transform(trial.test, stop) } };
}

function firstColumns({ rows, columns, values }: Matrix, count: number): Matrix {
  const first = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    first.set(values.subarray(row * columns, row * columns + count), row * count);
  }
  return { rows, columns: count, values: first };
}
