import * as tf from '@tensorflow/tfjs';
import { type FallbackCall, runInFallback } from '../fallback.js';
import { definePlainKernel, type KernelCall, type SimdKernel } from '../kernel.js';
import { fillTensor } from './create.js';
import { isEmpty, runWindows, type WindowSizes, withoutNegativeSizes } from './window-sizes.js';

type Call = KernelCall<tf.Dilation2DInputs, tf.Dilation2DAttrs>;

function sizesOf({ inputs: { x, filter }, attrs: { strides, pad, dilations } }: Call): WindowSizes {
  return withoutNegativeSizes(
    tf.backend_util.computeDilation2DInfo(
      x.shape as [number, number, number, number],
      filter.shape as [number, number, number],
      strides,
      pad,
      'NHWC',
      dilations,
    ),
  );
}

/** The gradient of an input, which is zero where no window fits. */
function gradient(kernelName: string, input: 'x' | 'filter'): SimdKernel {
  return definePlainKernel(kernelName, (call: Call) => {
    if (!isEmpty(sizesOf(call))) return runInFallback(kernelName, call as FallbackCall);
    const out = call.backend.makeOutput(call.inputs[input].shape, 'float32');
    fillTensor(call.backend, out, 0);
    return out;
  });
}

/** Grey-scale dilation, in plain JavaScript but for pictures that no window fits into. */
export const dilationKernels: readonly SimdKernel[] = [
  definePlainKernel(tf.Dilation2D, (call: Call) =>
    runWindows(tf.Dilation2D, call as FallbackCall, sizesOf(call), call.inputs.x.dtype),
  ),
  gradient(tf.Dilation2DBackpropInput, 'x'),
  gradient(tf.Dilation2DBackpropFilter, 'filter'),
];
