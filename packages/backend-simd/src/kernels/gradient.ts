import * as tf from '@tensorflow/tfjs';
import { elementBytes } from '../backend.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { blockElements, movedElement, runSliced } from '../sliced.js';
import { sumInParts } from './rows.js';

/** What an element takes, in nanoseconds: two are read and one is written. */
const movedCost = 1.5 * movedElement;

/** The same where exponentials are taken. */
const elementaryCost = 3;

/** The gradient of an activation from `dy` and the activation's input or output. */
function activationGradient<Attributes = object>(
  kernelName: string,
  functionName: string,
  saved: 'x' | 'y',
  options: { parameters?: (attributes: Attributes) => number[]; cost?: number } = {},
): SimdKernel {
  const { parameters, cost = movedCost } = options;
  return defineKernel<Record<string, tf.TensorInfo>, Attributes>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const dy = inputs.dy!;
    const out = backend.makeOutput(dy.shape, 'float32');
    const gradient = backend.pointer(dy);
    const value = backend.pointer(inputs[saved]!);
    const target = backend.pointer(out);
    const more = parameters?.(attrs) ?? [];
    const count = tf.util.sizeFromShape(dy.shape);
    const slicing = { cost, multiple: blockElements };
    runSliced(backend, functionName, count, slicing, (begin, end) => {
      const offset = begin * elementBytes;
      return [gradient + offset, value + offset, target + offset, end - begin, ...more];
    });
    return out;
  });
}

interface BatchNormSumsInputs {
  readonly dy: tf.TensorInfo;
  readonly x: tf.TensorInfo;
  readonly mean: tf.TensorInfo;
}

/** For each channel, the sums of dy and of dy * (x - mean) over all else. */
const batchNormSums = defineKernel<BatchNormSumsInputs>('BatchNormSums', ({ inputs, backend }) => {
  const { dy, x, mean } = inputs;
  const channels = mean.shape[0]!;
  const total = backend.makeOutput([channels], 'float32');
  const moment = backend.makeOutput([channels], 'float32');
  const rows = channels === 0 ? 0 : tf.util.sizeFromShape(x.shape) / channels;
  const [gradient, value, center] = [dy, x, mean].map((tensor) => backend.pointer(tensor));
  const size = { rows, width: 2 * channels };
  const sums = sumInParts(backend, 'batchNormSums', size, (begin, end, totals) => {
    const first = begin * channels * elementBytes;
    return [gradient! + first, value! + first, center!, totals, end - begin, channels];
  });
  backend.typedArrayFromHeap(total).set(sums.subarray(0, channels));
  backend.typedArrayFromHeap(moment).set(sums.subarray(channels));
  return [total, moment];
});

/** Gradients in one pass that tfjs composes of several kernels; see `src/gradients/fuse.ts`. */
export const gradientKernels: readonly SimdKernel[] = [
  activationGradient<tf.LeakyReluAttrs>('LeakyReluGrad', 'leakyReluGradient', 'x', {
    parameters: ({ alpha }) => [alpha],
  }),
  activationGradient<tf.ClipByValueAttrs>('ClipByValueGrad', 'clipGradient', 'x', {
    parameters: ({ clipValueMin, clipValueMax }) => [clipValueMin, clipValueMax],
  }),
  activationGradient('ErfGrad', 'erfGradient', 'x', { cost: elementaryCost }),
  activationGradient('GeluGrad', 'geluGradient', 'x', { cost: elementaryCost }),
  activationGradient('GeluTanhGrad', 'geluTanhGradient', 'x', { cost: elementaryCost }),
  activationGradient('Relu6Grad', 'relu6Gradient', 'x'),
  activationGradient('SigmoidGrad', 'sigmoidGradient', 'y'),
  activationGradient('TanhGrad', 'tanhGradient', 'y'),
  batchNormSums,
];
