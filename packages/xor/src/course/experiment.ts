import type { Experiment, ExperimentContext } from '@nn-lab/core/experiment';
import {
  formatCount,
  formatDuration,
  formatPercent,
  formatQuantity,
  formatTable,
} from '@nn-lab/core/format';
import type { Progress } from '@nn-lab/core/work';
import { type Initialisation, measureSuccess, type SuccessMeasurement } from '../success-rate.js';
import { courseFacts } from './facts.js';
import { drawXorPlots, meanOf, type XorResults } from './figures.js';
import { xorReport } from './report.js';
import { type CourseRun, courseLazyCounts, courseRuns, oneStreamLazyCounts } from './reproduce.js';

const learningRates = [0.3, 0.6, 0.8, 2, 5, 10];
const initialisations: readonly Initialisation[] = ['normal', 'uniform'];

/** Options of {@link xorReproduction}. */
export interface ReproduceXorOptions {
  /** Initialisations for the success rates. */
  readonly count: number;
  /** Evaluations after which a run counts as stuck. */
  readonly maxEvaluations: number;
  /** Of the success rates; the course's own seed is 42. */
  readonly seed: number;
}

/** Every experiment of the course, from its NumPy stream, and the success rates behind them. */
export const xorReproduction: Experiment<ReproduceXorOptions> = {
  project: 'xor',
  backend: false,
  seeds: ({ seed }) => ({ course: 42, success: seed }),
  async run(context) {
    const { options, device, run } = context;
    const began = performance.now();
    const results = await reproduce(context);
    const seconds = (performance.now() - began) / 1000;
    const plots = drawXorPlots(results);
    return {
      metrics: { ...metricsOf(results), seconds },
      text: `${describe(results)}\n\nDone in ${formatDuration(seconds)}. Plots and report: ${run.path}`,
      plots,
      report: xorReport(results, plots, { seed: options.seed, seconds, ...device }),
    };
  },
};

async function reproduce({
  options: { count, maxEvaluations, seed },
  log,
  progress,
  signal,
}: ExperimentContext<ReproduceXorOptions, object>): Promise<XorResults> {
  const runs = await courseRuns({ trace: true, signal });
  log.info(`Trained ${formatQuantity(runs.length, 'time')}: ${runs.map(describeRun).join(', ')}.`);

  const searching = progress('Searching lazily', 16, { unit: 'search' });
  const lazy = await courseLazyCounts({ signal, onProgress: ({ done }) => searching.update(done) });
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
  return { runs, lazy, oneStreamLazy, success };
}

function metricsOf({ runs, lazy, oneStreamLazy, success }: XorResults) {
  const { evaluations, lazySearches, lazyMean, lazyFewest, lazyMost } = courseFacts;
  return {
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
    course: {
      evaluations: evaluations.value,
      lazy: {
        searches: lazySearches.value,
        mean: lazyMean.value,
        min: lazyFewest.value,
        max: lazyMost.value,
      },
    },
  };
}

function describeRun({ evaluations }: CourseRun): string {
  return formatQuantity(evaluations, 'evaluation');
}

function describe({ runs, lazy, success }: XorResults): string {
  const training = formatTable(
    runs.map((run) => [
      String(run.learningRate),
      run.init,
      formatCount(run.evaluations),
      run.mse.toFixed(4),
    ]),
    { header: ['learning rate', 'weights from', 'evaluations', 'final MSE'] },
  );
  const searches = `Lazy searches: ${lazy.map(formatCount).join('; ')} draws.\nMean ${formatCount(Math.round(meanOf(lazy)))} (course ${formatCount(courseFacts.lazyMean.value)}), from ${formatCount(Math.min(...lazy))} to ${formatCount(Math.max(...lazy))}.`;
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
