import {
  defineCommand,
  formatCount,
  formatDuration,
  formatPercent,
  formatQuantity,
  formatTable,
  integerOption,
  readPackageVersion,
  seedOption,
} from '@nn-lab/core/cli';
import { describeMachine, openRunFolder, outputFolderOptions } from '@nn-lab/core/experiment';
import type { Progress } from '@nn-lab/core/work';
import { type CourseRun, courseLazyCounts, courseRuns, oneStreamLazyCounts } from '../course.js';
import { type Initialisation, measureSuccess, type SuccessMeasurement } from '../success-rate.js';
import { courseFigures, meanOf } from './course-figures.js';
import { writeXorReport } from './report.js';

const learningRates = [0.3, 0.6, 0.8, 2, 5, 10];
const initialisations: readonly Initialisation[] = ['normal', 'uniform'];

export const reproduceCommand = defineCommand({
  name: 'reproduce',
  summary: "run the course's experiments and the success rates behind them",
  description:
    "Runs every experiment of the course from its NumPy stream, then measures how often gradient descent succeeds, and leaves a folder with plots and a report. The seed is that of the success rates; the course's own is 42.",
  options: [
    integerOption('count', 'initialisations for the success rates', {
      default: 1000,
      minimum: 1,
      maximum: 1_000_000,
    }),
    integerOption('max-evaluations', 'evaluations after which a run counts as stuck', {
      default: 10_000,
      minimum: 1,
      maximum: 10_000_000,
    }),
    seedOption,
    ...outputFolderOptions('runs/<project>/reproduce'),
  ],
  async run({ options, program, log, progress, signal, result }) {
    const { count, maxEvaluations, seed } = options;
    const began = performance.now();
    const folder = await openRunFolder(options.out, { ...options, project: program.project });
    try {
      await folder.configure({
        options: { ...options },
        seeds: { course: 42, success: seed },
        packages: {
          [program.name]: program.version,
          '@nn-lab/core': readPackageVersion(import.meta.resolve('@nn-lab/core')),
        },
        backend: 'none',
        threads: 1,
        datasets: {},
      });
      const runs = await courseRuns({ trace: true, signal });
      log.info(
        `Trained ${formatQuantity(runs.length, 'time')}: ${runs.map(describeRun).join(', ')}.`,
      );

      const searching = progress('Searching lazily', 16, { unit: 'search' });
      const lazy = await courseLazyCounts({
        signal,
        onProgress: ({ done }) => searching.update(done),
      });
      const oneStreamLazy = await oneStreamLazyCounts(8, {
        signal,
        onProgress: ({ done }) => searching.update(8 + done),
      });
      searching.stop();

      const cells = initialisations.flatMap((init) =>
        learningRates.map((learningRate) => ({ init, learningRate })),
      );
      const measuring = progress('Measuring success', cells.length * count, { unit: 'run' });
      const success: SuccessMeasurement[] = [];
      for (const { init, learningRate } of cells) {
        const before = success.length * count;
        const onProgress = ({ done }: Progress) => measuring.update(before + done);
        const work = { signal, onProgress };
        success.push(
          await measureSuccess(learningRate, init, { count, maxEvaluations, seed, ...work }),
        );
      }
      measuring.stop();

      const document = {
        runs: runs.map(({ learningRate, init, evaluations, weights, outputs, mse }) => ({
          learningRate,
          init,
          evaluations,
          weights: Array.from(weights),
          outputs: Array.from(outputs),
          mse,
        })),
        lazy,
        oneStreamLazy,
        success: success.map(({ evaluations, ...measured }) => ({
          ...measured,
          medianEvaluations: evaluations[evaluations.length >> 1] ?? null,
        })),
        course: courseFigures,
        seed,
        machine: describeMachine(),
        seconds: (performance.now() - began) / 1000,
      };
      await writeXorReport(folder, { runs, lazy, oneStreamLazy, success, document });
      await folder.writeMetrics(document);
      result(
        { out: folder.path, ...document },
        `${describe(runs, lazy, success)}\n\nDone in ${formatDuration(document.seconds)}. Plots and report: ${folder.path}`,
      );
    } finally {
      folder.close();
    }
  },
});

function describeRun({ evaluations }: CourseRun): string {
  return formatQuantity(evaluations, 'evaluation');
}

function describe(
  runs: readonly CourseRun[],
  lazy: readonly number[],
  success: readonly SuccessMeasurement[],
): string {
  const training = formatTable(
    runs.map((run) => [
      String(run.learningRate),
      run.init,
      formatCount(run.evaluations),
      run.mse.toFixed(4),
    ]),
    { header: ['learning rate', 'weights from', 'evaluations', 'final MSE'] },
  );
  const searches = `Lazy searches: ${lazy.map(formatCount).join('; ')} draws.\nMean ${formatCount(Math.round(meanOf(lazy)))} (course ${formatCount(courseFigures.lazy.mean)}), from ${formatCount(Math.min(...lazy))} to ${formatCount(Math.max(...lazy))}.`;
  const shares = formatTable(
    success.map(({ init, learningRate, rate, interval, evaluations }) => [
      init,
      String(learningRate),
      formatPercent(rate),
      `${formatPercent(interval[0])} to ${formatPercent(interval[1])}`,
      evaluations.length === 0 ? '-' : formatCount(evaluations[evaluations.length >> 1]!),
    ]),
    { header: ['weights from', 'learning rate', 'solved', '95 % interval', 'median evaluations'] },
  );
  return `${training}\n\n${searches}\n\n${shares}`;
}
