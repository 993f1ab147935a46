import * as tf from '@tensorflow/tfjs';

/** Says whether weight decay applies to a variable. */
export type DecaysWeight = (name: string, shape: readonly number[]) => boolean;

/**
 * Adam with decoupled weight decay: each decayed weight shrinks by `learningRate * weightDecay` of
 * itself before Adam's step, so the decay is not scaled by the gradient's moments
 * (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2).
 */
export class AdamWOptimizer extends tf.AdamOptimizer {
  static override get className(): string {
    return 'AdamW';
  }

  /**
   * @param decays which variables shrink; by default those of two or more dimensions, which leaves
   *   out biases and the scales and shifts of normalisation layers.
   */
  constructor(
    learningRate: number,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon: number | null = null,
    readonly weightDecay = 0.01,
    private readonly decays: DecaysWeight = (_name, shape) => shape.length > 1,
  ) {
    super(learningRate, beta1, beta2, epsilon as number);
  }

  override applyGradients(gradients: Parameters<tf.AdamOptimizer['applyGradients']>[0]): void {
    const named: readonly { name: string; tensor: tf.Tensor | null }[] = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    const kept = 1 - this.learningRate * this.weightDecay;
    if (kept !== 1) {
      tf.tidy(() => {
        for (const { name, tensor } of named) {
          const variable = tf.engine().registeredVariables[name];
          if (tensor && variable && this.decays(name, variable.shape)) {
            variable.assign(tf.mul(variable, kept));
          }
        }
      });
    }
    super.applyGradients(gradients);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), weightDecay: this.weightDecay };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = config;
    return new cls(learningRate, beta1, beta2, epsilon, weightDecay);
  }
}
