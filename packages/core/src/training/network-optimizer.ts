import * as tf from '@tensorflow/tfjs';
import {
  callback,
  checkOptions,
  checkValue,
  numberFrom,
  type OptionChecks,
  positiveNumber,
  someObject,
} from '../checks/index.js';
import { InvalidArgumentError, ShapeError } from '../errors.js';
import { clipByGlobalNorm } from './gradient-clipping.js';
import { isStepAware, layersOf, type StepAwareLayer, unseededLayers } from './layers-of.js';
import {
  createOptimizer,
  learningRateOfOptimizer,
  type OptimizerOptions,
  setLearningRate,
} from './optimizers.js';
import type { LearningRateSchedule } from './schedules.js';

/** Options of {@link createNetworkOptimizer}. */
export interface NetworkOptimizerOptions {
  /**
   * By name, or an optimizer of tfjs, which the caller keeps and disposes. Default `{ name: 'adam' }`.
   */
  readonly optimizer?: OptimizerOptions | tf.Optimizer | undefined;
  /** The learning rate of each step, in place of the optimizer's own. */
  readonly schedule?: LearningRateSchedule | undefined;
  /** Scales all gradients down together to at most this norm. */
  readonly clipNorm?: number | undefined;
}

export const networkOptimizerChecks: OptionChecks<NetworkOptimizerOptions> = {
  optimizer: someObject,
  schedule: callback,
  clipNorm: positiveNumber,
};

/**
 * Binds an optimizer to the networks whose weights it trains.
 *
 * @param networks - One, or several that are trained together, as the two halves of an autoencoder.
 * @throws InvalidArgumentError when there is nothing to train, or an option cannot be used.
 *
 * @example
 * ```ts
 * const optimizer = createNetworkOptimizer([encoder, decoder], {
 *   optimizer: { name: 'adam', learningRate: 0.001 },
 *   clipNorm: 1,
 * });
 * ```
 */
export function createNetworkOptimizer(
  networks: tf.LayersModel | readonly tf.LayersModel[],
  options: NetworkOptimizerOptions = {},
): NetworkOptimizer {
  return new NetworkOptimizer(
    Array.isArray(networks) ? networks : [networks as tf.LayersModel],
    options,
  );
}

/** An optimizer together with the networks that it trains. */
export class NetworkOptimizer {
  readonly networks: readonly tf.LayersModel[];
  readonly optimizer: tf.Optimizer;
  /** The weights that it trains. */
  readonly trained: readonly tf.Variable[];
  /** All weights of the networks, trained or not. */
  readonly variables: readonly tf.Variable[];
  /** All layers of the networks, nested ones included. */
  readonly layers: readonly tf.layers.Layer[];
  readonly #options: NetworkOptimizerOptions;
  /** The variables that a constraint projects after each update. */
  readonly #constrained: readonly tf.LayerVariable[];
  readonly #stepAwareLayers: readonly StepAwareLayer[];

  constructor(networks: readonly tf.LayersModel[], options: NetworkOptimizerOptions) {
    checkOptions(options, networkOptimizerChecks);
    const trainable = networks.flatMap((network) => network.trainableWeights);
    if (trainable.length === 0) {
      throw new InvalidArgumentError(
        'Expected a model with trainable weights, but it has none. Are all its layers frozen, or is it not built yet?',
      );
    }
    const { optimizer = { name: 'adam' } } = options;
    this.networks = networks;
    this.optimizer = isOptimizer(optimizer) ? optimizer : createOptimizer(optimizer);
    this.trained = trainable.map((weight) => weight.read() as tf.Variable);
    this.variables = networks
      .flatMap((network) => network.weights)
      .map((weight) => weight.read() as tf.Variable);
    this.layers = networks.flatMap(layersOf);
    this.#options = options;
    this.#constrained = trainable.filter((weight) => weight.constraint != null);
    this.#stepAwareLayers = (this.layers as readonly object[]).filter(isStepAware);
  }

