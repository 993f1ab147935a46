import * as tf from '@tensorflow/tfjs';

/**
 * Continues the columns of `[batch, rows, columns, channels]` around the circle, so that a valid
 * convolution sees no seam: the last `before` columns are put in front, the first `after` behind.
 */
export class CircularPadding extends tf.layers.Layer {
  static readonly className = 'CircularPadding';
  readonly before: number;
  readonly after: number;

  constructor(options: {
    readonly before: number;
    readonly after: number;
    readonly name?: string;
  }) {
    super(options as never);
    this.before = options.before;
    this.after = options.after;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const input = (Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor4D;
    return tf.tidy(() => {
      const columns = input.shape[2];
      const parts: tf.Tensor4D[] = [input];
      if (this.before > 0) {
        parts.unshift(
          tf.slice4d(input, [0, 0, columns - this.before, 0], [-1, -1, this.before, -1]),
        );
      }
      if (this.after > 0) parts.push(tf.slice4d(input, [0, 0, 0, 0], [-1, -1, this.after, -1]));
      return tf.concat(parts, 2);
    });
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, rows, columns, channels] = inputShape as [number, number, number, number];
    return [batch, rows, columns + this.before + this.after, channels];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), before: this.before, after: this.after };
  }
}

/** Makes {@link CircularPadding} known to tfjs, which loading a reader's model needs. Calling it again does nothing. */
export function registerClockLayers(): void {
  tf.serialization.registerClass(CircularPadding as never);
}
