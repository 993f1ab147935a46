import { dirname } from 'node:path';
import { threadHost } from '@nn-lab/backend-simd/node';
import type { Experiment } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatTable } from '@nn-lab/core/format';
import { loadDataset } from '@nn-lab/core/node';
import {
  type CourseReproduction,
  courseReport,
  drawCourseFigures,
  reproduceCourse,
  type Score,
} from '../course/index.js';
import { hashesOf } from './input.js';

/** Options of {@link classifierReproduction}. */
export interface ReproduceClassifierOptions {
  readonly seed: number;
  readonly threads?: number | undefined;
  /** A folder to look for the course's digits in first. */
  readonly data?: string | undefined;
}

/** Every experiment of the course, the quality of its maps, and the choice of a better classifier. */
export const classifierReproduction: Experiment<
  ReproduceClassifierOptions,
  Awaited<ReturnType<typeof loadDigits>>
> = {
  project: 'classifier',
  backend: true,
  seeds: ({ seed }) => ({ all: seed }),
  async load({ data }, { log, signal }) {
    const digits = await loadDigits(data, signal);
    if (digits.note) log.warn(digits.note);
    return digits;
  },
  async run({ options: { seed, threads }, inputs, device, run, log, progress, signal }) {
    const { train, test, title, courseData } = inputs;
    log.info(`Digits: ${title}.`);
    const work = { threadHost, ...(threads === undefined ? {} : { threads }) };
    const bar = progress('Reproducing', 8, { unit: 'step' });
    const results = await reproduceCourse(train, test, {
      seed,
      tsne: work,
      umap: work,
      signal,
      onProgress: ({ stage, done }) => bar.update(done, stage),
    });
    bar.update(8);
    bar.stop();
    const plots = drawCourseFigures(results, train);
    return {
      metrics: {
        ...documentOf(results),
        data: { title, course: courseData },
        seconds: results.seconds,
      },
      text: `${describe(results)}\n\nDone in ${formatDuration(results.seconds)}. Figures and report: ${run.path}`,
      plots,
      report: courseReport(results, plots, { data: title, courseData, seed, device }),
    };
  },
};

async function loadDigits(data: string | undefined, signal: AbortSignal) {
  const { train, test, sources, note } = await loadDataset('digits16', {
    ...(data === undefined ? {} : { data }),
    signal,
  });
  const embedded = sources.every(({ file }) => file === 'embedded');
  const courseData = !embedded && sources.every(({ official }) => official);
  const title = embedded
    ? 'the digits that come along, made of MNIST'
    : `${courseData ? "the course's digits" : 'digits'} in ${dirname(sources[0]!.path!)}`;
  return { train, test, note, courseData, title, datasets: hashesOf(sources) };
}

/** The results as `metrics.json` and `--json` have them. */
function documentOf(results: CourseReproduction) {
  const { nearestMean, knn, reduced, maps, best, pairs, meanDistances, candidates } = results;
  return {
    nearestMean,
    knn,
    reduced,
    maps: {
      pca: { ...maps.pca.quality, seconds: maps.pca.seconds },
      umap: { ...maps.umap.quality, seconds: maps.umap.seconds },
      tsne: { ...maps.tsne.quality, seconds: maps.tsne.seconds },
    },
    best,
    candidates: candidates.map(({ name, family, result }) => ({
      name,
      family,
      accuracy: result.accuracy,
      folds: Array.from(result.folds),
    })),
    meanDistances: meanDistances.map((row) => Array.from(row)),
    pairs,
  };
}

function describe(results: CourseReproduction): string {
  const { nearestMean, knn, best, maps, reduced } = results;
  const right = ({ correct, total }: Score) => `${correct}/${total}`;
  const share = ({ correct, total }: Score) => formatPercent(correct / total, 2);
  const scores = formatTable(
    [
      ['nearest mean', nearestMean.train, nearestMean.test] as const,
      ['3-NN', knn.train, knn.test] as const,
    ].map(([name, train, test]) => [name, right(train), share(train), right(test), share(test)]),
    { header: ['', 'train', '', 'test', ''] },
  );
  const reductions = formatTable(
    Object.entries(reduced).map(([name, { nearestMean, knn }]) => [
      name,
      share(nearestMean.test),
      share(knn.test),
    ]),
    { header: ['reduced', 'nearest mean, test', '3-NN, test'] },
  );
  const qualities = formatTable(
    Object.entries(maps).map(([name, { quality, seconds }]) => [
      name,
      quality.trustworthiness.toFixed(3),
      quality.continuity.toFixed(3),
      quality.recall.toFixed(3),
      formatDuration(seconds),
    ]),
    { header: ['map', 'trustworthiness', 'continuity', 'recall', 'time'] },
  );
  return `${scores}\n\n${reductions}\n\n${qualities}\n\nBest by cross-validation: ${best.name}, test ${right(best.test)} (${share(best.test)})`;
}
