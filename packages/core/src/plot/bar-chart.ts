import { type ScaleBand, scaleBand } from 'd3-scale';
import { callback, flag, type OptionChecks } from '../checks/index.js';
import { type Axis, contentOf } from './axes.js';
import {
  type CartesianOptions,
  cartesianChecks,
  checkCartesian,
  drawCartesian,
  type PlotArea,
} from './cartesian.js';
import { commonFormat } from './number-format.js';
import { type AxisOptions, checkLength, checkNotEmpty } from './options.js';
import { element, type Svg, textElement } from './svg.js';
import { fitText, textWidth } from './text-width.js';
import { categoryColors, theme } from './theme.js';

/** One colour of a {@link barChart}: a bar in each group. */
export interface BarSeries {
  readonly name: string;
  /** A value for each group; one that is not finite leaves its place empty. */
  readonly values: ArrayLike<number>;
  /** A CSS colour. Default: the next of the palette. */
  readonly color?: string;
}

/** Options of {@link barChart}. */
export interface BarChartOptions extends Omit<CartesianOptions, 'xAxis' | 'yAxis'> {
  readonly xAxis?: Pick<AxisOptions, 'title'>;
  /** The axis begins at 0 unless a domain is given. */
  readonly yAxis?: Omit<AxisOptions, 'scale'>;
  /** Write each value over its bar. Default: where there is room. */
  readonly showValues?: boolean;
  /** How these values are written. Default: all alike, the largest with three significant digits. */
  readonly formatValue?: (value: number) => string;
}

const barChartChecks: OptionChecks<BarChartOptions> = {
  ...cartesianChecks,
  showValues: flag,
  formatValue: callback,
};

/**
 * Draws bars in groups, a group for each name and in it a bar for each series, as an SVG document.
 *
 * @throws InvalidArgumentError when there is nothing to draw, lengths differ or an option is out of range.
 */
export function barChart(
  groups: readonly string[],
  series: readonly BarSeries[],
  options: BarChartOptions = {},
): Svg {
  checkCartesian(options, barChartChecks);
  const { yAxis = {} } = options;
  checkNotEmpty(groups.length, 'group');
  checkNotEmpty(series.length, 'series of bars');
  for (const { name, values } of series) {
    checkLength(values.length, groups.length, `values of '${name}'`, 'group');
  }
  const palette = categoryColors(series.length);
  const colors = series.map(({ color }, index) => color ?? palette[index]!);
  const heights = series.map(({ values }) => values);
  const { formatValue = commonFormat(heights.flatMap((values) => Array.from(values))) } = options;

  return drawCartesian(
    {
      x: { extent: [0, groups.length] },
      y: { ...contentOf([...heights, [0]]), whole: false, nice: true },
      legend:
        series.length === 1
          ? []
          : series.map(({ name }, index) => ({ name, color: colors[index]!, mark: 'box' })),
      verticalGrid: false,
      marks: (_, y, area) => {
        const slots = slotsIn(area, groups.length);
        const barWidth = slots.bandwidth() / series.length;
        const widest = Math.max(
          ...heights.flatMap((values) =>
            Array.from(values, (value) => textWidth(formatValue(value), theme.tickSize)),
          ),
        );
        const { showValues = widest <= barWidth + 4 } = options;
        const bars = series.map(({ values }, index) =>
          element(
            'g',
            { fill: colors[index]! },
            ...groups.map((_, group) => {
              const x = slots(group)! + index * barWidth;
              return drawBar(values[group]!, x, barWidth, y, area);
            }),
          ),
        );
        const labels = showValues
          ? series.flatMap(({ values }, index) =>
              groups.map((_, group) => {
                const value = values[group]!;
                const top = y.place(value);
                if (!Number.isFinite(top)) return '';
                const x = slots(group)! + (index + 0.5) * barWidth;
                return textElement(formatValue(value), x, Math.min(top, y.place(0)) - 5);
              }),
            )
          : [];
        const baseline = y.place(0);
        return [
          ...bars,
          element('g', groupText, ...labels),
          Number.isFinite(baseline)
            ? element('path', {
                d: `M${area.left},${Math.round(baseline) + 0.5}h${area.width}`,
                stroke: theme.axis,
              })
            : '',
        ].join('');
      },
      surroundings: (area) => {
        const slots = slotsIn(area, groups.length);
        const names = groups.map((name, group) =>
          textElement(
            fitText(name, slots.step() - 4, theme.tickSize),
            slots(group)! + slots.bandwidth() / 2,
            area.top + area.height + 17,
          ),
        );
        return element('g', groupText, ...names);
      },
    },
    { ...options, xAxis: { ...options.xAxis, format: () => '' }, yAxis },
  );
}

const groupText = { 'font-size': theme.tickSize, 'text-anchor': 'middle' };

/** Where the groups stand side by side. */
function slotsIn(area: PlotArea, groups: number): ScaleBand<number> {
  return scaleBand<number>()
    .domain(Array(groups).keys())
    .range([area.left, area.left + area.width])
    .paddingInner(0.25)
    .paddingOuter(0.15);
}

function drawBar(value: number, x: number, width: number, y: Axis, area: PlotArea): string {
  const [from, to] = [y.place(0), y.place(value)];
  if (!Number.isFinite(to)) return '';
  const clamp = (place: number) => Math.min(area.top + area.height, Math.max(area.top, place));
  const [top, bottom] = [clamp(Math.min(from, to)), clamp(Math.max(from, to))];
  return element('rect', {
    x: x + 1,
    y: top,
    width: Math.max(0.5, width - 2),
    height: bottom - top,
  });
}
