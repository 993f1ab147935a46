import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { planBroadcast } from '../broadcast.js';
import { runInFallback } from '../fallback.js';
import { defineFusingKernel, defineKernel, type KernelCall, type SimdKernel } from '../kernel.js';
import { blockElements, movedElement, runElementwise, runSliced } from '../sliced.js';
import { addRows, deferCentered, scaleCentered } from './centered.js';
import { operandOf } from './deferred-broadcast.js';
import { addBias, fusing, multiplyStep } from './product-fusion.js';
import { runRows } from './rows.js';

const moving = { cost: movedElement, multiple: blockElements };

interface BinaryOptions {
  /** The function for two int32 tensors. */
  readonly int32?: string;
  /** The function for two bool tensors. */
  readonly bool?: string;
  /** The result's dtype where it is not that of the operands. */
  readonly dtype?: tf.DataType;
  /** Whether the operands change places: a > b is b < a. */
  readonly swapped?: boolean;
}

interface Operands {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
}

/** A kernel that combines two tensors by the function `float32`, `int32` or `bool`. */
function binary(
  kernelName: string,
  float32: string | undefined,
  options: BinaryOptions = {},
): SimdKernel {
  return defineFusingKernel<Operands>(kernelName, (call) => {
    const result = combine(call, float32, options);
    return result ?? runInFallback(kernelName, call);
  });
}

function combine(
  { inputs, backend }: KernelCall<Operands>,
  float32: string | undefined,
  options: BinaryOptions,
): tf.TensorInfo | undefined {
  const { int32, bool, dtype, swapped = false } = options;
  const [a, b] = swapped ? [inputs.b, inputs.a] : [inputs.a, inputs.b];
  if (a.dtype !== b.dtype) return undefined;
  const functions: Partial<Record<tf.DataType, string | undefined>> = { float32, int32, bool };
  const functionName = functions[a.dtype];
  if (!functionName) return undefined;
  return broadcast(backend, functionName, a, b, dtype ?? a.dtype);
}

/** The result of a function of `assembly/binary.ts` on two tensors that broadcast to one shape. */
function broadcast(
  backend: SimdBackend,
  functionName: string,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  dtype: tf.DataType,
): tf.TensorInfo {
  const { shape: aShape, address: aStart } = operandOf(backend, a, b.shape);
  const isRepeated = aShape !== a.shape;
  const { shape: bShape, address: bStart } = isRepeated
    ? { shape: b.shape, address: backend.pointer(b) }
    : operandOf(backend, b, a.shape);
  const plan = planBroadcast(aShape, bShape);
  const out = backend.makeOutput(plan.shape, dtype);
  const { rows, columns } = plan;
  if (rows === 0 || columns === 0 || plan.matrices.length === 0) return out;
  let target = backend.pointer(out);
  for (const matrix of plan.matrices) {
    const { aRow, bRow } = plan;
    const aScalar = Number(plan.aScalar);
    const bScalar = Number(plan.bScalar);
    const left = aStart + matrix.a;
    const right = bStart + matrix.b;
    const rowsOf = { a: left, aRow, aScalar, b: right, bRow, bScalar, out: target, rows, columns };
    runRows(backend, functionName, rowsOf);
    target += rows * columns * elementBytes;
  }
  return out;
}

const select = defineKernel<tf.SelectInputs>(tf.Select, (call) => {
  const { inputs, backend } = call;
  const { condition, t, e } = inputs;
  const plain =
    t.dtype !== e.dtype ||
    condition.dtype !== 'bool' ||
    t.dtype === 'complex64' ||
    t.dtype === 'string' ||
    !tf.util.arraysEqual(condition.shape, t.shape);
  if (plain) return runInFallback(tf.Select, call);
  const out = backend.makeOutput(t.shape, t.dtype);
  const places = [condition, t, e, out].map((tensor) => backend.pointer(tensor));
  const count = tf.util.sizeFromShape(t.shape);
  runSliced(backend, 'select', count, moving, (begin, end) => [
    ...places.map((place) => place + begin * elementBytes),
    end - begin,
  ]);
  return out;
});

const addN = defineKernel<tf.TensorInfo[]>(tf.AddN, (call) => {
  const { inputs, backend } = call;
  const [first, second, ...more] = inputs;
  const dtype = first!.dtype;
  const native = dtype === 'float32' || dtype === 'int32';
  if (!second || !native || inputs.some((tensor) => tensor.dtype !== dtype)) {
    return runInFallback(tf.AddN, call);
  }
  const functionName = dtype === 'float32' ? 'add' : 'addInt';
  const result = backend.makeOutput(first!.shape, dtype);
  const out = backend.pointer(result);
  const columns = tf.util.sizeFromShape(result.shape);
  const add = (a: number, b: number) =>
    runRows(backend, functionName, {
      ...{ a, aRow: 0, aScalar: 0, b, bRow: 0, bScalar: 0 },
      ...{ out, rows: 1, columns },
    });
  add(backend.pointer(first!), backend.pointer(second));
  for (const tensor of more) add(out, backend.pointer(tensor));
  return result;
});

