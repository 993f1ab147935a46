import * as tf from '@tensorflow/tfjs';
import { leanGradients } from './lean.js';

type Gradients = ReturnType<tf.GradConfig['gradFunc']>;
type Attributes = tf.NamedAttrMap;

/** The gradient of a kernel in fewer passes than tfjs's own; undefined where that is to be taken. */
export type FusedGradient = (
  dy: tf.Tensor,
  saved: tf.Tensor[],
  attributes: Attributes,
) => Gradients | undefined;

const erf: FusedGradient = (dy, [x]) =>
  dy.dtype === 'float32' && x!.dtype === 'float32'
    ? { x: () => tf.engine().runKernel('ErfGrad', { dy, x: x! }) as tf.Tensor }
    : undefined;

const leakyRelu: FusedGradient = (dy, [x], { alpha }) => ({
  x: () => tf.engine().runKernel('LeakyReluGrad', { dy, x: x! }, { alpha: alpha! }) as tf.Tensor,
});

const relu6: FusedGradient = (dy, [x]) => ({
  x: () => tf.engine().runKernel('Relu6Grad', { dy, x: x! }) as tf.Tensor,
});

const sigmoid: FusedGradient = (dy, [y]) => ({
  x: () => tf.engine().runKernel('SigmoidGrad', { dy, y: y! }) as tf.Tensor,
});

const tanh: FusedGradient = (dy, [y]) => ({
  x: () => tf.engine().runKernel('TanhGrad', { dy, y: y! }) as tf.Tensor,
});

/** Every element of a sum has the gradient of the sum. */
const sum: FusedGradient = (dy, [x], { axis }) => ({
  x: () => spread(dy, x!.shape, axis as number | number[]),
});

const mean: FusedGradient = (dy, [x], { axis }) => ({
  x: () => spread(tf.div(dy, x!.size / dy.size), x!.shape, axis as number | number[]),
});

/** `dy`, of a shape without the axes, repeated along them. */
function spread(dy: tf.Tensor, shape: number[], axis: number | number[]): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, shape);
  const kept = shape.map((size, index) => (axes.includes(index) ? 1 : size));
  return tf.broadcastTo(tf.reshape(dy, kept), shape);
}

/** Ioffe and Szegedy (2015), with the statistics as inputs of their own, as tfjs has it. */
const batchNorm: FusedGradient = (dy, [x, average, variance, scale], { varianceEpsilon }) => {
  const perChannel = average!.rank === 1 && variance!.rank === 1 && (scale?.rank ?? 1) === 1;
  if (!perChannel || dy.dtype !== 'float32' || x!.dtype !== 'float32') return undefined;
  const inverse = tf.rsqrt(tf.add(variance!, varianceEpsilon as number));
  const factor = scale ? tf.mul(inverse, scale) : inverse;
  const inputs = { dy, x: x!, mean: average! };
  const [total, moment] = tf.engine().runKernel('BatchNormSums', inputs) as tf.Tensor[];
  return {
    x: () => tf.engine().runKernel('ScaleRows', { x: dy, factor }) as tf.Tensor,
    mean: () => tf.neg(tf.mul(factor, total!)),
    variance: () => tf.mul(tf.mul(tf.mul(tf.square(inverse), -0.5), factor), moment!),
    scale: () => tf.mul(inverse, moment!),
    offset: () => tf.clone(total!),
  };
};

const fusedGradients: ReadonlyMap<string, FusedGradient> = new Map([
  ...leanGradients,
  [tf.Erf, erf],
  [tf.FusedBatchNorm, batchNorm],
  [tf.LeakyRelu, leakyRelu],
  [tf.Mean, mean],
  [tf.Relu6, relu6],
  [tf.Sigmoid, sigmoid],
  [tf.Sum, sum],
  [tf.Tanh, tanh],
]);

/** The gradients that have been replaced by {@link fuseGradients}. */
const replaced = new WeakSet<tf.GradConfig>();

/**
 * Has the gradients of some kernels computed in fewer passes while the backend of this name is the
 * current one. On others, and where a gradient's own gradient is wanted, tfjs's stay.
 */
export function fuseGradients(backendName: string): void {
  for (const [kernelName, fused] of fusedGradients) {
    const original = tf.getGradient(kernelName);
    if (!original || replaced.has(original)) continue;
    const gradFunc: tf.GradConfig['gradFunc'] = (dy, saved, attributes) => {
      const isFused = tf.getBackend() === backendName && tf.engine().state.gradientDepth === 0;
      const dySingle = Array.isArray(dy) ? dy[0]! : dy;
      const gradients = isFused ? fused(dySingle, saved, attributes) : undefined;
      return gradients ?? original.gradFunc(dy, saved, attributes);
    };
    const config = { ...original, gradFunc };
    replaced.add(config);
    tf.registerGradient(config);
  }
}
