import { interpolateBlues, interpolateOranges } from 'd3-scale-chromatic';
import { checkOptions } from '../checks/index.js';
import type { ConfusionMatrix } from '../metrics/index.js';
import { type CellGridOptions, cellGridChecks, drawCellGrid } from './cell-grid.js';
import { formatNumber } from './number-format.js';
import type { Svg } from './svg.js';
import { theme } from './theme.js';

/** Options of {@link confusionMatrixChart}. */
export type ConfusionMatrixChartOptions = CellGridOptions;

/**
 * Draws a confusion matrix with its counts, as an SVG document: blue is right and orange wrong, the
 * stronger the larger the share of the row.
 *
 * @throws InvalidArgumentError when the width is out of range.
 */
export function confusionMatrixChart(
  matrix: ConfusionMatrix,
  options: ConfusionMatrixChartOptions = {},
): Svg {
  checkOptions(options, cellGridChecks);
  const { classNames, counts, support } = matrix;
  const size = classNames.length;
  const cells = classNames.map((_, row) =>
    classNames.map((_, column) => {
      const count = counts[row * size + column]!;
      const share = count / support[row]!;
      if (count === 0) return { color: theme.background, text: '0', faint: true };
      const color =
        row === column
          ? interpolateBlues(0.12 + 0.7 * share)
          : interpolateOranges(0.05 + 0.8 * share ** 0.7);
      return { color, text: formatNumber(count, 12) };
    }),
  );
  const right = formatNumber(100 * matrix.accuracy, 4);
  const correct = classNames.reduce((sum, _, label) => sum + counts[label * (size + 1)]!, 0);
  return drawCellGrid(cells, {
    subtitle: `${formatNumber(correct, 12)} of ${formatNumber(matrix.total, 12)} right (${right} %)`,
    rowTitle: 'Actual',
    columnTitle: 'Predicted',
    ...options,
    rowLabels: classNames,
    columnLabels: classNames,
  });
}
