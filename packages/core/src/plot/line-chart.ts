import { area as areaShape, curveLinear, curveMonotoneX, curveStepAfter, line } from 'd3-shape';
import { flag, type OptionChecks, oneOf, someObject } from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import { type Axis, contentOf } from './axes.js';
import {
  type CartesianOptions,
  cartesianChecks,
  checkCartesian,
  drawCartesian,
  type PlotArea,
} from './cartesian.js';
import { checkLength, checkNotEmpty } from './options.js';
import { element, type Svg, textElement } from './svg.js';
import { categoryColors, theme } from './theme.js';

/** One line of a {@link lineChart}. */
export interface LineSeries {
  /** Its name in the legend. */
  readonly name: string;
  /** The values; one that is not finite leaves a gap. */
  readonly y: ArrayLike<number>;
  /** Where they stand. Default 1, 2, 3, ...: the epochs. */
  readonly x?: ArrayLike<number>;
  /** The lower and upper edge of a band round the line, such as the spread over seeds. */
  readonly band?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> };
  /** A CSS colour. Default: the next of the palette. */
  readonly color?: string;
  /** Draw it dashed, say for training beside validation. */
  readonly dashed?: boolean;
}

/** A horizontal line to compare with. */
export interface ReferenceLine {
  readonly y: number;
  /** Written at its right end. */
  readonly label: string;
}

/** Options of {@link lineChart}. */
export interface LineChartOptions extends CartesianOptions {
  /** How the points are joined. `smooth` never overshoots them. Default `linear`. */
  readonly curve?: 'linear' | 'step' | 'smooth';
  /** Put a dot on every value. Default: when no line has more than 20. */
  readonly dots?: boolean;
  /** Values to compare with, such as the course's. */
  readonly references?: readonly ReferenceLine[];
}

const lineChartChecks: OptionChecks<LineChartOptions> = {
  ...cartesianChecks,
  curve: oneOf('linear', 'step', 'smooth'),
  dots: flag,
  references: someObject,
};

const curves = { linear: curveLinear, step: curveStepAfter, smooth: curveMonotoneX };

/**
 * Draws values over a number, one line a series, as an SVG document.
 *
 * @example
 * ```ts
 * const svg = lineChart(
 *   [
 *     { name: 'training', y: history.map((epoch) => epoch.loss) },
 *     { name: 'validation', y: history.map((epoch) => epoch.validationLoss), dashed: true },
 *   ],
 *   { title: 'Loss', xAxis: { title: 'Epoch' }, yAxis: { title: 'Cross-entropy', scale: 'log' } },
 * );
 * ```
 *
 * @throws InvalidArgumentError when there is nothing to draw, lengths differ or an option is out of range.
 */
export function lineChart(series: readonly LineSeries[], options: LineChartOptions = {}): Svg {
  checkCartesian(options, lineChartChecks);
  const { curve = 'linear', references = [], xAxis = {}, yAxis = {} } = options;
  checkNotEmpty(series.length, 'line');
  if (!Object.hasOwn(curves, curve)) {
    throw new InvalidArgumentError(
      `Expected the curve 'linear', 'step' or 'smooth', got '${curve}'.`,
    );
  }
  const palette = categoryColors(series.length);
  const lines = series.map((one, index) => {
    const { name, y, x = Float64Array.from({ length: y.length }, (_, place) => place + 1) } = one;
    checkNotEmpty(y.length, `value of '${name}'`);
    checkLength(x.length, y.length, `x values of '${name}'`, 'y value');
    if (one.band) {
      checkLength(one.band.low.length, y.length, `lower edges of '${name}'`, 'y value');
      checkLength(one.band.high.length, y.length, `upper edges of '${name}'`, 'y value');
    }
    return { ...one, x, color: one.color ?? palette[index]! };
  });
  const { dots = lines.every(({ y }) => y.length <= 20) } = options;

  const heights = [
    ...lines.flatMap(({ y, band }) => (band ? [y, band.low, band.high] : [y])),
    references.map(({ y }) => y),
  ];
  return drawCartesian(
    {
      x: contentOf(
        lines.map(({ x }) => x),
        xAxis.scale,
      ),
      y: { ...contentOf(heights, yAxis.scale), nice: true },
      legend:
        lines.length === 1 && lines[0]!.name === ''
          ? []
          : lines.map(({ name, color, dashed }) => ({
              name,
              color,
              mark: dashed ? 'dashed' : 'line',
            })),
      marks: (x, y, area) =>
        [
          ...lines.map((one) => drawBand(one, x, y, curves[curve])),
          ...references.map((reference) => drawReference(reference, y, area)),
          ...lines.map((one) => drawLine(one, x, y, curves[curve])),
          ...(dots ? lines.map((one) => drawDots(one, x, y)) : []),
          ...references.map((reference) => drawReferenceLabel(reference, y, area)),
        ].join(''),
    },
    options,
  );
}

