import { anything, type OptionChecks, someObject } from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import { type Axis, contentOf } from './axes.js';
import {
  type CartesianOptions,
  cartesianChecks,
  checkCartesian,
  drawCartesian,
} from './cartesian.js';
import { checkLength, checkNotEmpty } from './options.js';
import { readableOn } from './readable-on.js';
import { element, round, type Svg, textElement } from './svg.js';
import { categoryColors, theme } from './theme.js';

/** The points of a {@link scatterChart}; all lists are of one length. */
export interface ScatterPoints {
  /** A point that is not finite in x or y is left out. */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** The category of each point, a whole number from 0. Default: all of one. */
  readonly categories?: ArrayLike<number>;
}

/** A large outlined mark, such as the mean of a class; a category name of at most two letters is written in it. */
export interface ScatterMarker {
  readonly x: number;
  readonly y: number;
  /** Gives it its colour. */
  readonly category: number;
}

/** Options of {@link scatterChart}. */
export interface ScatterChartOptions extends CartesianOptions {
  /** The categories' names, for the legend. Default: their numbers, or no legend for only one. */
  readonly categoryNames?: readonly string[];
  /** CSS colours, one a category. Default: a palette. */
  readonly colors?: readonly string[];
  /** Radius of a point in pixels. Default: smaller the more there are, 1.5 to 4. */
  readonly radius?: number;
  /** Opacity of the points, 0 to 1. Default 0.8. */
  readonly opacity?: number;
  /** Large outlined marks over the points. */
  readonly markers?: readonly ScatterMarker[];
}

const scatterChartChecks: OptionChecks<ScatterChartOptions> = {
  ...cartesianChecks,
  categoryNames: someObject,
  colors: someObject,
  radius: anything,
  opacity: anything,
  markers: someObject,
};

/**
 * Draws points in the plane, one colour a category, as an SVG document.
 *
 * @example
 * ```ts
 * scatterChart({ x, y, categories: labels }, { title: 'PCA of the digits', markers: means });
 * ```
 *
 * @throws InvalidArgumentError when there is nothing to draw, lengths differ or a category is out of range.
 */
export function scatterChart(points: ScatterPoints, options: ScatterChartOptions = {}): Svg {
  checkCartesian(options, scatterChartChecks);
  const { x: xs, y: ys } = points;
  const { markers = [], opacity = 0.8, xAxis = {}, yAxis = {} } = options;
  const {
    radius = Math.min(4, Math.max(1.5, 90 / Math.sqrt(xs.length || 1))),
    categoryNames = namesFor(points, markers),
  } = options;
  checkNotEmpty(xs.length, 'point');
  checkLength(ys.length, xs.length, 'y values', 'x value');
  const categories = points.categories ?? new Uint8Array(xs.length);
  checkLength(categories.length, xs.length, 'categories', 'point');
  const { colors = categoryColors(categoryNames.length) } = options;
  checkLength(colors.length, categoryNames.length, 'colors', 'category');
  for (const list of [categories, markers.map(({ category }) => category)]) {
    checkCategories(list, categoryNames.length);
  }
  if (!(radius > 0) || !(opacity >= 0 && opacity <= 1)) {
    throw new InvalidArgumentError(
      `Expected a radius above 0 and an opacity from 0 to 1, got ${radius} and ${opacity}.`,
    );
  }

  return drawCartesian(
    {
      x: { ...contentOf([xs, markers.map(({ x }) => x)], xAxis.scale), nice: true, roomy: true },
      y: { ...contentOf([ys, markers.map(({ y }) => y)], yAxis.scale), nice: true, roomy: true },
      legend:
        categoryNames.length === 1 && !options.categoryNames
          ? []
          : categoryNames.map((name, category) => ({
              name,
              color: colors[category]!,
              mark: 'dot',
            })),
      marks: (x, y) =>
        element(
          'g',
          {
            fill: 'none',
            'stroke-linecap': 'round',
            'stroke-width': 2 * radius,
            'stroke-opacity': opacity,
          },
          ...colors.map((color, category) => drawPoints(points, categories, category, color, x, y)),
        ) +
        markers
          .map((marker) => {
            const { category } = marker;
            return drawMarker(marker, colors[category]!, categoryNames[category]!, x, y);
          })
          .join(''),
    },
    options,
  );
}

/** All points of a category as one path of strokes without length: their round caps are the dots. */
function drawPoints(
  { x: xs, y: ys }: ScatterPoints,
  categories: ArrayLike<number>,
  category: number,
  color: string,
  x: Axis,
  y: Axis,
): string {
  let path = '';
  for (let index = 0; index < xs.length; index++) {
    if (categories[index] !== category) continue;
    const [left, top] = [x.place(xs[index]!), y.place(ys[index]!)];
    if (Number.isFinite(left + top)) path += `M${round(left)},${round(top)}h0`;
  }
  return path === '' ? '' : element('path', { d: path, stroke: color });
}

function drawMarker(marker: ScatterMarker, color: string, name: string, x: Axis, y: Axis): string {
  const [cx, cy] = [x.place(marker.x), y.place(marker.y)];
  if (!Number.isFinite(cx + cy)) return '';
  return (
    element('circle', { cx, cy, r: 11, fill: theme.background }) +
    element('circle', { cx, cy, r: 9, fill: color, stroke: theme.ink, 'stroke-width': 2 }) +
    (name.length <= 2
      ? textElement(name, cx, cy + 4, {
          fill: readableOn(color),
          'font-size': theme.tickSize,
          'font-weight': 600,
          'text-anchor': 'middle',
        })
      : '')
  );
}

function namesFor({ categories = [] }: ScatterPoints, markers: readonly ScatterMarker[]): string[] {
  let last = 0;
  for (let index = 0; index < categories.length; index++) last = Math.max(last, categories[index]!);
  for (const { category } of markers) last = Math.max(last, category);
  if (!(last < 1000)) {
    throw new InvalidArgumentError(`Expected categories from 0 to 999, got ${last}.`);
  }
  return Array.from({ length: Math.floor(last) + 1 }, (_, category) => String(category));
}

function checkCategories(categories: ArrayLike<number>, count: number): void {
  for (let index = 0; index < categories.length; index++) {
    const category = categories[index]!;
    if (!Number.isInteger(category) || category < 0 || category >= count) {
      throw new InvalidArgumentError(
        `Expected categories from 0 to ${count - 1}, got ${category} at index ${index}.`,
      );
    }
  }
}
