import * as tf from '@tensorflow/tfjs';
import {
  callback,
  checkOptions,
  checkValue,
  describeValue,
  flag,
  numberFrom,
  type OptionChecks,
  oneOf,
  positiveNumber,
  required,
  shareBelowOne,
} from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import { AdamWOptimizer, type DecaysWeight } from './adamw.js';

/** An optimizer by name, with its numbers. */
export type OptimizerOptions =
  | SgdOptions
  | MomentumOptions
  | RmspropOptions
  | AdamOptions
  | AdamwOptions
  | AdamaxOptions
  | AdagradOptions
  | AdadeltaOptions;

interface CommonOptions {
  /** Step size. A schedule given to `trainModel` replaces it. */
  readonly learningRate?: number;
}

/** Plain gradient descent. Learning rate 0.01 by default. */
export interface SgdOptions extends CommonOptions {
  readonly name: 'sgd';
}

/** Gradient descent with momentum (Sutskever et al. 2013). Learning rate 0.01 by default. */
export interface MomentumOptions extends CommonOptions {
  readonly name: 'momentum';
  /** Share of the last step that is carried on, in [0, 1). Default 0.9. */
  readonly momentum?: number;
  /** Look ahead before each step (Nesterov). Default false. */
  readonly nesterov?: boolean;
}

/**
 * RMSProp (Hinton's lecture 6e), uncentred, epsilon under the root. Learning rate 0.001 by default.
 *
 * The centred form of tfjs subtracts epsilon inside the root, which gives NaN for small gradients:
 * it is not offered.
 */
export interface RmspropOptions extends CommonOptions {
  readonly name: 'rmsprop';
  /** Decay of the mean square ("rho"), in [0, 1). Default 0.9. */
  readonly decay?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/** Adam (Kingma and Ba 2015). Learning rate 0.001 by default. */
export interface AdamOptions extends CommonOptions {
  readonly name: 'adam';
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019). Learning rate 0.001 by default. */
export interface AdamwOptions extends CommonOptions {
  readonly name: 'adamw';
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Share of a weight that is lost in a step of learning rate 1. Default 0.01. */
  readonly weightDecay?: number;
  /** Which variables decay. Default: all but biases, scales and shifts (one dimension). */
  readonly decays?: DecaysWeight;
}

/** Adam with the infinity norm (Kingma and Ba 2015). Learning rate 0.002 by default. */
export interface AdamaxOptions extends CommonOptions {
  readonly name: 'adamax';
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/** Adagrad (Duchi et al. 2011). Learning rate 0.01 by default. */
export interface AdagradOptions extends CommonOptions {
  readonly name: 'adagrad';
  /** Where the sum of squares starts, above 0. Default 0.1. */
  readonly initialAccumulator?: number;
}

/** Adadelta (Zeiler 2012). Learning rate 1 by default, as in the paper. */
export interface AdadeltaOptions extends CommonOptions {
  readonly name: 'adadelta';
  /** Decay of the mean squares, in [0, 1). Default 0.95. */
  readonly rho?: number;
  /** Default 1e-6, as in the paper. */
  readonly epsilon?: number;
}

const moments = { beta1: shareBelowOne, beta2: shareBelowOne, epsilon: positiveNumber };

/** The checks of each optimizer's options but its name. */
const optimizerChecks: {
  readonly [Name in OptimizerOptions['name']]: OptionChecks<
    Omit<Extract<OptimizerOptions, { readonly name: Name }>, 'name'>
  >;
} = {
  sgd: { learningRate: positiveNumber },
  momentum: { learningRate: positiveNumber, momentum: shareBelowOne, nesterov: flag },
  rmsprop: {
    learningRate: positiveNumber,
    decay: shareBelowOne,
    momentum: shareBelowOne,
    epsilon: positiveNumber,
  },
  adam: { learningRate: positiveNumber, ...moments },
  adamw: {
    learningRate: positiveNumber,
    ...moments,
    weightDecay: numberFrom(0),
    decays: callback,
  },
  adamax: { learningRate: positiveNumber, ...moments },
  adagrad: { learningRate: positiveNumber, initialAccumulator: positiveNumber },
  adadelta: { learningRate: positiveNumber, rho: shareBelowOne, epsilon: positiveNumber },
};

/**
 * Makes an optimizer. The caller disposes it.
 *
 * @throws InvalidArgumentError for an unknown name or option, or a number out of its range.
 */
export function createOptimizer(options: OptimizerOptions): tf.Optimizer {
  checkOptimizerOptions(options);
  switch (options.name) {
    case 'sgd':
      return tf.train.sgd(options.learningRate ?? 0.01);
    case 'momentum': {
      const { learningRate = 0.01, momentum = 0.9, nesterov = false } = options;
      return tf.train.momentum(learningRate, momentum, nesterov);
    }
    case 'rmsprop': {
      const { learningRate = 0.001, decay = 0.9, momentum = 0, epsilon = 1e-7 } = options;
      return tf.train.rmsprop(learningRate, decay, momentum, epsilon);
    }
    case 'adam': {
      const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
      return tf.train.adam(learningRate, beta1, beta2, epsilon);
    }
    case 'adamw': {
      const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
      const { weightDecay = 0.01, decays } = options;
      return new AdamWOptimizer(learningRate, beta1, beta2, epsilon, weightDecay, decays);
    }
    case 'adamax': {
      const { learningRate = 0.002, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
      return tf.train.adamax(learningRate, beta1, beta2, epsilon);
    }
    case 'adagrad': {
      const { learningRate = 0.01, initialAccumulator = 0.1 } = options;
      return tf.train.adagrad(learningRate, initialAccumulator);
    }
    case 'adadelta': {
      const { learningRate = 1, rho = 0.95, epsilon = 1e-6 } = options;
      return tf.train.adadelta(learningRate, rho, epsilon);
    }
  }
}

function checkOptimizerOptions(options: OptimizerOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError(
      `Expected \`optimizer\` to be an object with a name, got ${describeValue(options)}.`,
    );
  }
  const names = Object.keys(optimizerChecks) as OptimizerOptions['name'][];
  const name = required(oneOf(...names));
  checkValue('name', options.name, name);
  checkOptions(options as object, { name, ...optimizerChecks[options.name] } as object);
}

/** Sets the step size of any optimizer of tfjs from the next step on. */
export function setLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  const settable = optimizer as unknown as {
    learningRate: number;
    setLearningRate?(learningRate: number): void;
  };
  if (settable.learningRate === learningRate) return;
  // SGD and momentum keep the rate in a tensor as well; the others read the field at each step.
  if (settable.setLearningRate) settable.setLearningRate(learningRate);
  else settable.learningRate = learningRate;
}

/** The step size of any optimizer of tfjs. */
export function learningRateOfOptimizer(optimizer: tf.Optimizer): number {
  return (optimizer as unknown as { learningRate: number }).learningRate;
}
