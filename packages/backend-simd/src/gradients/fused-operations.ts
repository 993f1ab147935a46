import * as tf from '@tensorflow/tfjs';
import { reduced } from './gradient.js';
import { productGradientsOf } from './products.js';
import {
  type BackwardKernels,
  type ConvolutionAttributes,
  convolutionGradients,
  depthwise,
  plain,
} from './windows.js';

/** What a fused operation saves: its operands in an order of its own, the result, a bias if it has one. */
type Gradients = (dy: tf.Tensor, saved: tf.Tensor[]) => (() => tf.Tensor)[];

/**
 * Replaces the gradient that tfjs's fused operation brings for the call that runs now.
 *
 * The engine takes a gradient that is registered under the operation's name before the operation's own,
 * and asks for it as soon as the kernel has run: there it is taken off the list again.
 */
function replaceGradient(operation: string, gradients: Gradients): void {
  const { gradientDepth, kernelDepth } = tf.engine().state as unknown as {
    gradientDepth: number;
    kernelDepth: number;
  };
  // The kernel runs within the operation; deeper, nothing is recorded.
  if (gradientDepth === 0 || kernelDepth !== 2) return;
  tf.registerGradient({
    kernelName: operation,
    get gradFunc(): tf.GradFunc {
      tf.unregisterGradient(operation);
      return (dy, saved) => ({ ...gradients(dy as tf.Tensor, saved) }) as never;
    },
  });
}

const biasGradient = (dy: tf.Tensor, bias: tf.Tensor | undefined) =>
  bias ? [() => reduced(dy, bias)] : [];

function recordConvolution(
  operation: string,
  kernels: BackwardKernels,
  attributes: ConvolutionAttributes & { readonly dimRoundingMode?: string },
): void {
  const { dilations = 1, dimRoundingMode } = attributes;
  const isPlain = tf.backend_util.tupleValuesAreOne(dilations as number | [number, number]);
  if (isPlain && !dimRoundingMode) return;
  replaceGradient(operation, (dy, [filter, x, y, bias]) => {
    const gradient = tf.reshape(dy, y!.shape);
    const of = convolutionGradients(kernels, gradient, [x!, filter!], attributes);
    return [of.x, of.filter, ...biasGradient(gradient, bias)];
  });
}

/** For a fused convolution that is recorded: tfjs's gradient refuses dilation and rounding. */
export function recordFusedConvolution(attributes: ConvolutionAttributes): void {
  recordConvolution('fusedConv2d__op', plain, attributes);
}

/** For a fused depthwise convolution that is recorded: tfjs's gradient refuses dilation. */
export function recordFusedDepthwise(attributes: ConvolutionAttributes): void {
  recordConvolution('fusedDepthwiseConv2d__op', depthwise, attributes);
}

/** For a fused product that is recorded: tfjs's gradient forgets that batches may be broadcast. */
export function recordFusedProduct(
  batches: readonly [number | undefined, number | undefined],
  attributes: { readonly transposeA: boolean; readonly transposeB: boolean },
): void {
  if (batches[0] === batches[1]) return;
  replaceGradient('fusedMatMul__op', (dy, [a, b, y, bias]) => {
    const of = productGradientsOf(tf.reshape(dy, y!.shape), [a!, b!], attributes);
    return [of.a, of.b, ...biasGradient(dy, bias)];
  });
}
