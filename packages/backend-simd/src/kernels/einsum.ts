import * as tf from '@tensorflow/tfjs';
import { contracted, parseEquation, reducedTerm } from '../contraction.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';

/** Products in the notation of Einstein, as matrix products; the plain kernel has some of them wrong. */
export const einsumKernels: readonly SimdKernel[] = [
  defineKernel<tf.Tensor[], tf.EinsumAttrs>(tf.Einsum, (call) => {
    const { inputs, attrs } = call;
    const tensors = Object.values(inputs);
    if (tensors.some(({ dtype }) => dtype !== 'float32')) return runInFallback(tf.Einsum, call);
    const { backend_util } = tf;
    const { allDims, idDims } = backend_util.decodeEinsumEquation(attrs.equation, tensors.length);
    backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
    const { operands, output } = parseEquation(attrs.equation);
    const [left, right] = tensors.map((tensor, index) => ({ tensor, letters: operands[index]! }));
    // A result of its own, even where it is the operand as it came.
    return tf.tidy(() =>
      right ? contracted(left!, right, output) : tf.clone(reducedTerm(left!, output)),
    );
  }),
];
