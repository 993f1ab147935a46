import type { ProgressEvent } from './training-loop-options.js';

/** How fast examples are trained on, as a mean that forgets with a time constant of five seconds. */
class TrainingRate {
  #examples = 0;
  #seconds = 0;

  add(examples: number, seconds: number): void {
    const kept = Math.exp(-seconds / 5);
    this.#examples = this.#examples * kept + examples;
    this.#seconds = this.#seconds * kept + seconds;
  }

  /** Examples per second; 0 before the first batch. */
  get examplesPerSecond(): number {
    return this.#seconds > 0 ? this.#examples / this.#seconds : 0;
  }
}

/** Where a run stands, but for what is worked out from the times. */
export type RunPosition = Omit<ProgressEvent, 'examplesPerSecond' | 'secondsLeft'>;

/** Tells of a run's progress, not too often, with its rate and the time left. */
export class ProgressTeller {
  readonly #tell: ((event: ProgressEvent) => void) | undefined;
  readonly #interval: number;
  readonly #batchSize: number;
  readonly #rate = new TrainingRate();
  #validationSeconds = 0;
  #lastTold = Number.NEGATIVE_INFINITY;

  /** @param interval - Least time between two events, in milliseconds. */
  constructor(
    tell: ((event: ProgressEvent) => void) | undefined,
    interval: number,
    batchSize: number,
  ) {
    this.#tell = tell;
    this.#interval = interval;
    this.#batchSize = batchSize;
  }

  /** Takes in how long so many examples of training took. */
  learnStep(examples: number, seconds: number): void {
    this.#rate.add(examples, seconds);
  }

  /** Takes in how long the validation of an epoch took. */
  learnValidation(seconds: number): void {
    this.#validationSeconds = seconds;
  }

  /** Tells where the run stands if it is time, and always at the end of a phase. */
  tell(positionOf: () => RunPosition, isLast: boolean): void {
    if (!this.#tell) return;
    const now = performance.now();
    if (!isLast && now - this.#lastTold < this.#interval) return;
    this.#lastTold = now;
    const position = positionOf();
    const rate = this.#rate.examplesPerSecond;
    this.#tell({
      ...position,
      examplesPerSecond: rate,
      secondsLeft: rate > 0 ? this.#secondsLeft(position, rate) : undefined,
    });
  }

  #secondsLeft(position: RunPosition, rate: number): number {
    const { phase, epoch, epochs, batch, batches, step, totalSteps } = position;
    const examplesLeft = (totalSteps - step) * this.#batchSize;
    const validationsLeft = epochs - epoch - (phase === 'validate' ? batch / batches : 0);
    return examplesLeft / rate + validationsLeft * this.#validationSeconds;
  }
}
