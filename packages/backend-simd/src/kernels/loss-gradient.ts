import * as tf from '@tensorflow/tfjs';
import { elementBytes } from '../backend.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { movedElement, runSliced } from '../sliced.js';

interface SoftmaxGradInputs {
  readonly dy: tf.TensorInfo;
  readonly y: tf.TensorInfo;
}

const softmaxGrad = defineKernel<SoftmaxGradInputs>('SoftmaxGrad', ({ inputs, backend }) => {
  const { dy, y } = inputs;
  const out = backend.makeOutput(y.shape, 'float32');
  const columns = y.shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : tf.util.sizeFromShape(y.shape) / columns;
  const addresses = [dy, y, out].map((tensor) => backend.pointer(tensor));
  const slicing = { cost: 3 * movedElement * columns };
  runSliced(backend, 'softmaxGradient', rows, slicing, (begin, end) => [
    ...addresses.map((address) => address + begin * columns * elementBytes),
    end - begin,
    columns,
  ]);
  return out;
});

/** Gradients of what losses are made of; see `src/gradients/lean.ts`. */
export const lossGradientKernels: readonly SimdKernel[] = [softmaxGrad];
