import * as tf from '@tensorflow/tfjs';

/**
 * An exponential moving average of a model's weights (Polyak averaging). In the first steps the
 * decay is held down to (1 + updates) / (10 + updates), so the average forgets the initial weights.
 */
export class WeightAverage {
  #averages: tf.Tensor[];
  #updates: number;

  /** Starts from copies of the current values, or of `values` after so many updates. */
  constructor(
    readonly variables: readonly tf.Variable[],
    readonly decay: number,
    values: readonly tf.Tensor[] = variables,
    updates = 0,
  ) {
    this.#averages = values.map((value) => tf.keep(tf.clone(value)));
    this.#updates = updates;
  }

  get updates(): number {
    return this.#updates;
  }

  /** The averages, by reference. */
  get tensors(): readonly tf.Tensor[] {
    return this.#averages;
  }

  /** Takes the variables' current values in. */
  update(): void {
    const decay = Math.min(this.decay, (1 + this.#updates) / (10 + this.#updates));
    const previous = this.#averages;
    this.#averages = tf.tidy(() =>
      this.variables.map((variable, index) => {
        if (variable.dtype !== 'float32') return tf.keep(tf.clone(variable) as tf.Tensor);
        const average = previous[index]!;
        return tf.keep(tf.add(average, tf.mul(tf.sub(variable, average), 1 - decay)));
      }),
    );
    tf.dispose(previous);
    this.#updates++;
  }

  dispose(): void {
    tf.dispose(this.#averages);
    this.#averages = [];
  }
}

/** Copies of the current values; the caller disposes them. */
export function copyValues(tensors: readonly tf.Tensor[]): tf.Tensor[] {
  return tensors.map((tensor) => tf.keep(tf.clone(tensor)));
}

/** Sets the variables to values in the same order. The values stay the caller's. */
export function assignValues(
  variables: readonly tf.Variable[],
  values: readonly tf.Tensor[],
): void {
  for (const [index, variable] of variables.entries()) variable.assign(values[index] as never);
}
