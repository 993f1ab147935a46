import type { Dataset, Picture } from '@nn-lab/core/datasets';
import {
  barChart,
  confusionMatrixChart,
  heatMap,
  imageGrid,
  type Svg,
  scatterChart,
} from '@nn-lab/core/plot';
import type { Matrix } from '@nn-lab/core/tables';
import type { CourseMap, CourseReproduction, ReductionName, Score } from './reproduce.js';

/** What each representation of the digits is called in figures and tables. */
export const reductionTitles: Readonly<Record<ReductionName, string>> = {
  pca40: 'PCA, 40',
  pca10: 'PCA, 10',
  pca2: 'PCA, 2',
  umap2: 'UMAP, 2',
  tsne2: 't-SNE, 2',
};

const mapTitles = { pca: 'PCA', umap: 'UMAP', tsne: 't-SNE' } as const;

/** The figures of the course's project and ours, as SVG documents by name. */
export type CourseFigures = Readonly<Record<FigureName, Svg>>;

type FigureName =
  | 'means'
  | 'mean-distances'
  | 'map-pca'
  | 'map-umap'
  | 'map-tsne'
  | 'map-quality'
  | 'nearest-mean-train'
  | 'nearest-mean-test'
  | 'knn-train'
  | 'knn-test'
  | 'best-test'
  | 'reduced'
  | 'cross-validation';

/**
 * Draws every figure of the course's project and of what goes beyond it.
 *
 * @param train - The digits that the reproduction was made from.
 */
export function drawCourseFigures(results: CourseReproduction, train: Dataset): CourseFigures {
  const { classNames } = train;
  const { confusion, maps } = results;
  return {
    means: imageGrid(picturesOf(results.means, train), {
      title: 'The mean image of each digit',
      columns: Math.min(10, classNames.length),
      captions: classNames,
    }),
    'mean-distances': heatMap(results.meanDistances, {
      title: 'Distances between the means',
      subtitle: 'Euclidean; the smaller, the harder two digits are to tell apart',
      rowLabels: classNames,
      columnLabels: classNames,
      format: (value) => value.toFixed(2),
    }),
    'map-pca': drawMap('pca', maps.pca, train),
    'map-umap': drawMap('umap', maps.umap, train),
    'map-tsne': drawMap('tsne', maps.tsne, train),
    'map-quality': drawQuality(results),
    'nearest-mean-train': confusionMatrixChart(confusion.nearestMean.train, {
      title: 'Nearest mean, training digits',
    }),
    'nearest-mean-test': confusionMatrixChart(confusion.nearestMean.test, {
      title: 'Nearest mean, test digits',
    }),
    'knn-train': confusionMatrixChart(confusion.knn.train, { title: '3-NN, training digits' }),
    'knn-test': confusionMatrixChart(confusion.knn.test, { title: '3-NN, test digits' }),
    'best-test': confusionMatrixChart(confusion.best.test, {
      title: `${results.best.name}, test digits`,
    }),
    reduced: drawReduced(results),
    'cross-validation': drawCandidates(results),
  };
}

/** Rows as pictures, dark ink on white. */
function picturesOf({ rows, columns, values }: Matrix, { shape, range }: Dataset): Picture[] {
  const [height, width, channels] = shape;
  const [low, high] = range;
  const shade = (value: number) => {
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return Math.round(255 * (channels === 1 ? 1 - share : share));
  };
  return Array.from({ length: rows }, (_, row) => ({
    width,
    height,
    channels: channels as 1 | 3,
    data: Uint8Array.from(values.subarray(row * columns, (row + 1) * columns), shade),
  }));
}

function drawMap(name: keyof typeof mapTitles, map: CourseMap, { labels, classNames }: Dataset) {
  const { trustworthiness, recall } = map.quality;
  const [x, y] = columnsOf(map.points);
  const [meanX, meanY] = columnsOf(map.means);
  return scatterChart(
    { x, y, categories: labels },
    {
      title: `${mapTitles[name]} map of the training digits`,
      subtitle: `large: the means; trustworthiness ${trustworthiness.toFixed(3)}, 10-neighbor recall ${recall.toFixed(3)}`,
      categoryNames: classNames,
      height: 560,
      markers: Array.from(meanX, (x, category) => ({ x, y: meanY[category]!, category })),
    },
  );
}

function columnsOf({ rows, values }: Matrix): [Float32Array, Float32Array] {
  return [
    Float32Array.from({ length: rows }, (_, row) => values[2 * row]!),
    Float32Array.from({ length: rows }, (_, row) => values[2 * row + 1]!),
  ];
}

function drawQuality({ maps }: CourseReproduction): Svg {
  const order = ['pca', 'umap', 'tsne'] as const;
  const series = (name: string, measure: keyof CourseMap['quality']) => ({
    name,
    values: order.map((map) => maps[map].quality[measure]),
  });
  return barChart(
    order.map((map) => mapTitles[map]),
    [
      series('trustworthiness', 'trustworthiness'),
      series('continuity', 'continuity'),
      series('neighbor recall', 'recall'),
    ],
    {
      title: 'How well the maps keep neighborhoods',
      subtitle: '10 neighbors; 1 is perfect',
      formatValue: (value) => value.toFixed(3),
    },
  );
}

function drawReduced(results: CourseReproduction): Svg {
  const names = Object.keys(reductionTitles) as ReductionName[];
  const percentages = (raw: Score, scores: readonly Score[]) =>
    [raw, ...scores].map(({ correct, total }) => (100 * correct) / total);
  const { reduced, nearestMean, knn, means } = results;
  return barChart(
    [`raw, ${means.columns}`, ...names.map((name) => reductionTitles[name])],
    [
      {
        name: 'nearest mean',
        values: percentages(
          nearestMean.test,
          names.map((name) => reduced[name].nearestMean.test),
        ),
      },
      {
        name: '3-NN',
        values: percentages(
          knn.test,
          names.map((name) => reduced[name].knn.test),
        ),
      },
    ],
    {
      title: 'Test accuracy on raw and reduced digits',
      subtitle: 'learned on the training digits, reduction included; values a digit',
      yAxis: { title: 'Test accuracy (%)' },
      formatValue: (value) => value.toFixed(1),
    },
  );
}

function drawCandidates({ candidates }: CourseReproduction): Svg {
  const families = [...new Set(candidates.map(({ family }) => family))];
  const best = families.map(
    (family) => candidates.find((candidate) => candidate.family === family)!.result,
  );
  return barChart(
    families,
    [{ name: 'errors', values: best.map(({ accuracy }) => 100 * (1 - accuracy)) }],
    {
      title: 'The best of each kind in cross-validation',
      subtitle: 'on training digits alone; what was chosen is at the left',
      yAxis: { title: 'Mean share of errors over the folds (%)' },
      formatValue: (value) => value.toFixed(2),
    },
  );
}
