import * as tf from '@tensorflow/tfjs';

/** The attributes of a kernel, of types that tfjs does not tell. */
// biome-ignore lint/suspicious/noExplicitAny: each gradient knows those of its kernel
type Attributes = any;

/** The gradients of a kernel's inputs, to be computed when they are wanted. */
type Gradients = Record<string, () => tf.Tensor>;

interface Saved {
  /** Inputs that the gradient needs; `all` of a kernel that takes a list. */
  readonly inputs?: readonly string[] | 'all';
  /** Which outputs it needs. */
  readonly outputs?: readonly boolean[];
}

/** Declares the gradient of a kernel; `saved` holds the inputs, then the outputs, in their order. */
export function defineGradient(
  kernelName: string,
  { inputs = [], outputs = [] }: Saved,
  gradient: (dy: tf.Tensor, saved: tf.Tensor[], attributes: Attributes) => Gradients,
): tf.GradConfig {
  return defineGradients(kernelName, { inputs, outputs }, ([dy], saved, attributes) =>
    gradient(dy!, saved, attributes),
  );
}

/** The same of a kernel with several outputs. */
export function defineGradients(
  kernelName: string,
  { inputs = [], outputs = [] }: Saved,
  gradients: (dys: tf.Tensor[], saved: tf.Tensor[], attributes: Attributes) => Gradients,
): tf.GradConfig {
  return {
    kernelName,
    ...(inputs === 'all' ? { saveAllInputs: true } : { inputsToSave: [...inputs] }),
    outputsToSave: [...outputs],
    gradFunc: (dy, saved, attributes) => gradients([dy].flat(), saved, attributes),
  };
}

/** Runs a kernel of the current backend that has one result. */
export function runKernel(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attributes: Attributes = {},
): tf.Tensor {
  return tf.engine().runKernel(kernelName, inputs, attributes) as tf.Tensor;
}

/** The sum of a gradient over the axes along which an operand of `shape` was repeated. */
export function reduced(gradient: tf.Tensor, { shape }: { readonly shape: number[] }): tf.Tensor {
  if (tf.util.arraysEqual(gradient.shape, shape)) return gradient;
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length === 0 ? gradient : tf.sum(gradient, axes), shape);
}

/** 1 where a condition holds and 0 elsewhere. */
export function maskOf(condition: tf.Tensor): tf.Tensor {
  return tf.cast(condition, 'float32');
}

/** 0, 1, ... as int32 of a shape: the places of a tensor's elements. */
export function placesOf(shape: number[]): tf.Tensor {
  return tf.reshape(tf.range(0, tf.util.sizeFromShape(shape), 1, 'int32'), shape);
}

/** A tensor of `shape` that holds at each place the sum of the `values` with that place. */
export function sumAtPlaces(values: tf.Tensor, places: tf.Tensor, shape: number[]): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return tf.reshape(sumRows(tf.reshape(values, [-1, 1]), places, size), shape);
}

/** `count` rows, each the sum of those rows of `values` whose number it is. */
export function sumRows(values: tf.Tensor, rows: tf.Tensor, count: number): tf.Tensor {
  const size = tf.util.sizeFromShape(values.shape.slice(1));
  if (values.size === 0) return tf.zeros([count, ...values.shape.slice(1)]);
  const sums = tf.scatterND(tf.reshape(rows, [-1, 1]), tf.reshape(values, [-1, size]), [
    count,
    size,
  ]);
  return tf.reshape(sums, [count, ...values.shape.slice(1)]);
}

/**
 * The gradient of a function that is made of operations with gradients.
 *
 * @param run the function of one input.
 */
export function gradientThrough(
  run: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  dy: tf.Tensor,
): tf.Tensor {
  const state = tf.engine().state as unknown as { activeTape: unknown };
  // To record inside of a gradient ends the recording that the gradient belongs to.
  const { activeTape } = state;
  try {
    return tf.grad(run)(x, dy);
  } finally {
    state.activeTape = activeTape;
  }
}
