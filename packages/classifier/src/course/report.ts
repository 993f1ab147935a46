import type { CourseFact, RunDevice } from '@nn-lab/core/experiment';
import { formatDuration } from '@nn-lab/core/format';
import type { Svg } from '@nn-lab/core/plot';
import {
  deviceFacts,
  type Report,
  type ReportBlock,
  type ReportSection,
} from '@nn-lab/core/report';
import { bestSourcedAccuracy, courseFacts, hardestPairs, mapsElsewhere } from './facts.js';
import { type CourseFigures, reductionTitles } from './figures.js';
import type { CourseReproduction, ReductionName, Score } from './reproduce.js';

/** What stands around the results in a report. */
export interface CourseReportSettings {
  /** Which digits these are, for people. */
  readonly data: string;
  /** They are the course's own, so that its figures must come out exactly. */
  readonly courseData: boolean;
  readonly seed: number;
  /** What the run computed with. */
  readonly device: RunDevice;
}

/** What a reader of a map must know. */
export const mapWarnings = [
  'The axes of t-SNE and UMAP maps mean nothing, and neither do the sizes of clusters, their density or the gaps between them: both methods even them out. Only who is next to whom is kept, as far as trustworthiness and recall say.',
  'Trustworthiness tells how far neighbors on the map are neighbors in the data, continuity the reverse, recall how many of the ten nearest are kept. A map that keeps half of them, which is much for two dimensions, still shows half of its neighbors wrongly.',
  'Clusters can come from the method alone: t-SNE with a small perplexity finds them in pure noise. Change perplexity or neighbors and the seed, and believe what stays.',
  'A mean, or any new point, is put on a t-SNE or UMAP map next to the training points that are most like it, even where it is like none of them.',
  'PCA keeps large distances and directions instead: its axes are those of most variance, but two of them hold only a part of it, so points that lie far apart in the data may fall together.',
];

/** The report of a reproduction: every figure, and our results beside the course's. */
export function courseReport(
  results: CourseReproduction,
  figures: CourseFigures,
  settings: CourseReportSettings,
): Report {
  const { best, knn, nearestMean } = results;
  const { data, courseData, seed, device } = settings;
  return {
    title: 'Data dimensionality and distance-based classification',
    subtitle: `${data}; seed ${seed}`,
    summary: [
      {
        label: 'Nearest mean, test',
        value: percent(nearestMean.test),
        note: `course ${percent(scoreOf(courseFacts.nearestMeanTest))}`,
      },
      {
        label: '3-NN, test',
        value: percent(knn.test),
        note: `course ${percent(scoreOf(courseFacts.knnTest))}`,
      },
      {
        label: `${best.name}, test`,
        value: percent(best.test),
        note: `best sourced elsewhere ${(100 * bestSourcedAccuracy).toFixed(1)} %`,
        better: courseData && share(best.test) > bestSourcedAccuracy,
      },
    ],
    sections: [
      besideTheCourse(results, courseData),
      meansSection(results, figures),
      mapsSection(results, figures, courseData),
      {
        title: 'Confusion',
        blocks: [
          figuresOf(figures['nearest-mean-train'], figures['nearest-mean-test']),
          figuresOf(figures['knn-train'], figures['knn-test']),
          figuresOf(figures['best-test']),
        ],
      },
      reducedSection(results, figures),
      selectionSection(results, figures),
      {
        title: 'How it was made',
        blocks: [
          {
            kind: 'facts',
            facts: [
              ['Training digits', nearestMean.train.total],
              ['Test digits', nearestMean.test.total],
              ['Seed', seed],
              ['Time', formatDuration(results.seconds)],
              ...deviceFacts(device),
            ],
          },
        ],
      },
    ],
  };
}

function besideTheCourse(results: CourseReproduction, courseData: boolean): ReportSection {
  const { nearestMean, knn, best } = results;
  const { nearestMeanTrain, nearestMeanTest, knnTrain, knnTest } = courseFacts;
  const rowOf = (ours: Score, fact: CourseScore) => ({
    name: fact.name,
    ours,
    other: scoreOf(fact),
  });
  const rows: readonly ResultRow[] = [
    rowOf(nearestMean.train, nearestMeanTrain),
    rowOf(nearestMean.test, nearestMeanTest),
    rowOf(knn.train, knnTrain),
    rowOf(knn.test, knnTest),
    {
      name: `${best.name}, test digits`,
      note: 'chosen by cross-validation on training digits',
      ours: best.test,
    },
  ];
  const title = 'Beside the course';
  return { title, blocks: [courseData ? comparisonOf(rows) : tableOf(rows)] };
}

interface ResultRow {
  readonly name: string;
  readonly note?: string;
  readonly ours: Score;
  readonly other?: Score;
}

function comparisonOf(rows: readonly ResultRow[]): ReportBlock {
  return {
    kind: 'comparison',
    caption: "On the course's own digits.",
    measures: [
      { name: 'Right', unit: '%', better: 'higher' },
      { name: 'Right', unit: 'digits', better: 'higher', digits: 0 },
    ],
    rows: rows.map(({ ours, other, ...heading }) => ({
      ...heading,
      values: [
        { ours: 100 * share(ours), ...(other ? { other: 100 * share(other) } : {}) },
        { ours: ours.correct, ...(other ? { other: other.correct } : {}) },
      ],
    })),
  };
}

