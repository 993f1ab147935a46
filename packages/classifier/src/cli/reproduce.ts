import { dirname } from 'node:path';
import { threadHost } from '@nn-lab/backend-simd/node';
import { backendOptions, dataOption, defineCommand, seedOption } from '@nn-lab/core/cli';
import {
  describeMachine,
  openRunFolder,
  outputFolderOptions,
  startBackend,
} from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatQuantity, formatTable } from '@nn-lab/core/format';
import { loadDataset, renderPng } from '@nn-lab/core/node';
import {
  buildCourseReport,
  type CourseReproduction,
  drawCourseFigures,
  reproduceCourse,
  type Score,
} from '../reproduce/index.js';
import { runConfigOf } from './run-config.js';

export const reproduceCommand = defineCommand({
  name: 'reproduce',
  summary: "run the course's experiments on its digits, or on those that come along",
  description:
    "Runs every experiment of the course's project: means, both classifiers on raw and reduced digits, the maps; then measures the maps and chooses a better classifier by cross-validation. Leaves a folder with every figure and a report that has the course's results beside ours. The digits are the course's where --data or NN_LAB_DATA has them, and otherwise those that come with the package.",
  options: [
    seedOption,
    ...backendOptions,
    dataOption,
    ...outputFolderOptions('runs/<project>/reproduce'),
  ],
  examples: [
    { args: 'reproduce', does: 'on the digits that come along, or those in NN_LAB_DATA' },
    {
      args: 'reproduce --data course --json',
      does: "on the course's four files, in course/ or course/digits16/",
    },
  ],
  async run({ options, program, log, progress, signal, result }) {
    const { seed, threads } = options;
    const { data } = options;
    const digits = await loadDataset('digits16', {
      ...(data === undefined ? {} : { data }),
      signal,
    });
    const embedded = digits.sources.every(({ file }) => file === 'embedded');
    const courseData = !embedded && digits.sources.every(({ official }) => official);
    const title = embedded
      ? 'the digits that come along, made of MNIST'
      : `${courseData ? "the course's digits" : 'digits'} in ${dirname(digits.sources[0]!.path!)}`;
    if (digits.note) log.warn(digits.note);
    const run = await openRunFolder(options.out, { ...options, project: program.project });
    try {
      const backend = await startBackend(options, log);
      log.info(`Digits: ${title}.`);
      await run.configure(runConfigOf(program, { ...options }, backend, digits.sources));
      const work = { threadHost, ...(threads === undefined ? {} : { threads }) };
      const bar = progress('Reproducing', 8, { unit: 'step' });
      const results = await reproduceCourse(digits.train, digits.test, {
        seed,
        tsne: work,
        umap: work,
        signal,
        onProgress: ({ stage, done }) => bar.update(done, stage),
      });
      bar.update(8);
      bar.stop();

      const figures = drawCourseFigures(results, digits.train);
      for (const [name, svg] of Object.entries(figures)) {
        await run.write(`plots/${name}.svg`, svg);
        await run.write(`plots/${name}.png`, await renderPng(svg, { scale: 2 }));
      }
      const machine = describeMachine();
      const report = buildCourseReport(results, figures, {
        data: title,
        courseData,
        seed,
        facts: [
          ['Training digits', results.nearestMean.train.total],
          ['Test digits', results.nearestMean.test.total],
          ['Seed', seed],
          ['Time', formatDuration(results.seconds)],
          ['Backend', `${backend.name}, ${formatQuantity(backend.threads, 'thread')}`],
          [
            'Machine',
            `${machine.cpu}, ${formatQuantity(machine.cores, 'core')}, Node ${machine.node}`,
          ],
        ],
      });
      await run.write('report.html', report);
      const document = {
        ...documentOf(results),
        data: { title, course: courseData },
        seed,
        backend: backend.name,
        threads: backend.threads,
        machine,
        seconds: results.seconds,
      };
      await run.writeMetrics(document);
      result(
        { out: run.path, ...document },
        `${describe(results)}\n\nDone in ${formatDuration(results.seconds)}. Figures and report: ${run.path}`,
      );
    } finally {
      run.close();
    }
  },
});

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
