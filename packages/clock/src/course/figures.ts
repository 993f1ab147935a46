import type { RunDevice } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent } from '@nn-lab/core/format';
import { histogram, imageGrid, lineChart } from '@nn-lab/core/plot';
import { deviceFacts, type Report } from '@nn-lab/core/report';
import type { TrainingResult } from '@nn-lab/core/training';
import type { ClockEvaluation } from '../evaluate.js';
import type { ClockMethod } from '../method.js';
import { formatClockTime } from '../time.js';
import type { TimedPictures } from '../timed-pictures.js';
import { courseFacts } from './facts.js';

/** What came of a training. */
export interface ClockTrainingResults {
  readonly method: ClockMethod;
  readonly test: TimedPictures;
  readonly evaluation: ClockEvaluation;
  readonly training: TrainingResult;
}

/** How a reader was trained. */
export interface ClockTrainingFacts {
  readonly preset: string;
  readonly seed: number;
  readonly trainedPictures: number;
  readonly device: RunDevice;
}

const courseErrors = {
  meanAbsoluteError: courseFacts.meanAbsoluteError.value,
  bestStudent: courseFacts.bestStudent.value,
} as const;
const correctColor = '#1b7837';
const wrongColor = '#c0392b';

/** Draws the plots of a training, by name. */
export function drawClockPlots({ test, evaluation, training }: ClockTrainingResults) {
  const { history } = training;
  const course = courseErrors;
  const minutes = { title: 'Mean error (minutes)', scale: 'log' } as const;
  const shown = test.pictures.slice(0, 15);
  return {
    loss: lineChart([{ name: 'training', y: history.map(({ train }) => train.loss!) }], {
      title: 'Training loss',
      xAxis: { title: 'Epoch' },
      yAxis: { title: 'Loss' },
    }),
    error: lineChart(
      [
        {
          name: 'validation',
          // A logarithmic axis has no place for a perfect epoch.
          y: history.map(({ validation }) => Math.max(0.001, validation?.meanError ?? Number.NaN)),
        },
      ],
      {
        title: 'Error on clocks never trained on',
        xAxis: { title: 'Epoch' },
        yAxis: minutes,
        references: [
          { y: course.meanAbsoluteError, label: `course ${course.meanAbsoluteError}` },
          { y: course.bestStudent, label: `its best student ${course.bestStudent}` },
        ],
      },
    ),
    errors: histogram(evaluation.errors, {
      title: 'Errors on the test pictures',
      xAxis: { title: 'Error (minutes)' },
      yAxis: { title: 'Pictures', scale: 'log' },
    }),
    readings: imageGrid(shown, {
      title: 'Test pictures and what was read',
      columns: 5,
      crisp: false,
      captions: shown.map((_, i) => {
        const read = formatClockTime(evaluation.readings[i]!);
        return evaluation.errors[i]! === 0
          ? read
          : `${read}, is ${formatClockTime(test.times[i]!)}`;
      }),
      captionColors: shown.map((_, i) => (evaluation.errors[i]! <= 1 ? correctColor : wrongColor)),
    }),
  };
}

/** The report of a training, with the course's results beside ours. */
export function clockReport(
  { method, evaluation, training }: ClockTrainingResults,
  plots: ReturnType<typeof drawClockPlots>,
  { preset, seed, trainedPictures, device }: ClockTrainingFacts,
): Report {
  const { summary } = evaluation;
  const course = courseErrors;
  const interval = summary.intervals?.mean;
  const within3 = summary.within.find(({ threshold }) => threshold === 3)!.share;
  return {
    title: 'Telling the time',
    subtitle: `${method.title}; preset ${preset}, seed ${seed}`,
    summary: [
      {
        label: 'Mean error on the test set',
        value: `${summary.mean.toFixed(2)} min`,
        note: `course ${course.meanAbsoluteError} min`,
        better: summary.mean < course.meanAbsoluteError,
      },
      { label: 'Within 3 minutes', value: formatPercent(within3) },
      { label: 'Training', value: formatDuration(training.seconds) },
    ],
    sections: [
      {
        title: 'Beside the course',
        blocks: [
          {
            kind: 'comparison',
            caption:
              "Ours on rendered clocks of the course's look, the course's on its own pictures, which are not to be had.",
            measures: [{ name: 'Mean test error', unit: 'min', better: 'lower' }],
            rows: [
              {
                name: "the course's best network",
                note: 'two heads on one trunk',
                values: [
                  {
                    ours: summary.mean,
                    ...(interval ? { spread: (interval[1] - interval[0]) / 2 } : {}),
                    other: course.meanAbsoluteError,
                  },
                ],
              },
              {
                name: "the best of the course's students",
                note: 'hour softmax, minute as sine and cosine',
                values: [{ ours: summary.mean, other: course.bestStudent }],
              },
            ],
          },
        ],
      },
      {
        title: 'Readings',
        blocks: [
          { kind: 'figures', figures: [{ picture: plots.readings }] },
          { kind: 'figures', figures: [{ picture: plots.errors }] },
          {
            kind: 'table',
            columns: ['Error', 'Share of pictures'],
            rows: summary.within.map(({ threshold, share }) => [
              `at most ${threshold} min`,
              formatPercent(share),
            ]),
          },
        ],
      },
      {
        title: 'Training',
        blocks: [
          { kind: 'figures', figures: [{ picture: plots.error }, { picture: plots.loss }] },
          {
            kind: 'facts',
            facts: [
              ['Pictures trained on', trainedPictures],
              ['Pictures tested on', summary.count],
              ['Seed', seed],
              ...deviceFacts(device),
            ],
          },
        ],
      },
    ],
  };
}
