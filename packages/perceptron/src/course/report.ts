import type { RunMachine } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatQuantity } from '@nn-lab/core/format';
import type { Svg } from '@nn-lab/core/plot';
import type { Report, ReportSection } from '@nn-lab/core/report';
import type { LoadedRows } from '../loaded-rows.js';
import { courseFactsOf, projectOneFacts } from './facts.js';
import { titles } from './figures.js';
import type { MethodResult } from './reproduce.js';

const percent = (part: number, total: number) => (100 * part) / total;
const percentOf = ({ value, total }: { readonly value: number; readonly total: number }) =>
  percent(value, total);

/** The report of a reproduction, with the course's figures beside ours. */
export function perceptronReport(
  results: readonly MethodResult[],
  plots: Readonly<Record<string, Svg>>,
  data: LoadedRows,
  machine: RunMachine,
): Report {
  return {
    title: 'Multi-class perceptron from scratch',
    subtitle: `${data.origin}: ${formatQuantity(data.train.x.rows, 'picture')} to train, ${data.test.x.rows} to test`,
    summary: results.map(({ method, test, seconds }) => {
      const course = courseFactsOf(method);
      const share = percent(test.correct, test.total);
      return {
        label: `${titles[method]}, test`,
        value: `${share.toFixed(2)} %`,
        note: course
          ? `course ${percentOf(course.test).toFixed(2)} %; ${formatDuration(seconds)}`
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
  };
}

function courseSection({ origin }: LoadedRows, results: readonly MethodResult[]): ReportSection {
  const ours = results.map(({ method, train, test, seconds, training }) => {
    const course = courseFactsOf(method);
    return {
      name: titles[method],
      note: `${formatQuantity(training.epochs, 'epoch')}, the weights of epoch ${training.bestEpoch}`,
      values: [
        {
          ours: percent(train.correct, train.total),
          ...(course ? { other: percentOf(course.train) } : {}),
        },
        {
          ours: percent(test.correct, test.total),
          ...(course ? { other: percentOf(course.test) } : {}),
        },
        { ours: seconds, ...(course ? { other: course.seconds.value } : {}) },
      ],
    };
  });
  const { nearestMeanTrain, nearestMeanTest, knnTrain, knnTest } = projectOneFacts;
  const before = [
    { name: 'nearest mean', train: nearestMeanTrain, test: nearestMeanTest },
    { name: '3-NN', train: knnTrain, test: knnTest },
  ].map(({ name, train, test }) => ({
    name,
    note: "the course's project 1",
    values: [{ other: percentOf(train) }, { other: percentOf(test) }, {}],
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