  /**
   * One update of the weights on a loss: gradients, clipping, the optimizer's step, constraints. The
   * penalties of the networks' regularizers are added to the loss.
   *
   * @param measure - Computes the loss, and whatever else shall be known of it, as scalars.
   * @returns what `measure` returned, `loss` with the penalties: the figures before the update. Call
   * it inside a `tf.tidy`, or dispose them.
   *
   * @example
   * ```ts
   * const { loss } = optimizer.minimize(() => ({
   *   loss: tf.losses.meanSquaredError(targets, model.apply(inputs, { training: true }) as tf.Tensor),
   * }));
   * ```
   */
  minimize<Figures extends { readonly loss: tf.Scalar }>(measure: () => Figures): Figures {
    const kept: Record<string, tf.Scalar> = {};
    let failure: { readonly error: unknown } | undefined;
    try {
      return tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => {
          try {
            const { loss, ...others } = measure();
            let total = requireScalar('loss', loss);
            for (const network of this.networks) {
              for (const penalty of network.calculateLosses()) total = tf.add(total, penalty);
            }
            for (const [name, figure] of Object.entries(others as Record<string, tf.Scalar>)) {
              kept[name] = tf.keep(requireScalar(name, figure));
            }
            return total;
          } catch (error) {
            // tfjs frees what it saved for the gradients only after a backward pass: give it one.
            failure = { error };
            return tf.sum(this.trained[0]!) as tf.Scalar;
          }
        }, this.trained as tf.Variable[]);
        if (failure) throw failure.error;
        this.#apply(grads);
        const figures = Object.entries(kept).map(([name, figure]) => [name, tf.clone(figure)]);
        return { ...Object.fromEntries(figures), loss: value };
      });
    } finally {
      tf.dispose(kept);
    }
  }

  #apply(gradientsByName: tf.NamedTensorMap): void {
    const { clipNorm } = this.#options;
    const learnt = this.trained.filter(({ name }) => gradientsByName[name]);
    let gradients: tf.Tensor[] = learnt.map(({ name }) => gradientsByName[name]!);
    if (clipNorm !== undefined) gradients = clipByGlobalNorm(gradients, clipNorm);
    const byName = new Map(learnt.map(({ name }, index) => [name, gradients[index]!]));
    // Slots go by position: a variable without a gradient keeps its place with null.
    const named = this.trained.map(({ name }) => ({ name, tensor: byName.get(name) ?? null }));
    this.optimizer.applyGradients(named as Parameters<tf.Optimizer['applyGradients']>[0]);

    // tfjs assigns past a layer's constraint when it trains.
    for (const weight of this.#constrained) {
      const variable = weight.read() as tf.Variable;
      variable.assign(weight.constraint.apply(variable) as never);
    }
  }

  get learningRate(): number {
    return learningRateOfOptimizer(this.optimizer);
  }

  /** Sets the learning rate of a step, and tells the layers whose chance depends on the step. */
  prepare(step: number, totalSteps: number): void {
    const { schedule } = this.#options;
    if (schedule) {
      const learningRate = schedule(step, totalSteps);
      checkValue(`schedule(${step}, ${totalSteps})`, learningRate, numberFrom(0));
      setLearningRate(this.optimizer, learningRate);
    }
    for (const layer of this.#stepAwareLayers) layer.setTrainingStep(step);
  }

  /** The layers whose chance cannot be repeated, so that no run repeats another. */
  unrepeatable(): string[] {
    return this.networks.flatMap(unseededLayers);
  }

  /** Disposes the optimizer, unless it was given. The networks stay the caller's. */
  dispose(): void {
    if (this.optimizer !== this.#options.optimizer) this.optimizer.dispose();
  }
}

/** @throws ShapeError for a figure of more than one number. */
export function requireScalar(name: string, value: tf.Tensor): tf.Scalar {
  if (value.size !== 1) {
    throw new ShapeError(
      `Expected ${name} to be one number for the whole batch, but got shape [${value.shape}]. Average it, for instance by tf.mean.`,
    );
  }
  return (value.rank === 0 ? value : tf.reshape(value, [])) as tf.Scalar;
}

function isOptimizer(optimizer: object): optimizer is tf.Optimizer {
  return typeof (optimizer as Partial<tf.Optimizer>).applyGradients === 'function';
}
