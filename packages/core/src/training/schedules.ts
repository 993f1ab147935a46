import {
  arrayOf,
  checkOptions,
  checkValue,
  numberFrom,
  type OptionChecks,
  positiveNumber,
  required,
  shareBelowOne,
} from '../checks/index.js';

/** The learning rate of each step: `step` counts from 0 to `totalSteps` - 1 over the whole run. */
export type LearningRateSchedule = (step: number, totalSteps: number) => number;

/** The same learning rate throughout. */
export function constantSchedule(learningRate: number): LearningRateSchedule {
  checkValue('learningRate', learningRate, positiveNumber);
  return () => learningRate;
}

export interface CosineScheduleOptions {
  /** The learning rate after the warm-up, from which the cosine falls. */
  readonly peak: number;
  /** The learning rate of the last step. Default 0. */
  readonly final?: number;
  /** Share of all steps, in [0, 1), during which the rate rises linearly to the peak. Default 0. */
  readonly warmup?: number;
}

const cosineChecks: OptionChecks<CosineScheduleOptions> = {
  peak: required(positiveNumber),
  final: numberFrom(0),
  warmup: shareBelowOne,
};

/**
 * A linear warm-up, then half a cosine from `peak` to `final`
 * (Loshchilov and Hutter, "SGDR: Stochastic gradient descent with warm restarts", 2017).
 */
export function cosineSchedule(options: CosineScheduleOptions): LearningRateSchedule {
  checkOptions(options, cosineChecks);
  const { peak, final = 0, warmup = 0 } = options;
  return (step, totalSteps) => {
    const warmupSteps = Math.round(warmup * totalSteps);
    if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
    return cosineBetween(peak, final, step - warmupSteps, totalSteps - warmupSteps);
  };
}

export interface StepScheduleOptions {
  /** The learning rate of the first steps. */
  readonly initial: number;
  /** What the rate is multiplied with at each milestone. Default 0.1. */
  readonly factor?: number;
  /** Shares of all steps, ascending, in (0, 1), after which the rate is multiplied. */
  readonly milestones: readonly number[];
}

const stepChecks: OptionChecks<StepScheduleOptions> = {
  initial: required(positiveNumber),
  factor: positiveNumber,
  milestones: required(arrayOf(shareBelowOne)),
};

/** A learning rate that falls by a factor at each milestone. */
export function stepSchedule(options: StepScheduleOptions): LearningRateSchedule {
  checkOptions(options, stepChecks);
  const { initial, factor = 0.1, milestones } = options;
  return (step, totalSteps) => {
    const passed = milestones.filter((milestone) => step >= Math.round(milestone * totalSteps));
    return initial * factor ** passed.length;
  };
}

export interface ExponentialScheduleOptions {
  /** The learning rate of the first step. */
  readonly initial: number;
  /** The learning rate of the last step. */
  readonly final: number;
}

const exponentialChecks: OptionChecks<ExponentialScheduleOptions> = {
  initial: required(positiveNumber),
  final: required(positiveNumber),
};

/** A learning rate that changes by the same factor at every step, from `initial` to `final`. */
export function exponentialSchedule(options: ExponentialScheduleOptions): LearningRateSchedule {
  checkOptions(options, exponentialChecks);
  const { initial, final } = options;
  return (step, totalSteps) => initial * (final / initial) ** share(step, totalSteps);
}

export interface OneCycleScheduleOptions {
  /** The highest learning rate. */
  readonly peak: number;
  /** Share of all steps, in (0, 1), during which the rate rises. Default 0.3. */
  readonly warmup?: number;
  /** The first learning rate is the peak divided by this. Default 25. */
  readonly initialDivisor?: number;
  /** The last learning rate is the first one divided by this. Default 10,000. */
  readonly finalDivisor?: number;
}

const oneCycleChecks: OptionChecks<OneCycleScheduleOptions> = {
  peak: required(positiveNumber),
  warmup: shareBelowOne,
  initialDivisor: positiveNumber,
  finalDivisor: positiveNumber,
};

/**
 * One cosine up to the peak and one down below the start
 * (Smith and Topin, "Super-convergence", 2018; defaults as in PyTorch's `OneCycleLR`).
 */
export function oneCycleSchedule(options: OneCycleScheduleOptions): LearningRateSchedule {
  checkOptions(options, oneCycleChecks);
  const { peak, warmup = 0.3, initialDivisor = 25, finalDivisor = 10_000 } = options;
  const initial = peak / initialDivisor;
  return (step, totalSteps) => {
    const top = Math.max(1, Math.round(warmup * totalSteps) - 1);
    if (step <= top) return cosineBetween(initial, peak, step, top + 1);
    return cosineBetween(peak, initial / finalDivisor, step - top, totalSteps - top);
  };
}

/** `from` at step 0, `to` at the last of `steps`, half a cosine between. */
function cosineBetween(from: number, to: number, step: number, steps: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share(step, steps)))) / 2;
}

/** 0 at the first of the steps and 1 at the last. */
function share(step: number, steps: number): number {
  return steps > 1 ? step / (steps - 1) : 0;
}
