import * as tf from '@tensorflow/tfjs';
import { type FallbackCall, runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';

const { SELU_SCALE, SELU_SCALEALPHA } = tf.backend_util;

interface UnaryOptions<Attributes> {
  /** The function for int32, where there is one; the plain kernel runs otherwise. */
  readonly int32?: string;
  /** The result's dtype where it is not that of the input. */
  readonly dtype?: tf.DataType;
  /** Further parameters of the function. */
  readonly parameters?: (attributes: Attributes) => number[];
}

/** A kernel that applies the function `name` to each element. */
function unary<Attributes = object>(
  kernelName: string,
  name: string,
  options: UnaryOptions<Attributes> = {},
): SimdKernel {
  const { int32, dtype, parameters } = options;
  return defineKernel<{ x: tf.TensorInfo }, Attributes>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const functionName = x.dtype === 'float32' ? name : x.dtype === 'int32' ? int32 : undefined;
    if (!functionName) return runInFallback(kernelName, call as FallbackCall);
    const out = backend.makeOutput(x.shape, dtype ?? x.dtype);
    const count = tf.util.sizeFromShape(x.shape);
    const more = parameters?.(attrs) ?? [];
    backend.kernels[functionName]!(backend.pointer(x), backend.pointer(out), count, ...more);
    return out;
  });
}

const logicalNot = defineKernel<tf.LogicalNotInputs>(tf.LogicalNot, (call) => {
  const { inputs, backend } = call;
  const { x } = inputs;
  if (x.dtype !== 'bool') return runInFallback(tf.LogicalNot, call);
  const out = backend.makeOutput(x.shape, 'bool');
  const count = tf.util.sizeFromShape(x.shape);
  backend.kernels.logicalNot!(backend.pointer(x), backend.pointer(out), count);
  return out;
});

/** Functions of one tensor, element by element. */
export const unaryKernels: readonly SimdKernel[] = [
  unary(tf.Abs, 'absAll', { int32: 'absInt' }),
  unary(tf.Ceil, 'ceilAll', { int32: 'copyAll' }),
  unary<tf.ClipByValueAttrs>(tf.ClipByValue, 'clipAll', {
    parameters: ({ clipValueMin, clipValueMax }) => [clipValueMin, clipValueMax],
  }),
  unary(tf.Cos, 'cosAll'),
  unary(tf.Elu, 'eluAll', { parameters: () => [1, 1] }),
  unary(tf.Erf, 'erfAll'),
  unary(tf.Exp, 'expAll'),
  unary(tf.Expm1, 'expm1All'),
  unary(tf.Floor, 'floorAll', { int32: 'copyAll' }),
  unary(tf.IsFinite, 'isFiniteAll', { dtype: 'bool' }),
  unary(tf.IsInf, 'isInfAll', { dtype: 'bool' }),
  unary(tf.IsNan, 'isNanAll', { dtype: 'bool' }),
  unary<tf.LeakyReluAttrs>(tf.LeakyRelu, 'leakyReluAll', { parameters: ({ alpha }) => [alpha] }),
  unary(tf.Log, 'logAll'),
  unary(tf.Log1p, 'log1pAll'),
  unary(tf.Neg, 'negAll', { int32: 'negInt' }),
  unary(tf.Reciprocal, 'reciprocalAll'),
  unary(tf.Relu, 'reluAll'),
  unary(tf.Relu6, 'relu6All'),
  unary(tf.Round, 'roundAll', { int32: 'copyAll' }),
  unary(tf.Rsqrt, 'rsqrtAll'),
  unary(tf.Selu, 'eluAll', { parameters: () => [SELU_SCALE, SELU_SCALEALPHA] }),
  unary(tf.Sigmoid, 'sigmoidAll'),
  unary(tf.Sign, 'signAll'),
  unary(tf.Sin, 'sinAll'),
  unary(tf.Softplus, 'softplusAll'),
  unary(tf.Sqrt, 'sqrtAll'),
  unary(tf.Square, 'squareAll', { int32: 'squareInt' }),
  unary<tf.StepAttrs>(tf.Step, 'stepAll', { parameters: ({ alpha }) => [alpha] }),
  unary(tf.Tanh, 'tanhAll'),
  logicalNot,
];
