import { InvalidArgumentError } from '../errors.js';
import type { Figures, MonitorOptions } from './training-loop-options.js';

/** Options of {@link Monitor}. */
export interface MonitoringOptions {
  readonly monitor?: MonitorOptions;
  readonly earlyStopping?: { readonly minDelta?: number };
  readonly validation?: object;
  readonly validate?: unknown;
}

/** Tells which epoch is the best. */
export class Monitor {
  readonly #figure: string;
  readonly #mode: 'min' | 'max';
  readonly #minDelta: number;

  /**
   * @param names - The figures of a step; the first is what is watched by default.
   * @throws InvalidArgumentError for a wrong name, before the first epoch is trained.
   */
  constructor(names: readonly string[], options: MonitoringOptions) {
    const { validation, validate, monitor, earlyStopping } = options;
    const { figure = `${validation ? 'validation' : 'train'}.${names[0]}`, mode = 'min' } =
      monitor ?? {};
    const known = [
      ...names.map((name) => `train.${name}`),
      ...(validation ? names.map((name) => `validation.${name}`) : []),
    ];
    // What a `validate` function will call its figures shows at the end of the first epoch.
    const open = validate !== undefined && figure.startsWith('validation.');
    if (!known.includes(figure) && !open) {
      throw new InvalidArgumentError(
        `Expected monitor.figure to be one of ${known.join(', ')}, but got '${figure}'.`,
      );
    }
    this.#figure = figure;
    this.#mode = mode;
    this.#minDelta = earlyStopping?.minDelta ?? 0;
  }

  /** The watched figure of an epoch if it is better than the best before, or else undefined. */
  better(train: Figures, validation: Figures, best: number | undefined): number | undefined {
    const [part, ...name] = this.#figure.split('.');
    const figures = part === 'train' ? train : validation;
    const value = figures[name.join('.')];
    if (value === undefined) {
      throw new InvalidArgumentError(
        `Expected monitor to name a figure of the epoch, but there is no ${this.#figure}: ${part} has ${Object.keys(figures).join(', ') || 'none'}.`,
      );
    }
    if (Number.isNaN(value)) return undefined;
    if (best === undefined) return value;
    const gain = this.#mode === 'max' ? value - best : best - value;
    return gain > this.#minDelta ? value : undefined;
  }
}
