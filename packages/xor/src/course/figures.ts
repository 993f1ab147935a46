import { formatQuantity } from '@nn-lab/core/format';
import { barChart, type LineSeries, lineChart, type Svg } from '@nn-lab/core/plot';
import type { Initialisation, SuccessMeasurement } from '../success-rate.js';
import { courseFacts } from './facts.js';
import type { CourseRun } from './reproduce.js';

/** What a reproduction found. */
export interface XorResults {
  readonly runs: readonly CourseRun[];
  /** The draws of each of the course's lazy searches. */
  readonly lazy: readonly number[];
  /** Those of searches in a row of one stream. */
  readonly oneStreamLazy: readonly number[];
  readonly success: readonly SuccessMeasurement[];
}

/** Draws the plots of a reproduction, by name. */
export function drawXorPlots({ runs, lazy, success }: XorResults) {
  const byRate = runs.filter(({ init }) => init === 'normal');
  const byInitialisation = runs.filter(({ learningRate }) => learningRate === 0.3);
  const rateName = ({ learningRate }: CourseRun) => `η = ${learningRate}`;
  const initName = ({ init }: CourseRun) => names[init];
  return {
    'mse-by-rate': drawError(byRate, rateName, 'MSE by learning rate'),
    'misclassified-by-rate': drawMisclassified(byRate, rateName, 'Misclassified by learning rate'),
    'mse-by-initialisation': drawError(byInitialisation, initName, 'MSE by initial weights'),
    'misclassified-by-initialisation': drawMisclassified(
      byInitialisation,
      initName,
      'Misclassified by initial weights',
    ),
    lazy: drawLazy(lazy),
    success: drawSuccess(success),
    'time-normal': drawTimes(success, 'normal'),
    'time-uniform': drawTimes(success, 'uniform'),
  };
}

const names: Readonly<Record<Initialisation, string>> = {
  normal: 'N(0, 1)',
  uniform: 'U(−1, 1)',
};
const iteration = { title: 'Iteration' };

function drawError(
  runs: readonly CourseRun[],
  name: (run: CourseRun) => string,
  title: string,
): Svg {
  return lineChart(
    runs.map((run) => ({ name: name(run), ...thinned(run.trace!.mse) })),
    { title, xAxis: iteration, yAxis: { title: 'Mean squared error' }, dots: false },
  );
}

function drawMisclassified(
  runs: readonly CourseRun[],
  name: (run: CourseRun) => string,
  title: string,
): Svg {
  return lineChart(
    runs.map((run) => ({ name: name(run), ...changesOf(run.trace!.misclassified) })),
    {
      title,
      xAxis: iteration,
      yAxis: { title: 'Misclassified cases', domain: [0, 4], format: 'd' },
      curve: 'step',
      dots: false,
    },
  );
}

/** Every so many-th value and the last: a line of 600 points looks like one of 8,000. */
function thinned(values: Float64Array): Pick<LineSeries, 'x' | 'y'> {
  const every = Math.max(1, Math.ceil(values.length / 600));
  const kept = Array.from(values.keys()).filter(
    (index) => index % every === 0 || index === values.length - 1,
  );
  return { x: kept, y: kept.map((index) => values[index]!) };
}

/** Where the value changes, with both ends. */
function changesOf(values: Uint8Array): Pick<LineSeries, 'x' | 'y'> {
  const kept = Array.from(values.keys()).filter(
    (index) => index === 0 || index === values.length - 1 || values[index] !== values[index - 1],
  );
  return { x: kept, y: kept.map((index) => values[index]!) };
}

function drawLazy(lazy: readonly number[]): Svg {
  return barChart(
    lazy.map((_, index) => String(index + 1)),
    [{ name: '', values: lazy }],
    {
      title: 'Networks drawn until one solved XOR',
      subtitle: `mean ${Math.round(meanOf(lazy)).toLocaleString('en')}, course ${courseFacts.lazyMean.value.toLocaleString('en')}`,
      xAxis: { title: 'Search' },
      yAxis: { title: 'Draws' },
      formatValue: (value) => value.toLocaleString('en'),
    },
  );
}

function drawSuccess(success: readonly SuccessMeasurement[]): Svg {
  const rates = [...new Set(success.map(({ learningRate }) => learningRate))];
  const { count, maxEvaluations } = success[0]!;
  return lineChart(
    [...new Set(success.map(({ init }) => init))].map((init) => {
      const rows = success.filter((one) => one.init === init);
      return {
        name: names[init],
        x: rates,
        y: rows.map(({ rate }) => rate),
        band: {
          low: rows.map(({ interval }) => interval[0]),
          high: rows.map(({ interval }) => interval[1]),
        },
      };
    }),
    {
      title: 'Share of initialisations that solve XOR',
      subtitle: `${formatQuantity(count, 'initialisation')}, at most ${formatQuantity(maxEvaluations, 'evaluation')}; bands: 95 %`,
      xAxis: { title: 'Learning rate', scale: 'log' },
      yAxis: { title: 'Solved', format: '.0%', domain: [0, 1] },
    },
  );
}

/** For each learning rate the share solved within so many evaluations. */
function drawTimes(success: readonly SuccessMeasurement[], init: Initialisation): Svg {
  const rows = success.filter((one) => one.init === init);
  const limit = rows[0]!.maxEvaluations;
  const first = Math.min(10, limit);
  return lineChart(
    rows.map(({ learningRate, evaluations, count }) => {
      const steps = Array.from(
        { length: 101 },
        (_, index) => first * (limit / first) ** (index / 100),
      );
      let reached = 0;
      const y = steps.map((step) => {
        while (reached < evaluations.length && evaluations[reached]! <= step) reached++;
        return reached / count;
      });
      return { name: `η = ${learningRate}`, x: steps, y };
    }),
    {
      title: `Solved within, ${names[init]} weights`,
      xAxis: { title: 'Evaluations', scale: 'log' },
      yAxis: { title: 'Solved', format: '.0%', domain: [0, 1] },
      dots: false,
    },
  );
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