type PlacedSeries = LineSeries & { readonly x: ArrayLike<number>; readonly color: string };

type Curve = typeof curveLinear;

function drawLine(
  { x: xs, y: ys, color, dashed }: PlacedSeries,
  x: Axis,
  y: Axis,
  curve: Curve,
): string {
  const path = line<number>()
    .x((index) => x.place(xs[index]!))
    .y((index) => y.place(ys[index]!))
    .defined((index) => Number.isFinite(x.place(xs[index]!) + y.place(ys[index]!)))
    .curve(curve)
    .digits(2)(indicesOf(ys));
  return path === null
    ? ''
    : element('path', {
        d: path,
        fill: 'none',
        stroke: color,
        'stroke-width': 2,
        'stroke-linejoin': 'round',
        'stroke-linecap': dashed ? undefined : 'round',
        'stroke-dasharray': dashed ? '6 4' : undefined,
      });
}

function drawBand({ x: xs, band, color }: PlacedSeries, x: Axis, y: Axis, curve: Curve): string {
  if (!band) return '';
  const path = areaShape<number>()
    .x((index) => x.place(xs[index]!))
    .y0((index) => y.place(band.low[index]!))
    .y1((index) => y.place(band.high[index]!))
    .defined((index) =>
      Number.isFinite(x.place(xs[index]!) + y.place(band.low[index]!) + y.place(band.high[index]!)),
    )
    .curve(curve)
    .digits(2)(indicesOf(xs));
  return path === null ? '' : element('path', { d: path, fill: color, 'fill-opacity': 0.15 });
}

function drawDots({ x: xs, y: ys, color }: PlacedSeries, x: Axis, y: Axis): string {
  const dots = indicesOf(ys)
    .map((index) => ({ cx: x.place(xs[index]!), cy: y.place(ys[index]!), r: 3 }))
    .filter(({ cx, cy }) => Number.isFinite(cx + cy))
    .map((dot) => element('circle', dot));
  return element('g', { fill: color, stroke: theme.background }, ...dots);
}

function drawReference({ y: value }: ReferenceLine, y: Axis, area: PlotArea): string {
  const height = y.place(value);
  if (!Number.isFinite(height)) return '';
  return element('path', {
    d: `M${area.left},${Math.round(height) + 0.5}h${area.width}`,
    stroke: theme.muted,
    'stroke-dasharray': '2 3',
  });
}

/** Over everything else, with a white halo. */
function drawReferenceLabel({ y: value, label }: ReferenceLine, y: Axis, area: PlotArea): string {
  const height = y.place(value);
  if (!Number.isFinite(height)) return '';
  const isNearTop = height - area.top < 16;
  return textElement(label, area.left + area.width, height + (isNearTop ? 14 : -5), {
    'font-size': theme.tickSize,
    fill: theme.muted,
    'text-anchor': 'end',
    stroke: theme.background,
    'stroke-width': 4,
    'stroke-linejoin': 'round',
    'paint-order': 'stroke',
  });
}

function indicesOf(values: ArrayLike<number>): number[] {
  return Array.from({ length: values.length }, (_, index) => index);
}
