import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { type BroadcastPlan, planBroadcast } from '../broadcast.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type KernelCall, type SimdKernel } from '../kernel.js';

/** Rows shorter than this are joined, several at a time, when one operand repeats on each. */
const shortRow = 64;

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
  return defineKernel<Operands>(kernelName, (call) => {
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
  const plan = planBroadcast(a.shape, b.shape);
  const out = backend.makeOutput(plan.shape, dtype);
  const { rows, columns } = plan;
  if (rows === 0 || columns === 0 || plan.matrices.length === 0) return out;
  const run = backend.kernels[functionName]!;
  const aStart = backend.pointer(a);
  const bStart = backend.pointer(b);
  let target = backend.pointer(out);
  const joined = joinedRows(plan);
  for (const matrix of plan.matrices) {
    const left = aStart + matrix.a;
    const right = bStart + matrix.b;
    if (joined > 1) runJoined(backend, run, plan, joined, left, right, target);
    else {
      const { aRow, bRow, aScalar, bScalar } = plan;
      run(left, aRow, +aScalar, right, bRow, +bScalar, target, rows, columns);
    }
    target += rows * columns * elementBytes;
  }
  return out;
}

/** How many short rows to treat as one, with the repeating operand written out as often. */
function joinedRows({ rows, columns, aScalar, bScalar, aRow, bRow }: BroadcastPlan): number {
  const oneRepeats = (aRow === 0) !== (bRow === 0);
  if (aScalar || bScalar || !oneRepeats || columns >= shortRow) return 1;
  let joined = 4;
  while (joined * columns < shortRow) joined *= 2;
  return joined <= rows ? joined : 1;
}

function runJoined(
  backend: SimdBackend,
  run: (...parameters: number[]) => number,
  plan: BroadcastPlan,
  joined: number,
  a: number,
  b: number,
  target: number,
): void {
  const { rows, columns, aRow, bRow } = plan;
  const aRepeats = aRow === 0;
  const { heap } = backend;
  const rowBytes = columns * elementBytes;
  const written = heap.allocate(joined * rowBytes);
  const repeating = aRepeats ? a : b;
  for (let copy = 0; copy < joined; copy++) {
    heap.uint8.copyWithin(written + copy * rowBytes, repeating, repeating + rowBytes);
  }
  const left = aRepeats ? written : a;
  const right = aRepeats ? b : written;
  const groups = Math.floor(rows / joined);
  run(left, aRow * joined, 0, right, bRow * joined, 0, target, groups, columns * joined);
  const done = groups * joined;
  run(
    left + done * aRow,
    aRow,
    0,
    right + done * bRow,
    bRow,
    0,
    target + done * rowBytes,
    rows - done,
    columns,
  );
  heap.free(written);
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
  backend.kernels.select!(
    backend.pointer(condition),
    backend.pointer(t),
    backend.pointer(e),
    backend.pointer(out),
    tf.util.sizeFromShape(t.shape),
  );
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
  const run = dtype === 'float32' ? backend.kernels.add! : backend.kernels.addInt!;
  const out = backend.makeOutput(first!.shape, dtype);
  const target = backend.pointer(out);
  const count = tf.util.sizeFromShape(out.shape);
  run(backend.pointer(first!), 0, 0, backend.pointer(second), 0, 0, target, 1, count);
  for (const tensor of more) run(target, 0, 0, backend.pointer(tensor), 0, 0, target, 1, count);
  return out;
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
  backend.kernels.squareAll!(backend.pointer(a), backend.pointer(out), count);
  return out;
});

const comparison = { dtype: 'bool' } as const;

/** Functions of two tensors, with broadcasting. */
export const binaryKernels: readonly SimdKernel[] = [
  binary(tf.Add, 'add', { int32: 'addInt' }),
  binary(tf.Sub, 'sub', { int32: 'subInt' }),
  binary(tf.Multiply, 'mul', { int32: 'mulInt' }),
  binary(tf.RealDiv, 'div'),
  binary(tf.FloorDiv, 'floorDiv', { int32: 'floorDivInt', dtype: 'int32' }),
  binary(tf.Mod, 'mod'),
  binary(tf.Maximum, 'maximum', { int32: 'maximumInt' }),
  binary(tf.Minimum, 'minimum', { int32: 'minimumInt' }),
  binary(tf.SquaredDifference, 'squaredDifference', { int32: 'squaredDifferenceInt' }),
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
