import * as tf from '@tensorflow/tfjs';
import { type FallbackCall, runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { movedElement, runElementwise } from '../sliced.js';
import { squareCentered } from './centered.js';
import { activateProduct, deferStep, fusing } from './product-fusion.js';

const { SELU_SCALE, SELU_SCALEALPHA } = tf.backend_util;

interface UnaryOptions<Attributes> {
  /** The function for int32, where there is one; the plain kernel runs otherwise. */
  readonly int32?: string;
  /** The result's dtype where it is not that of the input. */
  readonly dtype?: tf.DataType;
  /** What an element takes, in nanoseconds. Default: what moving it does. */
  readonly cost?: number;
  /** Further parameters of the function. */
  readonly parameters?: (attributes: Attributes) => number[];
}

interface Input {
  readonly x: tf.TensorInfo;
}

/** A kernel that applies the function `name` to each element. */
function unary<Attributes = object>(
  kernelName: string,
  name: string,
  options: UnaryOptions<Attributes> = {},
): SimdKernel {
  const { int32, dtype, cost = movedElement, parameters } = options;
  return defineKernel<Input, Attributes>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const functionName = x.dtype === 'float32' ? name : x.dtype === 'int32' ? int32 : undefined;
    if (!functionName) return runInFallback(kernelName, call as FallbackCall);
    const out = backend.makeOutput(x.shape, dtype ?? x.dtype);
    const count = tf.util.sizeFromShape(x.shape);
    const more = parameters?.(attrs);
    const from = backend.pointer(x);
    const to = backend.pointer(out);
    runElementwise(backend, functionName, { from, to, count, cost, ...(more ? { more } : {}) });
    return out;
  });
}

const logicalNot = defineKernel<tf.LogicalNotInputs>(tf.LogicalNot, (call) => {
  const { inputs, backend } = call;
  const { x } = inputs;
  if (x.dtype !== 'bool') return runInFallback(tf.LogicalNot, call);
  const out = backend.makeOutput(x.shape, 'bool');
  const count = tf.util.sizeFromShape(x.shape);
  const from = backend.pointer(x);
  const to = backend.pointer(out);
  runElementwise(backend, 'logicalNot', { from, to, count });
  return out;
});

/** What an element of an elementary function takes, in nanoseconds. */
const cost = 1.5;

/** Functions of one tensor, element by element. */
export const unaryKernels: readonly SimdKernel[] = [
  unary(tf.Abs, 'absAll', { int32: 'absInt' }),
  unary(tf.Ceil, 'ceilAll', { int32: 'copyAll' }),
  unary<tf.ClipByValueAttrs>(tf.ClipByValue, 'clipAll', {
    parameters: ({ clipValueMin, clipValueMax }) => [clipValueMin, clipValueMax],
  }),
  unary(tf.Cos, 'cosAll', { cost }),
  unary(tf.Elu, 'eluAll', { cost, parameters: () => [1, 1] }),
  unary(tf.Erf, 'erfAll', { cost }),
  unary(tf.Exp, 'expAll', { cost }),
  unary(tf.Expm1, 'expm1All', { cost }),
  unary(tf.Floor, 'floorAll', { int32: 'copyAll' }),
  unary('Gelu', 'geluAll', { cost }),
  unary('GeluTanh', 'geluTanhAll', { cost }),
  unary(tf.IsFinite, 'isFiniteAll', { dtype: 'bool' }),
  unary(tf.IsInf, 'isInfAll', { dtype: 'bool' }),
  unary(tf.IsNan, 'isNanAll', { dtype: 'bool' }),
  unary<tf.LeakyReluAttrs>(tf.LeakyRelu, 'leakyReluAll', { parameters: ({ alpha }) => [alpha] }),
  unary(tf.Log, 'logAll', { cost }),
  unary(tf.Log1p, 'log1pAll', { cost }),
  unary(tf.Neg, 'negAll', { int32: 'negInt' }),
  unary(tf.Reciprocal, 'reciprocalAll'),
  fusing<Input>(unary(tf.Relu, 'reluAll'), (backend, { x }) => activateProduct(backend, x)),
  unary(tf.Relu6, 'relu6All'),
  unary(tf.Round, 'roundAll', { int32: 'copyAll' }),
  unary(tf.Rsqrt, 'rsqrtAll'),
  unary(tf.Selu, 'eluAll', { cost, parameters: () => [SELU_SCALE, SELU_SCALEALPHA] }),
  unary(tf.Sigmoid, 'sigmoidAll', { cost }),
  unary(tf.Sign, 'signAll'),
  unary(tf.Sin, 'sinAll', { cost }),
  unary(tf.Softplus, 'softplusAll', { cost }),
  unary(tf.Sqrt, 'sqrtAll'),
  fusing<Input>(unary(tf.Square, 'squareAll', { int32: 'squareInt' }), (backend, { x }) =>
    squareCentered(backend, x),
  ),
  fusing<Input, tf.StepAttrs>(
    unary<tf.StepAttrs>(tf.Step, 'stepAll', { parameters: ({ alpha }) => [alpha] }),
    (backend, { x }, { alpha }) =>
      x.dtype === 'float32' ? deferStep(backend, x, alpha) : undefined,
  ),
  unary(tf.Tanh, 'tanhAll', { cost }),
  logicalNot,
];
