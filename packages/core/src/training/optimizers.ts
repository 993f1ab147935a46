import * as tf from '@tensorflow/tfjs';
import { InvalidArgumentError } from '../errors.js';
import { AdamWOptimizer, type DecaysWeight } from './adamw.js';
import { requireNotNegative, requirePositive, requireShare } from './checks.js';

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

/**
 * Makes an optimizer. The caller disposes it.
 *
 * @throws InvalidArgumentError for an unknown name or a number out of its range.
 */
export function createOptimizer(options: OptimizerOptions): tf.Optimizer {
  switch (options.name) {
    case 'sgd':
      return tf.train.sgd(learningRateOf(options, 0.01));
    case 'momentum': {
      const { momentum = 0.9, nesterov = false } = options;
      requireShare('momentum', momentum);
      return tf.train.momentum(learningRateOf(options, 0.01), momentum, nesterov);
    }
    case 'rmsprop': {
      const { decay = 0.9, momentum = 0, epsilon = 1e-7 } = options;
      requireShare('decay', decay);
      requireShare('momentum', momentum);
      requirePositive('epsilon', epsilon);
      return tf.train.rmsprop(learningRateOf(options, 0.001), decay, momentum, epsilon);
    }
    case 'adam': {
      const { beta1, beta2, epsilon } = momentsOf(options);
      return tf.train.adam(learningRateOf(options, 0.001), beta1, beta2, epsilon);
    }
    case 'adamw': {
      const { beta1, beta2, epsilon } = momentsOf(options);
      const { weightDecay = 0.01, decays } = options;
      requireNotNegative('weightDecay', weightDecay);
      const learningRate = learningRateOf(options, 0.001);
      return new AdamWOptimizer(learningRate, beta1, beta2, epsilon, weightDecay, decays);
    }
    case 'adamax': {
      const { beta1, beta2, epsilon } = momentsOf(options);
      return tf.train.adamax(learningRateOf(options, 0.002), beta1, beta2, epsilon);
    }
    case 'adagrad': {
      const { initialAccumulator = 0.1 } = options;
      requirePositive('initialAccumulator', initialAccumulator);
      return tf.train.adagrad(learningRateOf(options, 0.01), initialAccumulator);
    }
    case 'adadelta': {
      const { rho = 0.95, epsilon = 1e-6 } = options;
      requireShare('rho', rho);
      requirePositive('epsilon', epsilon);
      return tf.train.adadelta(learningRateOf(options, 1), rho, epsilon);
    }
    default:
      throw new InvalidArgumentError(
        `Expected an optimizer named sgd, momentum, rmsprop, adam, adamw, adamax, adagrad or adadelta, but got '${(options as { name: unknown }).name}'.`,
      );
  }
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

function learningRateOf(options: CommonOptions, defaultRate: number): number {
  const { learningRate = defaultRate } = options;
  requirePositive('learningRate', learningRate);
  return learningRate;
}

function momentsOf(options: AdamOptions | AdamwOptions | AdamaxOptions) {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  requireShare('beta1', beta1);
  requireShare('beta2', beta2);
  requirePositive('epsilon', epsilon);
  return { beta1, beta2, epsilon };
}
