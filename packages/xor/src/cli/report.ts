import { formatCount, formatPercent, formatQuantity } from '@nn-lab/core/cli';
import type { RunFolder, RunMachine } from '@nn-lab/core/experiment';
import { renderPng } from '@nn-lab/core/node/files';
import { buildReport, type ReportSection } from '@nn-lab/core/report';
import type { CourseRun } from '../course.js';
import type { SuccessMeasurement } from '../success-rate.js';
import { courseFigures, meanOf } from './course-figures.js';
import { drawXorPlots } from './plots.js';

/** What the report is written of. */
export interface XorResults {
  readonly runs: readonly CourseRun[];
  readonly lazy: readonly number[];
  readonly oneStreamLazy: readonly number[];
  readonly success: readonly SuccessMeasurement[];
  readonly document: {
    readonly seed: number;
    readonly seconds: number;
    readonly machine: RunMachine;
  };
}

/** Draws the plots (SVG and PNG) and writes `report.html`. */
export async function writeXorReport(folder: RunFolder, results: XorResults): Promise<void> {
  const plots = drawXorPlots(results);
  for (const [name, svg] of Object.entries(plots)) {
    await folder.write(`plots/${name}.svg`, svg);
    await folder.write(`plots/${name}.png`, await renderPng(svg, { scale: 2 }));
  }
  await folder.write('report.html', report(results, plots));
}

function report(results: XorResults, plots: ReturnType<typeof drawXorPlots>): string {
  const { runs, lazy, success, document } = results;
  const first = runs[0]!;
  const best = success.reduce((a, b) => (b.rate > a.rate ? b : a));
  return buildReport({
    title: 'XOR and gradient descent from scratch',
    subtitle:
      'A network of two inputs, two hidden units and one output, sigmoids everywhere, nine weights.',
    summary: [
      {
        label: 'Evaluations at learning rate 0.3',
        value: formatCount(first.evaluations),
        note: `course ${formatCount(courseFigures.evaluations)}`,
      },
      {
        label: 'Lazy search, mean draws',
        value: formatCount(Math.round(meanOf(lazy))),
        note: `course ${formatCount(courseFigures.lazy.mean)}`,
      },
      {
        label: 'Best success rate',
        value: formatPercent(best.rate),
        note: `learning rate ${best.learningRate}, ${best.init} weights`,
      },
    ],
    sections: [
      courseSection(results),
      trainingSection(runs, plots),
      ...furtherSections(results, plots),
    ],
    footer: `${document.machine.cpu}, Node ${document.machine.node}; ${document.seconds.toFixed(1)} s in all. The course's figures are from its students' report; what it does not state is left empty.`,
  });
}

function courseSection({ runs, lazy }: XorResults): ReportSection {
  const { evaluations, lazy: course } = courseFigures;
  return {
    title: 'Beside the course',
    blocks: [
      {
        kind: 'comparison',
        caption: 'Counts. They are to be equal, not lower.',
        measures: [{ name: 'Count', better: 'lower', digits: 0 }],
        rows: [
          ...runs.map((run, index) => ({
            name: `MSE evaluations, learning rate ${run.learningRate}, ${run.init} weights`,
            note: 'the initial one included',
            values: [
              index === 0
                ? { ours: run.evaluations, other: evaluations }
                : { ours: run.evaluations },
            ],
          })),
          {
            name: 'Lazy search, mean draws',
            note: formatQuantity(lazy.length, 'search'),
            values: [{ ours: meanOf(lazy), other: course.mean }],
          },
          {
            name: 'Lazy search, fewest draws',
            values: [{ ours: Math.min(...lazy), other: course.min }],
          },
          {
            name: 'Lazy search, most draws',
            values: [{ ours: Math.max(...lazy), other: course.max }],
          },
        ],
      },
    ],
  };
}

function trainingSection(
  runs: readonly CourseRun[],
  plots: ReturnType<typeof drawXorPlots>,
): ReportSection {
  return {
    title: 'Gradient descent',
    blocks: [
      {
        kind: 'figures',
        figures: [{ picture: plots['mse-by-rate'] }, { picture: plots['misclassified-by-rate'] }],
      },
      {
        kind: 'figures',
        figures: [
          { picture: plots['mse-by-initialisation'] },
          { picture: plots['misclassified-by-initialisation'] },
        ],
      },
      {
        kind: 'table',
        caption: 'Outputs for the four cases when training stopped',
        columns: ['Learning rate', 'Weights from', '(0,0)', '(0,1)', '(1,0)', '(1,1)', 'MSE'],
        rows: runs.map(({ learningRate, init, outputs, mse }) => [
          learningRate,
          init,
          ...Array.from(outputs, (output) => output.toFixed(4)),
          mse.toFixed(4),
        ]),
      },
    ],
  };
}

function furtherSections(
  { lazy, oneStreamLazy, success, document }: XorResults,
  plots: ReturnType<typeof drawXorPlots>,
): ReportSection[] {
  const { count, maxEvaluations } = success[0]!;
  return [
    {
      title: 'Lazy search',
      blocks: [
        {
          kind: 'text',
          text: `Nine N(0, 1) weights are drawn until a draw solves XOR. The course's three figures are met by eight searches in two sittings, each from RandomState(42) anew: four after the normal and the uniform weights were drawn, four after the normal weights alone. Eight searches in a row of the first stream take ${oneStreamLazy.map(formatCount).join('; ')} draws, ${formatCount(Math.round(meanOf(oneStreamLazy)))} in the mean.`,
        },
        { kind: 'figures', figures: [{ picture: plots.lazy }] },
        {
          kind: 'table',
          columns: ['Search', 'Draws'],
          rows: lazy.map((draws, index) => [String(index + 1), formatCount(draws)]),
        },
      ],
    },
    {
      title: 'How often it succeeds',
      blocks: [
        {
          kind: 'text',
          text: `${formatQuantity(count, 'initialisation')} of each kind (seed ${document.seed}), the same for every learning rate. A run that has not solved XOR after ${formatQuantity(maxEvaluations, 'evaluation')} counts as stuck.`,
        },
        { kind: 'figures', figures: [{ picture: plots.success }] },
        {
          kind: 'figures',
          figures: [{ picture: plots['time-normal'] }, { picture: plots['time-uniform'] }],
        },
        {
          kind: 'table',
          columns: [
            'Weights from',
            'Learning rate',
            'Solved',
            '95 % interval',
            'Median evaluations',
          ],
          rows: success.map(({ init, learningRate, rate, interval, evaluations }) => [
            init,
            learningRate,
            formatPercent(rate),
            `${formatPercent(interval[0])} to ${formatPercent(interval[1])}`,
            evaluations.length === 0 ? '–' : formatCount(evaluations[evaluations.length >> 1]!),
          ]),
        },
      ],
    },
  ];
}