/** Without marks for what is better: the data are not the same. */
function tableOf(rows: readonly ResultRow[]): ReportBlock {
  const described = (score?: Score) =>
    score ? `${score.correct} of ${score.total} (${percent(score)})` : '';
  return {
    kind: 'table',
    caption:
      "Ours on other digits than the course's. The figures stand beside each other, but are not of the same data: give the course's four files with --data to compare.",
    columns: ['', 'Ours', 'Course'],
    rows: rows.map(({ name, ours, other }) => [name, described(ours), described(other)]),
  };
}

function meansSection({ pairs }: CourseReproduction, figures: CourseFigures): ReportSection {
  const columns = 3;
  const length = Math.ceil(pairs.length / columns);
  const rows = Array.from({ length }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const place = column * length + row;
      const pair = pairs[place];
      return pair
        ? [place + 1, `${pair.classes[0]} and ${pair.classes[1]}`, pair.distance.toFixed(3)]
        : ['', '', ''];
    }).flat(),
  );
  return {
    title: 'Means',
    blocks: [
      figuresOf(figures.means),
      figuresOf(figures['mean-distances']),
      {
        kind: 'table',
        caption: `All ${pairs.length} pairs, the hardest to separate first; course: ${hardestPairs
          .map(({ name, value }) => `${name} ${value.toFixed(3)}`)
          .join(', ')}, ...`,
        columns: Array.from({ length: columns }, () => ['Rank', 'Digits', 'Distance']).flat(),
        rows,
      },
    ],
  };
}

function mapsSection(
  { maps }: CourseReproduction,
  figures: CourseFigures,
  courseData: boolean,
): ReportSection {
  const titles = { pca: 'PCA', umap: 'UMAP', tsne: 't-SNE' } as const;
  const names = ['pca', 'umap', 'tsne'] as const;
  const elsewhere = (name: (typeof names)[number]) =>
    courseData ? mapsElsewhere[name] : undefined;
  return {
    title: 'Maps',
    blocks: [
      figuresOf(figures['map-pca']),
      figuresOf(figures['map-umap']),
      figuresOf(figures['map-tsne']),
      {
        kind: 'comparison',
        caption:
          'Quality of the maps, 10 neighbors. The course did not measure it; beside ours stands what another program makes of the same digits.',
        other: 'Elsewhere',
        measures: [
          { name: 'Trustworthiness', better: 'higher', digits: 3 },
          { name: 'Continuity', better: 'higher', digits: 3 },
          { name: 'Neighbor recall', better: 'higher', digits: 3 },
        ],
        rows: names.map((name) => {
          const { trustworthiness, continuity, recall } = maps[name].quality;
          const other = elsewhere(name);
          return {
            name: titles[name],
            ...(other ? { note: `elsewhere: ${other.name}` } : {}),
            values: [
              { ours: trustworthiness, ...(other ? { other: other.trustworthiness } : {}) },
              { ours: continuity },
              { ours: recall, ...(other ? { other: other.recall } : {}) },
            ],
          };
        }),
      },
      figuresOf(figures['map-quality']),
      { kind: 'text', text: mapWarnings.join('\n\n') },
    ],
  };
}

function reducedSection(results: CourseReproduction, figures: CourseFigures): ReportSection {
  const names = Object.keys(reductionTitles) as ReductionName[];
  const scores = ({ train, test }: { train: Score; test: Score }) => [
    percent(train),
    percent(test),
  ];
  return {
    title: 'On reduced data',
    blocks: [
      figuresOf(figures.reduced),
      {
        kind: 'table',
        caption:
          'Each reduction was learned from the training digits and applied to the test digits; so were the classifiers.',
        columns: ['Data', 'Nearest mean, train', 'Nearest mean, test', '3-NN, train', '3-NN, test'],
        rows: [
          [`raw, ${results.means.columns}`, ...scores(results.nearestMean), ...scores(results.knn)],
          ...names.map((name) => [
            reductionTitles[name],
            ...scores(results.reduced[name].nearestMean),
            ...scores(results.reduced[name].knn),
          ]),
        ],
      },
      {
        kind: 'text',
        text: 'On a t-SNE or UMAP map of the training digits the classes lie apart by construction, so that training accuracy there says little. The test digits, placed on the finished map, are the honest measure.',
      },
    ],
  };
}

function selectionSection(
  { candidates, best }: CourseReproduction,
  figures: CourseFigures,
): ReportSection {
  return {
    title: 'A better classifier',
    blocks: [
      {
        kind: 'text',
        text: `Chosen by cross-validation on the training digits alone (${candidates[0]!.result.folds.length} folds, each with the same share of each digit). The winner, ${best.name}, was then trained on all of them and asked for the test digits, once: ${best.test.correct} of ${best.test.total} right.`,
      },
      figuresOf(figures['cross-validation']),
      {
        kind: 'table',
        columns: ['Classifier', 'Mean accuracy', 'Worst fold', 'Best fold'],
        rows: candidates.map(({ name, result }) => [
          name,
          `${(100 * result.accuracy).toFixed(2)} %`,
          `${(100 * Math.min(...result.folds)).toFixed(2)} %`,
          `${(100 * Math.max(...result.folds)).toFixed(2)} %`,
        ]),
      },
    ],
  };
}

function figuresOf(...pictures: Svg[]): ReportBlock {
  return { kind: 'figures', figures: pictures.map((picture) => ({ picture })) };
}

function share({ correct, total }: Score): number {
  return correct / total;
}

function percent(score: Score): string {
  return `${(100 * share(score)).toFixed(2)} %`;
}

type CourseScore = Required<Pick<CourseFact, 'name' | 'value' | 'total'>>;

function scoreOf({ value, total }: CourseScore): Score {
  return { correct: value, total };
}
