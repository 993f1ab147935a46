import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineFusingKernel, type SimdKernel } from '../kernel.js';
import { runElementwise } from '../sliced.js';
import { fillTensor } from './create.js';
import { copied } from './identity.js';

/** The function that turns one dtype of the linear memory into another. */
const functions: Readonly<Record<string, string>> = {
  'float32 int32': 'castToInt',
  'float32 bool': 'castFloatToBool',
  'int32 float32': 'castToFloat',
  'int32 bool': 'castIntToBool',
  'bool float32': 'castToFloat',
  'bool int32': 'copyAll',
};

/** A tensor of the linear memory under another dtype; undefined if strings are in play. */
function castTo(
  backend: SimdBackend,
  x: tf.TensorInfo,
  dtype: tf.DataType,
): tf.TensorInfo | undefined {
  if (x.dtype === dtype) return backend.alias(x, x.shape);
  const functionName = functions[`${x.dtype} ${dtype}`];
  if (!functionName) return undefined;
  const out = backend.makeOutput(x.shape, dtype);
  const count = tf.util.sizeFromShape(x.shape);
  const from = backend.pointer(x);
  runElementwise(backend, functionName, { from, to: backend.pointer(out), count });
  return out;
}

function realPart(backend: SimdBackend, x: tf.TensorInfo): tf.TensorInfo {
  return { ...backend.complexParts(x).real, shape: x.shape };
}

function toComplex(backend: SimdBackend, x: tf.TensorInfo): tf.TensorInfo | undefined {
  const real = x.dtype === 'float32' ? copied(backend, x) : castTo(backend, x, 'float32');
  if (!real) return undefined;
  const imag = backend.makeOutput(x.shape, 'float32');
  fillTensor(backend, imag, 0);
  return backend.makeComplex(real, imag);
}

/** Conversion between dtypes, with JavaScript's rules: towards zero, modulo 2**32. */
export const castKernels: readonly SimdKernel[] = [
  defineFusingKernel<tf.CastInputs, tf.CastAttrs>(tf.Cast, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const { dtype } = attrs;
    if (x.dtype === dtype) return backend.alias(x, x.shape);
    if (dtype === 'complex64') return toComplex(backend, x) ?? runInFallback(tf.Cast, call);
    if (x.dtype === 'complex64') {
      if (dtype === 'float32') return copied(backend, realPart(backend, x));
      return castTo(backend, realPart(backend, x), dtype) ?? runInFallback(tf.Cast, call);
    }
    return castTo(backend, x, dtype) ?? runInFallback(tf.Cast, call);
  }),
];
