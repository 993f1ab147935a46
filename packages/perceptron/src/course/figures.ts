import {
  barChart,
  confusionMatrixChart,
  imageGrid,
  type LineSeries,
  lineChart,
  type Svg,
} from '@nn-lab/core/plot';
import type { LoadedRows } from '../loaded-rows.js';
import type { MethodResult } from './reproduce.js';

/** The figures of a reproduction, as SVG documents by name. */
export function drawPerceptronPlots(
  results: readonly MethodResult[],
  data: LoadedRows,
): Readonly<Record<string, Svg>> {
  const plots: Record<string, Svg> = {};
  for (const result of results) {
    plots[`accuracy-${result.method}`] = drawAccuracy(result);
    plots[`confusion-${result.method}-train`] = confusionMatrixChart(result.train.matrix, {
      title: `${titles[result.method]}, training set`,
    });
    plots[`confusion-${result.method}-test`] = confusionMatrixChart(result.test.matrix, {
      title: `${titles[result.method]}, test set`,
    });
  }
  plots['per-digit'] = drawPerClass(results, data);
  plots.weights = drawWeights(results, data);
  return plots;
}

/** Methods as they are written. */
export const titles = { batch: 'Batch', online: 'Online', averaged: 'Averaged' } as const;

function drawAccuracy({ method, training, train, test }: MethodResult): Svg {
  const { history, bestEpoch } = training;
  // Averaged weights of epoch 0 are zeros: every row counts as the first class.
  const shown = method === 'averaged' ? history.slice(1) : history;
  const epochs = shown.map(({ epoch }) => epoch);
  const line = (name: string, y: number[], dashed: boolean): LineSeries => ({
    name,
    x: epochs,
    y,
    dashed,
  });
  const trained = shown.map(({ trainCorrect }) => trainCorrect / train.total);
  const tested = shown.map(({ testCorrect }) => testCorrect! / test.total);
  return lineChart([line('training', trained, false), line('test', tested, true)], {
    title: `${titles[method]}: accuracy by epoch`,
    subtitle: `the weights of epoch ${bestEpoch} are kept`,
    xAxis: { title: 'Epoch' },
    yAxis: { title: 'Right', format: '.0%' },
    dots: method === 'averaged',
  });
}

function drawPerClass(results: readonly MethodResult[], { test }: LoadedRows): Svg {
  return barChart(
    test.classNames,
    results.map(({ method, test: { perClass } }) => ({
      name: titles[method],
      values: perClass.map((share) => 100 * share),
    })),
    {
      title: 'Test accuracy by digit',
      xAxis: { title: 'Digit' },
      yAxis: { title: 'Right (%)' },
      width: 800,
      showValues: false,
    },
  );
}

/** The averaged weights of each class as a picture, all on one scale. */
function drawWeights(results: readonly MethodResult[], { train }: LoadedRows): Svg {
  const { perceptron } = results.find(({ method }) => method === 'averaged')!;
  const { weights, classCount: classes, featureCount: features } = perceptron;
  const [height, width] = train.shape;
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const pictures = Array.from({ length: classes }, (_, label) => ({
    width,
    height,
    channels: 1 as const,
    data: Uint8Array.from({ length: features }, (_, index) =>
      Math.round(127.5 * (1 + weights[index * classes + label]! / largest)),
    ),
  }));
  return imageGrid(pictures, {
    title: 'Averaged weights of each digit',
    subtitle: 'bright: speaks for the digit; dark: against it',
    columns: 5,
    captions: train.classNames,
  });
}
