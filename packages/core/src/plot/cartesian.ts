import { anything, checkOptions, type OptionChecks, someObject } from '../checks/index.js';
import { type Axis, type AxisContent, buildAxis } from './axes.js';
import { drawHeader, type LegendEntry, outerMargin } from './header.js';
import {
  type AxisOptions,
  axisChecks,
  type ChartOptions,
  chartChecks,
  checkExtent,
} from './options.js';
import { element, type Svg, svgDocument, textElement } from './svg.js';
import { fitText, textWidth } from './text-width.js';
import { theme } from './theme.js';

/** Options of a chart with two axes. */
export interface CartesianOptions extends ChartOptions {
  /** Height of the picture in pixels. Default 400. */
  readonly height?: number;
  readonly xAxis?: AxisOptions;
  readonly yAxis?: AxisOptions;
}

export const cartesianChecks: OptionChecks<CartesianOptions> = {
  ...chartChecks,
  height: anything,
  xAxis: someObject,
  yAxis: someObject,
};

/** Checks the options of a chart with axes, and those of its axes. */
export function checkCartesian<Options extends { xAxis?: object; yAxis?: object }>(
  options: Options,
  checks: OptionChecks<Options>,
): void {
  checkOptions(options, checks);
  if (options.xAxis) checkOptions<AxisOptions>(options.xAxis, axisChecks, 'xAxis');
  if (options.yAxis) checkOptions<AxisOptions>(options.yAxis, axisChecks, 'yAxis');
}

/** The rectangle inside the axes, in pixels. */
export interface PlotArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What a kind of chart puts between the axes. */
export interface CartesianContent {
  readonly x: AxisContent;
  readonly y: AxisContent;
  readonly legend: readonly LegendEntry[];
  /** Draw lines up from the ticks of x. Default true. */
  readonly verticalGrid?: boolean;
  /** Drawn over the grid, cut at its edges where an axis has a domain. */
  marks(x: Axis, y: Axis, area: PlotArea): string;
  /** Drawn around the grid. */
  surroundings?(area: PlotArea): string;
}

/** Draws header, grid, axes and what the chart is about; text sizes decide the margins. */
export function drawCartesian(content: CartesianContent, options: CartesianOptions): Svg {
  const { title, subtitle, width = 640, height = 400, xAxis = {}, yAxis = {} } = options;
  checkExtent(width, 'width', 200);
  checkExtent(height, 'height', 150);

  const header = drawHeader({ title, subtitle, width, legend: content.legend });
  const top = header.bottom + (yAxis.title ? 30 : 10);
  const bottom = height - outerMargin - (xAxis.title ? 40 : 20);
  const yCount = Math.max(2, Math.round((bottom - top) / 50));
  const y = buildAxis(content.y, yAxis, [bottom, top], yCount);

  const widest = Math.max(0, ...y.ticks.map(({ label }) => textWidth(label, theme.tickSize)));
  const left = Math.ceil(outerMargin + widest + 8);
  const right = width - outerMargin - 8;
  const x = buildAxis(
    content.x,
    xAxis,
    [left, right],
    Math.max(2, Math.round((right - left) / 80)),
  );
  const area = { left, top, width: right - left, height: bottom - top };

  const marks = content.marks(x, y, area);
  return svgDocument(
    { width, height, label: title ?? 'Chart' },
    header.svg,
    drawGrid(content.verticalGrid === false ? [] : x.ticks, x, y, area),
    xAxis.domain || yAxis.domain ? clip(marks, area) : marks,
    content.surroundings?.(area) ?? '',
    drawLabels(x, y, area, xAxis, yAxis),
  );
}

function drawGrid(
  xTicks: Axis['ticks'],
  x: Axis,
  y: Axis,
  { left, top, width, height }: PlotArea,
): string {
  const vertical = xTicks.map(({ at }) => `M${Math.round(x.place(at)) + 0.5},${top}v${height}`);
  const horizontal = y.ticks.map(({ at }) => `M${left},${Math.round(y.place(at)) + 0.5}h${width}`);
  return (
    element('path', { d: [...vertical, ...horizontal].join(''), stroke: theme.grid }) +
    element('path', { d: `M${left},${top + height + 0.5}h${width}`, stroke: theme.axis })
  );
}

function drawLabels(
  x: Axis,
  y: Axis,
  { left, top, width, height }: PlotArea,
  xAxis: AxisOptions,
  yAxis: AxisOptions,
): string {
  const below = top + height;
  const labels = { 'font-size': theme.tickSize, fill: theme.muted };
  return [
    element(
      'g',
      { ...labels, 'text-anchor': 'middle' },
      ...x.ticks.map(({ at, label }) =>
        label === '' ? '' : textElement(label, x.place(at), below + 17),
      ),
    ),
    element(
      'g',
      { ...labels, 'text-anchor': 'end' },
      ...y.ticks.map(({ at, label }) =>
        label === '' ? '' : textElement(label, left - 8, y.place(at) + 4),
      ),
    ),
    yAxis.title
      ? textElement(
          fitText(yAxis.title, left + width - outerMargin, theme.textSize),
          outerMargin,
          top - 14,
          { fill: theme.muted },
        )
      : '',
    xAxis.title
      ? textElement(fitText(xAxis.title, width, theme.textSize), left + width / 2, below + 39, {
          fill: theme.muted,
          'text-anchor': 'middle',
        })
      : '',
  ].join('');
}

/** Cuts at the plot's edges by a nested svg: unlike a clip path it needs no id, which could meet another's. */
function clip(marks: string, { left, top, width, height }: PlotArea): string {
  return element(
    'svg',
    {
      x: left,
      y: top,
      width,
      height,
      viewBox: `${left} ${top} ${width} ${height}`,
      overflow: 'hidden',
    },
    marks,
  );
}
