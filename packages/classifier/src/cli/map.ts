import {
  backendOptions,
  choiceOption,
  integerOption,
  numberOption,
  pathArgument,
  seedOption,
  UsageError,
} from '@nn-lab/core/cli';
import { experimentCommand, outputFolderOptions } from '@nn-lab/core/experiment';
import { formatCount } from '@nn-lab/core/format';
import { manyRows, mapping, reducedWidth } from '../node/mapping.js';
import { datasetOptions, labelsOption } from './dataset-options.js';

export const mapCommand = experimentCommand(mapping, {
  name: 'map',
  summary: 'draw a map of a data set or of your own rows, and measure it',
  description: `Draws the rows of a data set, or of a CSV file, as points in the plane, and measures how well the map keeps neighborhoods. ${formatCount(manyRows)} rows or more that are wide are first reduced to ${reducedWidth} values by PCA, which keeps Euclidean distances only: not with another --metric. Leaves a folder with the picture, map.csv and a report.`,
  arguments: [
    pathArgument('table', 'CSV file, a row a point (default: the data set)', {
      existing: 'file',
      optional: true,
    }),
  ],
  options: [
    choiceOption(
      'method',
      'how to draw it',
      {
        tsne: 'near rows stay near',
        umap: 'near rows stay near, faster for many rows',
        pca: 'the two directions of most variance',
      },
      { default: 'tsne' },
    ),
    numberOption('perplexity', 'for t-SNE: about how many neighbors a point has', {
      default: 30,
      minimum: 1,
    }),
    integerOption('neighbors', 'for UMAP: how many neighbors a point has', {
      default: 15,
      minimum: 2,
    }),
    choiceOption(
      'metric',
      'what the distance of two rows is, for t-SNE and UMAP',
      {
        euclidean: 'the length of their difference',
        cosine: 'the angle between them',
        correlation: 'the angle between them, each less its mean',
        manhattan: 'the sum of the sizes of their difference',
      },
      { default: 'euclidean' },
    ),
    integerOption('count', 'map the first so many rows (default: all)', { minimum: 4 }),
    labelsOption,
    seedOption,
    ...datasetOptions,
    ...backendOptions,
    ...outputFolderOptions('runs/<project>/map'),
  ],
  examples: [
    { args: 'map', does: 'a t-SNE map of the digits' },
    { args: 'map --dataset mnist --method umap', does: 'all 70,000 digits of MNIST' },
    { args: 'map rows.csv --labels classes.csv', does: 'your own rows, a color a class' },
  ],
  check({ table, labels, method, metric }) {
    if (labels !== undefined && table === undefined) {
      throw new UsageError(
        'The flag --labels gives the classes of a CSV file, but none is named: give it before the flags.',
      );
    }
    if (method === 'pca' && metric !== 'euclidean') {
      throw new UsageError(
        `PCA knows the Euclidean distance only. For --metric ${metric} give --method tsne or umap.`,
      );
    }
  },
});
