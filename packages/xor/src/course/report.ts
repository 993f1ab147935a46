import type { RunMachine } from '@nn-lab/core/experiment';
import { formatCount, formatPercent, formatQuantity } from '@nn-lab/core/format';
import type { Report, ReportSection } from '@nn-lab/core/report';
import { courseFacts } from './facts.js';
import { type drawXorPlots, meanOf, type XorResults } from './figures.js';
import type { CourseRun } from './reproduce.js';

/** The plots that the report shows. */
type XorPlots = ReturnType<typeof drawXorPlots>;

/** What else the report says of a run. */
export interface XorReportSettings {
  readonly seed: number;
  readonly seconds: number;
  readonly machine: RunMachine;
}

/** The report of a reproduction, with the course's figures beside ours. */
export function xorReport(
  results: XorResults,
  plots: XorPlots,
  { seed, seconds, machine }: XorReportSettings,
): Report {
  const { runs, lazy, success } = results;
  const first = runs[0]!;
  const best = success.reduce((a, b) => (b.rate > a.rate ? b : a));
  return {
    title: 'XOR and gradient descent from scratch',
    subtitle:
      'A network of two inputs, two hidden units and one output, sigmoids everywhere, nine weights.',
    summary: [
      {
        label: 'Evaluations at learning rate 0.3',
        value: formatCount(first.evaluations),
        note: `course ${formatCount(courseFacts.evaluations.value)}`,
      },
      {
        label: 'Lazy search, mean draws',
        value: formatCount(Math.round(meanOf(lazy))),
        note: `course ${formatCount(courseFacts.lazyMean.value)}`,
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
      ...furtherSections(results, plots, seed),
    ],
    footer: `${machine.cpu}, Node ${machine.node}; ${seconds.toFixed(1)} s in all. The course's figures are from its students' report; what it does not state is left empty.`,
  };
}

function courseSection({ runs, lazy }: XorResults): ReportSection {
  const { evaluations, lazyMean, lazyFewest, lazyMost } = courseFacts;
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
                ? { ours: run.evaluations, other: evaluations.value }
                : { ours: run.evaluations },
            ],
          })),
          {
            name: lazyMean.name,
            note: formatQuantity(lazy.length, 'search'),
            values: [{ ours: meanOf(lazy), other: lazyMean.value }],
          },
          {
            name: lazyFewest.name,
            values: [{ ours: Math.min(...lazy), other: lazyFewest.value }],
          },
          {
            name: lazyMost.name,
            values: [{ ours: Math.max(...lazy), other: lazyMost.value }],
          },
        ],
      },
    ],
  };
}

function trainingSection(runs: readonly CourseRun[], plots: XorPlots): ReportSection {
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
  { lazy, oneStreamLazy, success }: XorResults,
  plots: XorPlots,
  seed: number,
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
          text: `${formatQuantity(count, 'initialisation')} of each kind (seed ${seed}), the same for every learning rate. A run that has not solved XOR after ${formatQuantity(maxEvaluations, 'evaluation')} counts as stuck.`,
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
