import { bisectRight, tickStep } from 'd3-array';
import { anything, type OptionChecks, text } from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import { checkDomain, contentOf, naturalDomain } from './axes.js';
import {
  type CartesianOptions,
  cartesianChecks,
  checkCartesian,
  drawCartesian,
} from './cartesian.js';
import { type AxisOptions, checkNotEmpty } from './options.js';
import { element, type Svg } from './svg.js';
import { categoryColors } from './theme.js';

/** Options of {@link histogram}. */
export interface HistogramOptions extends Omit<CartesianOptions, 'xAxis'> {
  /** A given domain is divided into `bins` equal parts. */
  readonly xAxis?: Omit<AxisOptions, 'scale'>;
  /** About how many bins; their edges are round numbers. Default: by Sturges' rule, 1 + log2 of the count. */
  readonly bins?: number;
  /** A CSS colour. */
  readonly color?: string;
}

const histogramChecks: OptionChecks<HistogramOptions> = {
  ...cartesianChecks,
  bins: anything,
  color: text,
};

/**
 * Draws how often values fall into equal bins, as an SVG document. Values that are not finite are
 * left out, and so are those outside of a given x domain.
 *
 * @throws InvalidArgumentError when no value can be shown or an option is out of range.
 */
export function histogram(values: ArrayLike<number>, options: HistogramOptions = {}): Svg {
  checkCartesian(options, histogramChecks);
  const { color = categoryColors(1)[0]!, xAxis = {}, yAxis = {} } = options;
  if (xAxis.domain) checkDomain(xAxis.domain, 'linear');
  const [low, high] = xAxis.domain ?? contentOf([values]).extent;
  const shown = Array.from(values).filter((value) => value >= low && value <= high);
  checkNotEmpty(shown.length, 'finite value');
  const { bins = 1 + Math.ceil(Math.log2(shown.length)) } = options;
  if (!(bins >= 1 && bins <= 1000)) {
    throw new InvalidArgumentError(`Expected 1 to 1000 bins, got ${bins}.`);
  }

  const edges = xAxis.domain
    ? equalEdges(low, high, Math.round(bins))
    : roundEdges(...naturalDomain({ extent: [low, high] }, 'linear'), bins);
  const counts = new Uint32Array(edges.length - 1);
  for (const value of shown) {
    counts[Math.min(bisectRight(edges, value), counts.length) - 1]!++;
  }
  const smallest = yAxis.scale === 'log' ? 1 : 0;
  return drawCartesian(
    {
      x: { extent: [edges[0]!, edges[edges.length - 1]!] },
      y: { ...contentOf([counts, [smallest]], yAxis.scale), nice: true },
      legend: [],
      marks: (x, y, area) =>
        element(
          'g',
          { fill: color },
          ...Array.from(counts, (count, bin) => {
            const [left, right, top] = [
              x.place(edges[bin]!),
              x.place(edges[bin + 1]!),
              y.place(count),
            ];
            if (!(right > left) || !Number.isFinite(top)) return '';
            return element('rect', {
              x: left + 0.5,
              y: top,
              width: Math.max(0.5, right - left - 1),
              height: area.top + area.height - top,
            });
          }),
        ),
    },
    options,
  );
}

function equalEdges(low: number, high: number, bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, edge) => low + ((high - low) * edge) / bins);
}

/** Multiples of 1, 2 or 5 times a power of ten that enclose the range. */
function roundEdges(low: number, high: number, bins: number): number[] {
  const step = tickStep(low, high, bins);
  const perUnit = Math.round(1 / step); // whole below 1; dividing by it rounds 0.3 as it is written
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, edge) =>
    step < 1 ? (first + edge) / perUnit : (first + edge) * step,
  );
}
