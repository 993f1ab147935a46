import { interpolateBlues, interpolateRdBu, interpolateViridis } from 'd3-scale-chromatic';
import {
  anything,
  callback,
  checkOptions,
  flag,
  type OptionChecks,
  oneOf,
  someObject,
} from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import { canShow, contentOf } from './axes.js';
import { type CellGridOptions, cellGridChecks, drawCellGrid } from './cell-grid.js';
import { commonFormat } from './number-format.js';
import type { Svg } from './svg.js';
import { theme } from './theme.js';

/** Options of {@link heatMap}. */
export interface HeatMapOptions extends CellGridOptions {
  readonly rowLabels?: readonly string[];
  readonly columnLabels?: readonly string[];
  /** `diverging` is for values round 0. Default `blues`. */
  readonly colors?: 'blues' | 'viridis' | 'diverging';
  /** The values of the first and last colour. Default: the smallest and largest there are, or for `diverging` the larger of their sizes on both sides of 0. */
  readonly domain?: readonly [number, number];
  /** How a value is written. Default: all alike, the largest with three significant digits. */
  readonly format?: (value: number) => string;
  /** Write the value into each cell. Default: when there are at most 400 cells. */
  readonly showValues?: boolean;
}

const heatMapChecks: OptionChecks<HeatMapOptions> = {
  ...cellGridChecks,
  rowLabels: someObject,
  columnLabels: someObject,
  colors: oneOf('blues', 'viridis', 'diverging'),
  domain: anything,
  format: callback,
  showValues: flag,
};

const colorScales = {
  blues: interpolateBlues,
  viridis: interpolateViridis,
  diverging: (share: number) => interpolateRdBu(1 - share),
};

/**
 * Draws a matrix as coloured cells with a colour bar, as an SVG document. A value that is not finite
 * leaves its cell empty.
 *
 * @param rows - The matrix, a list of equally long rows.
 * @throws InvalidArgumentError when there is nothing to draw, lengths differ or an option is out of range.
 */
export function heatMap(rows: readonly ArrayLike<number>[], options: HeatMapOptions = {}): Svg {
  checkOptions(options, heatMapChecks);
  const { colors = 'blues' } = options;
  const columnCount = rows[0]?.length ?? 0;
  const { showValues = rows.length * columnCount <= 400 } = options;
  if (!Object.hasOwn(colorScales, colors)) {
    throw new InvalidArgumentError(
      `Expected colors 'blues', 'viridis' or 'diverging', got '${colors}'.`,
    );
  }
  const colorAt = colorScales[colors];
  const [low, high] = options.domain ?? domainOf(rows, colors === 'diverging');
  if (!(canShow(low) && canShow(high) && low <= high)) {
    throw new InvalidArgumentError(
      `Expected a colour domain [low, high] of finite numbers with low <= high, got [${low}, ${high}].`,
    );
  }
  const { format = commonFormat(rows.flatMap((row) => Array.from(row))) } = options;
  const shareOf = (value: number) =>
    high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
  return drawCellGrid(
    rows.map((row) =>
      Array.from(row, (value) =>
        canShow(value)
          ? { color: colorAt(shareOf(value)), text: showValues ? format(value) : '' }
          : { color: theme.missing, text: '' },
      ),
    ),
    options,
    { colorAt, low: format(low), high: format(high) },
  );
}

function domainOf(
  rows: readonly ArrayLike<number>[],
  symmetric: boolean,
): readonly [number, number] {
  const [low, high] = contentOf(rows).extent;
  if (Number.isNaN(low)) return [0, 1];
  if (!symmetric) return [low, high];
  const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return [-size, size];
}
