import { anything, type OptionChecks, oneOf, text } from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';

/** Options that every chart has. */
export interface ChartOptions {
  /** What the chart shows, above it. */
  readonly title?: string;
  /** A second, lighter line: data, seeds, device. */
  readonly subtitle?: string;
  /** Width of the picture in pixels. Default 640. */
  readonly width?: number;
}

export const chartChecks: OptionChecks<ChartOptions> = {
  title: text,
  subtitle: text,
  width: anything, // checkExtent says in what
};

/** One axis of a chart. */
export interface AxisOptions {
  /** What it measures, with the unit: `Test error (minutes)`. */
  readonly title?: string;
  /** How values become distances. Values of 0 or less are gaps on a logarithmic axis, values beyond 1e100 on any. Default `linear`. */
  readonly scale?: 'linear' | 'log';
  /** The smallest and largest value shown. Default: all that there is, to the next round number. */
  readonly domain?: readonly [number, number];
  /** How a tick is written: a d3-format specifier such as `.0%`, or a function. */
  readonly format?: string | ((value: number) => string);
}

export const axisChecks: OptionChecks<AxisOptions> = {
  title: text,
  scale: oneOf('linear', 'log'),
  domain: anything, // checkDomain says in what
  format: anything,
};

/** Throws unless the picture's side is a sensible number of pixels. */
export function checkExtent(value: number, name: string, least: number): void {
  if (!(value >= least && value <= 20_000)) {
    throw new InvalidArgumentError(`Expected ${name} from ${least} to 20000 pixels, got ${value}.`);
  }
}

/** Throws unless there is something to draw. */
export function checkNotEmpty(length: number, what: string): void {
  if (length === 0)
    throw new InvalidArgumentError(`Expected at least one ${what} to draw, got none.`);
}

/** Throws unless the lengths agree. */
export function checkLength(length: number, expected: number, what: string, of: string): void {
  if (length !== expected) {
    throw new InvalidArgumentError(
      `Expected ${expected} ${what}, one for each ${of}, got ${length}.`,
    );
  }
}