const prelu = defineKernel<tf.PreluInputs>(tf.Prelu, (call) => {
  const { inputs, backend } = call;
  const { x, alpha } = inputs;
  const plain = x.dtype !== 'float32' || alpha.dtype !== 'float32';
  if (plain) return runInFallback(tf.Prelu, call);
  return broadcast(backend, 'prelu', x, alpha, 'float32');
});

const eluGrad = defineKernel<tf.EluGradInputs>(tf.EluGrad, (call) => {
  const { inputs, backend } = call;
  const { dy, y } = inputs;
  const plain = dy.dtype !== 'float32' || y.dtype !== 'float32';
  if (plain) return runInFallback(tf.EluGrad, call);
  return broadcast(backend, 'eluGrad', dy, y, 'float32');
});

const pow = defineKernel<tf.PowInputs>(tf.Pow, (call) => {
  const { inputs, backend } = call;
  const { a, b } = inputs;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return runInFallback(tf.Pow, call);
  const squares = tf.util.sizeFromShape(b.shape) === 1 && b.shape.length <= a.shape.length;
  if (!(squares && backend.typedArrayFromHeap(b)[0] === 2)) {
    return broadcast(backend, 'pow', a, b, 'float32');
  }
  const out = backend.makeOutput(a.shape, 'float32');
  const count = tf.util.sizeFromShape(a.shape);
  runElementwise(backend, 'squareAll', {
    from: backend.pointer(a),
    to: backend.pointer(out),
    count,
  });
  return out;
});

const comparison = { dtype: 'bool' } as const;

/** Functions of two tensors, with broadcasting. */
export const binaryKernels: readonly SimdKernel[] = [
  fusing<Operands>(
    binary(tf.Add, 'add', { int32: 'addInt' }),
    (backend, { a, b }) =>
      addBias(backend, a, b) ??
      addBias(backend, b, a) ??
      addRows(backend, a, b) ??
      addRows(backend, b, a),
  ),
  fusing<Operands>(binary(tf.Sub, 'sub', { int32: 'subInt' }), (backend, { a, b }) =>
    deferCentered(backend, a, b),
  ),
  fusing<Operands>(
    binary(tf.Multiply, 'mul', { int32: 'mulInt' }),
    (backend, { a, b }) => multiplyStep(backend, a, b) ?? multiplyStep(backend, b, a),
  ),
  binary(tf.RealDiv, 'div'),
  binary(tf.FloorDiv, 'floorDiv', { int32: 'floorDivInt', dtype: 'int32' }),
  binary(tf.Mod, 'mod'),
  binary(tf.Maximum, 'maximum', { int32: 'maximumInt' }),
  binary(tf.Minimum, 'minimum', { int32: 'minimumInt' }),
  binary(tf.SquaredDifference, 'squaredDifference', { int32: 'squaredDifferenceInt' }),
  fusing<Operands>(binary('SquareGrad', 'squareGradient'), (backend, { a, b }) =>
    scaleCentered(backend, a, b),
  ),
  binary(tf.BitwiseAnd, undefined, { int32: 'bitwiseAnd' }),
  binary(tf.Equal, 'equal', { ...comparison, int32: 'equalInt', bool: 'equalInt' }),
  binary(tf.NotEqual, 'notEqual', { ...comparison, int32: 'notEqualInt', bool: 'notEqualInt' }),
  binary(tf.Less, 'less', { ...comparison, int32: 'lessInt', bool: 'lessInt' }),
  binary(tf.LessEqual, 'lessEqual', {
    ...comparison,
    int32: 'lessEqualInt',
    bool: 'lessEqualInt',
  }),
  binary(tf.Greater, 'less', {
    ...comparison,
    int32: 'lessInt',
    bool: 'lessInt',
    swapped: true,
  }),
  binary(tf.GreaterEqual, 'lessEqual', {
    ...comparison,
    int32: 'lessEqualInt',
    bool: 'lessEqualInt',
    swapped: true,
  }),
  binary(tf.LogicalAnd, undefined, { ...comparison, bool: 'logicalAnd' }),
  binary(tf.LogicalOr, undefined, { ...comparison, bool: 'logicalOr' }),
  select,
  addN,
  eluGrad,
  pow,
  prelu,
];
