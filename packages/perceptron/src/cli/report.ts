import type { RunFolder, RunMachine } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatQuantity } from '@nn-lab/core/format';
import { renderPng } from '@nn-lab/core/node/files';
import type { Svg } from '@nn-lab/core/plot';
import { buildReport, type ReportSection } from '@nn-lab/core/report';
import { courseResults, projectOneResults } from '../course.js';
import type { LoadedRows } from './digits.js';
import { drawPerceptronPlots, titles } from './plots.js';
import type { MethodResult } from './reproduce.js';

/** What the report is written of. */
export interface PerceptronResults {
  readonly data: LoadedRows;
  readonly results: readonly MethodResult[];
  readonly machine: RunMachine;
}

/** Draws the plots (SVG and PNG) and writes `report.html`. */
export async function writePerceptronReport(
  folder: RunFolder,
  results: PerceptronResults,
): Promise<void> {
  const plots = drawPerceptronPlots(results.results, results.data);
  for (const [name, svg] of Object.entries(plots)) {
    await folder.write(`plots/${name}.svg`, svg);
    await folder.write(`plots/${name}.png`, await renderPng(svg, { scale: 2 }));
  }
  await folder.write('report.html', report(results, plots));
}

const trainRows = 1707;
const testRows = 1000;
const percent = (part: number, total: number) => (100 * part) / total;

function report(
  { data, results, machine }: PerceptronResults,
  plots: Readonly<Record<string, Svg>>,
): string {
  return buildReport({
    title: 'Multi-class perceptron from scratch',
    subtitle: `${data.origin}: ${formatQuantity(data.train.x.rows, 'picture')} to train, ${data.test.x.rows} to test`,
    summary: results.map(({ method, test, seconds }) => {
      const course = method === 'averaged' ? undefined : courseResults[method];
      const share = percent(test.correct, test.total);
      return {
        label: `${titles[method]}, test`,
        value: `${share.toFixed(2)} %`,
        note: course
          ? `course ${percent(course.testCorrect, testRows).toFixed(2)} %; ${formatDuration(seconds)}`
          : formatDuration(seconds),
      };
    }),
    sections: [
      courseSection(data, results),
      {
        title: 'Accuracy by epoch',
        blocks: [
          {
            kind: 'figures',
            figures: [
              { picture: plots['accuracy-batch']! },
              { picture: plots['accuracy-online']! },
            ],
          },
          { kind: 'figures', figures: [{ picture: plots['accuracy-averaged']! }] },
        ],
      },
      {
        title: 'Accuracy by digit',
        blocks: [
          { kind: 'figures', figures: [{ picture: plots['per-digit']! }] },
          {
            kind: 'table',
            caption: 'Share of the test pictures of each digit that are right',
            columns: ['Digit', ...results.map(({ method }) => titles[method])],
            rows: data.test.classNames.map((name, label) => [
              name,
              ...results.map(({ test }) => formatPercent(test.perClass[label]!)),
            ]),
          },
        ],
      },
      {
        title: 'Confusion matrices',
        blocks: results.map(({ method }) => ({
          kind: 'figures',
          figures: [
            { picture: plots[`confusion-${method}-train`]! },
            { picture: plots[`confusion-${method}-test`]! },
          ],
        })),
      },
      { title: 'Weights', blocks: [{ kind: 'figures', figures: [{ picture: plots.weights! }] }] },
    ],
    footer: `${machine.cpu}, one of ${formatQuantity(machine.cores, 'core')}, Node ${machine.node}; times are medians of five trainings.`,
  });
}

function courseSection({ origin }: LoadedRows, results: readonly MethodResult[]): ReportSection {
  const ours = results.map(({ method, train, test, seconds, training }) => {
    const course = method === 'averaged' ? undefined : courseResults[method];
    return {
      name: titles[method],
      note: `${formatQuantity(training.epochs, 'epoch')}, the weights of epoch ${training.bestEpoch}`,
      values: [
        {
          ours: percent(train.correct, train.total),
          ...(course ? { other: percent(course.trainCorrect, trainRows) } : {}),
        },
        {
          ours: percent(test.correct, test.total),
          ...(course ? { other: percent(course.testCorrect, testRows) } : {}),
        },
        { ours: seconds, ...(course?.seconds === undefined ? {} : { other: course.seconds }) },
      ],
    };
  });
  const before = Object.entries(projectOneResults).map(([name, course]) => ({
    name,
    note: "the course's project 1",
    values: [
      { other: percent(course.trainCorrect, trainRows) },
      { other: percent(course.testCorrect, testRows) },
      {},
    ],
  }));
  return {
    title: 'Beside the course',
    blocks: [
      {
        kind: 'comparison',
        caption: `Ours on ${origin}, the course's on its own digits and machine. Batch training is chaotic: another order of summation gives other last digits.`,
        measures: [
          { name: 'Training set', unit: '%', better: 'higher' },
          { name: 'Test set', unit: '%', better: 'higher' },
          { name: 'Time', unit: 's', better: 'lower', digits: 3 },
        ],
        rows: [...ours, ...before],
      },
    ],
  };
}
