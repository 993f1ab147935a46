import { describe, expect, it } from 'vitest';
import {
  barChart,
  confusionMatrixChart,
  heatMap,
  histogram,
  lineChart,
  scatterChart,
} from '../../src/index.js';
import { confusionMatrix } from '../../src/metrics/index.js';

const charts: Record<string, (options: never) => unknown> = {
  barChart: (options) => barChart(['a'], [{ name: 'b', values: [1] }], options),
  heatMap: (options) => heatMap([[1, 2]], options),
  histogram: (options) => histogram([1, 2, 3], options),
  lineChart: (options) => lineChart([{ name: 'a', y: [1, 2] }], options),
  scatterChart: (options) => scatterChart({ x: [1], y: [2] }, options),
  confusionMatrixChart: (options) =>
    confusionMatrixChart(confusionMatrix([0, 1], [0, 1], ['a', 'b']), options),
};

describe.each(Object.entries(charts))('%s', (_, draw) => {
  it('refuses options that it does not have, and titles that are none', () => {
    expect(() => draw({ titel: 'x' } as never)).toThrow(
      'Unknown option `titel`, did you mean `title`?',
    );
    expect(() => draw({ title: 5 } as never)).toThrow('Expected `title` to be a string, got 5.');
  });
});

it('refuses options that an axis does not have', () => {
  const draw = () => lineChart([{ name: 'a', y: [1, 2] }], { xAxis: { tite: 'x' } as never });
  expect(draw).toThrow('Unknown option `xAxis.tite`, did you mean `xAxis.title`?');
});
