import { scaleLinear, scaleLog } from 'd3-scale';
import { InvalidArgumentError } from '../errors.js';
import { formatNumber, formatPower } from './number-format.js';
import type { AxisOptions } from './options.js';

/** Values beyond this size are as good as infinite: arithmetic on them would soon overflow. */
const largestSize = 1e100;

/** Whether the axis has a place for the value. */
export function canShow(
  value: number,
  scale: AxisOptions['scale'] = 'linear',
  limit = largestSize,
): boolean {
  if (scale === 'log') return value >= 1 / limit && value <= limit;
  return Math.abs(value) <= limit;
}

/** A scale with its ticks: everything that drawing along one axis needs. */
export interface Axis {
  /** The place of a value in pixels; NaN for a value that the axis cannot show. */
  place(value: number): number;
  readonly ticks: readonly Tick[];
}

/** A marked value. */
interface Tick {
  readonly at: number;
  readonly label: string;
}

/** What an axis has to show, before options. */
export interface AxisContent {
  /** Smallest and largest value; NaN both when nothing can be shown. */
  readonly extent: readonly [number, number];
  /** Only whole numbers: epochs, counts. Ticks then fall on whole numbers too. */
  readonly whole?: boolean;
  /** Leave room at both ends, for marks that are more than a point. */
  readonly roomy?: boolean;
  /** Widen the range to round numbers. */
  readonly nice?: boolean;
}

/**
 * The extent of all values that can be shown on the axis, and whether all are whole.
 */
export function contentOf(
  lists: Iterable<ArrayLike<number>>,
  scale: AxisOptions['scale'] = 'linear',
): AxisContent {
  let [low, high, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const list of lists) {
    for (let index = 0; index < list.length; index++) {
      const value = list[index]!;
      if (!canShow(value, scale)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
      whole &&= Number.isInteger(value);
    }
  }
  return { extent: low <= high ? [low, high] : [Number.NaN, Number.NaN], whole };
}

/** Builds the axis over `range` (pixels, first value to last) with about `count` labelled ticks. */
export function buildAxis(
  content: AxisContent,
  options: AxisOptions,
  range: readonly [number, number],
  count: number,
): Axis {
  const { scale: kind = 'linear', domain: given, format } = options;
  if (given) checkDomain(given, kind);
  const domain = given ?? naturalDomain(content, kind);
  const isLog = kind === 'log';
  const scale = (isLog ? scaleLog() : scaleLinear()).domain(domain).range(range);
  if (!given && !isLog && content.nice) scale.nice(count);

  const write = formatter(format, scale.domain() as [number, number], count, isLog);
  let ticks: Tick[];
  if (isLog) {
    ticks = logTicks(scale.domain() as [number, number], count, write);
  } else {
    ticks = scale.ticks(count).map((at) => ({ at, label: write(at) }));
    if (content.whole) ticks = ticks.filter(({ at }) => Number.isInteger(at));
  }
  return {
    // Ticks and edges of bins are rounded outwards, a little beyond the largest values.
    place: (value) => (canShow(value, kind, 10 * largestSize) ? scale(value) : Number.NaN),
    ticks,
  };
}

/** Throws unless the domain is a range that the axis can show. */
export function checkDomain(domain: readonly [number, number], kind: 'linear' | 'log'): void {
  const [low, high] = domain;
  if (!(canShow(low, kind) && canShow(high, kind) && isRange(low, high))) {
    throw new InvalidArgumentError(
      `Expected an axis domain [low, high] of finite numbers with low < high${kind === 'log' ? ' and low > 0' : ''}, got [${domain}].`,
    );
  }
}

/** The content's extent with some room; round a single value, as far again as it is from 0. */
export function naturalDomain(
  { extent, roomy }: AxisContent,
  kind: 'linear' | 'log',
): readonly [number, number] {
  const [low, high] = extent;
  if (Number.isNaN(low)) return kind === 'log' ? [0.1, 1] : [0, 1];
  if (kind === 'log') {
    const decades = Math.log10(high) - Math.log10(low);
    const room = isRange(low, high) ? 10 ** Math.min(0.5, 0.04 * decades) : 2;
    return [low / room, high * room];
  }
  if (isRange(low, high)) {
    const room = roomy ? 0.02 * (high - low) : 0;
    return [low - room, high + room];
  }
  const size = Math.max(Math.abs(low), Math.abs(high));
  const room = size < 1 / largestSize ? 1 : size / 2;
  return [low - room, high + room];
}

/** Whether the values lie far enough apart for ticks between them. */
function isRange(low: number, high: number): boolean {
  const size = Math.max(Math.abs(low), Math.abs(high));
  return high - low > Math.max(1e-12 * size, 1 / largestSize);
}

function formatter(
  format: AxisOptions['format'],
  domain: [number, number],
  count: number,
  isLog: boolean,
): (value: number) => string {
  if (typeof format === 'function') return format;
  if (format === undefined) {
    const spansFar = isLog && (domain[0] < 1e-4 || domain[1] >= 1e6);
    return spansFar ? formatPower : (value) => formatNumber(value, 12);
  }
  try {
    return scaleLinear(domain, [0, 1]).tickFormat(count, format);
  } catch (cause) {
    throw new InvalidArgumentError(
      `Expected a d3-format specifier such as '.0%' or ',.2f' for an axis, got '${format}'.`,
      { cause },
    );
  }
}

/** Powers of ten, with 2 and 5 between them where there is room. */
function logTicks(
  [low, high]: [number, number],
  count: number,
  write: (value: number) => string,
): Tick[] {
  const decades = Math.log10(high / low);
  const linear = scaleLinear([low, high], [0, 1]);
  if (decades < 0.7) return linear.ticks(count).map((at) => ({ at, label: write(at) }));
  const factors = decades * 3 <= count + 1 ? [1, 2, 5] : [1];
  const step = Math.max(1, Math.ceil(decades / count));
  const ticks: Tick[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    if (power % step !== 0) continue;
    for (const factor of factors) {
      const at = Number(`${factor}e${power}`);
      if (at >= low && at <= high) ticks.push({ at, label: write(at) });
    }
  }
  return ticks;
}
