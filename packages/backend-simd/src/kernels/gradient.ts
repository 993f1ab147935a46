import * as tf from '@tensorflow/tfjs';
import { elementBytes } from '../backend.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { blockElements, movedElement, runSliced } from '../sliced.js';
import { cut } from '../slices.js';
import { withScratch } from './matmul-fused.js';

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

/** Rows are summed in at most so many parts, of at least so many rows each, whatever the threads. */
const mostParts = 64;
const leastRows = 64;

/** For each channel, the sums of dy and of dy * (x - mean) over all else. */
const batchNormSums = defineKernel<BatchNormSumsInputs>('BatchNormSums', ({ inputs, backend }) => {
  const { dy, x, mean } = inputs;
  const channels = mean.shape[0]!;
  const total = backend.makeOutput([channels], 'float32');
  const moment = backend.makeOutput([channels], 'float32');
  const rows = channels === 0 ? 0 : tf.util.sizeFromShape(x.shape) / channels;
  const parts = cut(rows, Math.min(mostParts, Math.ceil(rows / leastRows)));
  const bytes = Math.ceil((2 * channels * 8) / 64) * 64;
  const gradient = backend.pointer(dy);
  const value = backend.pointer(x);
  const centre = backend.pointer(mean);
  withScratch(backend, parts.length * bytes, (totals) => {
    const calls = parts.map(({ begin, end }, part) => {
      const first = begin * channels * elementBytes;
      return [
        gradient + first,
        value + first,
        centre,
        totals + part * bytes,
        end - begin,
        channels,
      ];
    });
    backend.run('batchNormSums', calls);
    const stride = bytes / 8;
    const { sumTotals } = backend.kernels;
    sumTotals!(totals, backend.pointer(total), parts.length, stride, channels, 1, 1);
    const moments = totals + channels * 8;
    sumTotals!(moments, backend.pointer(moment), parts.length, stride, channels, 1, 1);
  });
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
