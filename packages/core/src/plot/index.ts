export { type BarChartOptions, type BarSeries, barChart } from './bar-chart.js';
export type { CartesianOptions } from './cartesian.js';
export type { CellGridOptions } from './cell-grid.js';
export {
  type ConfusionMatrixChartOptions,
  confusionMatrixChart,
} from './confusion-matrix-chart.js';
export { type HeatMapOptions, heatMap } from './heat-map.js';
export { type HistogramOptions, histogram } from './histogram.js';
export { type ImageGridOptions, imageGrid } from './image-grid.js';
export {
  type LineChartOptions,
  type LineSeries,
  lineChart,
  type ReferenceLine,
} from './line-chart.js';
export { formatNumber } from './number-format.js';
export type { AxisOptions, ChartOptions } from './options.js';
export {
  type ScatterChartOptions,
  type ScatterMarker,
  type ScatterPoints,
  scatterChart,
} from './scatter-chart.js';
export type { Svg } from './svg.js';
