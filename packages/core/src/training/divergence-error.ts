import { NnLabError } from '../errors.js';

/** Training went out of the range of numbers: a loss or a weight became NaN or infinite. */
export class DivergenceError extends NnLabError {
  override readonly name = 'DivergenceError';
  protected static override readonly brand = 'DivergenceError';
  /** Epoch, from 0. */
  readonly epoch: number;
  /** Optimizer steps taken before the one that failed. */
  readonly step: number;

  constructor(message: string, options: { readonly epoch: number; readonly step: number }) {
    super(message);
    this.epoch = options.epoch;
    this.step = options.step;
  }
}
