import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { type FallbackCall, runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { runSliced } from '../sliced.js';
import { cut } from '../slices.js';
import { reduceCentered } from './centered.js';
import { withScratch } from './matmul-fused.js';
import { fusing } from './product-fusion.js';
import { transposed } from './transpose.js';

/** How the elements that belong to one result lie. */
interface Matrices {
  /** `rows`: each row gives a number. `columns`: each of `planes` matrices gives a row. */
  readonly kind: 'rows' | 'columns';
  readonly planes: number;
  readonly rows: number;
  readonly columns: number;
}

/** The shape as matrices to be reduced, or undefined if the reduced axes lie too far apart. */
function planReduction(shape: readonly number[], axes: readonly number[]): Matrices | undefined {
  const groups: { reduced: boolean; size: number }[] = [];
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const reduced = axes.includes(axis);
    const last = groups.at(-1);
    if (last?.reduced === reduced) last.size *= size;
    else groups.push({ reduced, size });
  }
  const sizes = groups.map(({ size }) => size);
  const innermost = groups.at(-1);
  if (!innermost) return { kind: 'rows', planes: 1, rows: 1, columns: 1 };
  if (innermost.reduced) {
    if (groups.length > 2) return undefined;
    const [rows, columns] = groups.length === 1 ? [1, sizes[0]!] : [sizes[0]!, sizes[1]!];
    return { kind: 'rows', planes: 1, rows, columns };
  }
  if (groups.length === 1) return { kind: 'rows', planes: 1, rows: sizes[0]!, columns: 1 };
  if (groups.length > 3) return undefined;
  const [planes, rows, columns] = groups.length === 2 ? [1, ...sizes] : sizes;
  return { kind: 'columns', planes: planes!, rows: rows!, columns: columns! };
}

/** What an element takes, in nanoseconds. */
const readElement = 0.3;
const accumulatedElement = 1.5;
const softmaxElement = 3;
/** Sums of more elements than twice this are summed in parts of about as many, at most 64 of them. */
const partElements = 2 ** 15;
const partMultiple = 2 ** 10;
const leastRows = 64;
const mostParts = 64;
const doubleBytes = 8;

/** The functions of `assembly/reduce.ts` for one dtype. */
interface Functions {
  readonly rows: string;
  readonly columns?: string;
  /** Passed after the sizes: what a sum is divided by. */
  readonly divisor?: number;
}

interface Reduction {
  readonly axis: number | number[];
  readonly keepDims: boolean;
  readonly dtype: tf.DataType;
  readonly functions: Functions;
}

/** Reduces a tensor of numbers over any axes. */
function reduce(backend: SimdBackend, x: tf.TensorInfo, reduction: Reduction): tf.TensorInfo {
  const { axis, keepDims, dtype, functions } = reduction;
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const [reducedShape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(reducedShape, axes) : reducedShape;
  const plan = planReduction(x.shape, axes);
  const direct = plan && (plan.kind === 'rows' || functions.columns !== undefined);
  if (!direct) {
    const kept = x.shape.map((_, index) => index).filter((index) => !axes.includes(index));
    const turned = transposed(backend, x, [...kept, ...axes]);
    const rank = x.shape.length;
    const result = reduce(backend, turned, {
      ...reduction,
      keepDims: false,
      axis: axes.map((_, index) => rank - axes.length + index),
    });
    backend.disposeIntermediateTensorInfo(turned);
    return { ...result, shape };
  }
  const out = backend.makeOutput(shape, dtype);
  const from = backend.pointer(x);
  const to = backend.pointer(out);
  const isLong = plan.planes * plan.rows * plan.columns >= 2 * partElements;
  if (
    functions.divisor !== undefined &&
    isLong &&
    sumByParts(backend, from, to, plan, functions.divisor)
  ) {
    return out;
  }
  if (plan.kind === 'rows') reduceRows(backend, from, to, plan, functions);
  else reduceColumns(backend, from, to, plan, functions);
  return out;
}

function reduceRows(
  backend: SimdBackend,
  from: number,
  to: number,
  { rows, columns }: Matrices,
  { rows: name, divisor }: Functions,
): void {
  const more = divisor === undefined ? [] : [divisor];
  runSliced(backend, name, rows, { cost: columns * readElement }, (begin, end) => [
    from + begin * columns * elementBytes,
    to + begin * elementBytes,
    end - begin,
    columns,
    ...more,
  ]);
}

function reduceColumns(
  backend: SimdBackend,
  from: number,
  to: number,
  { planes, rows, columns }: Matrices,
  { columns: name, divisor }: Functions,
): void {
  const more = divisor === undefined ? [] : [divisor];
  runSliced(backend, name!, planes, { cost: rows * columns * readElement }, (begin, end) => [
    from + begin * rows * columns * elementBytes,
    to + begin * columns * elementBytes,
    end - begin,
    rows,
    columns,
    ...more,
  ]);
}

/**
 * Sums whose results are few and draw on many elements each: parts of them, cut in the same way for
 * any number of threads, then the sum of the parts. False if the results are many.
 */
function sumByParts(
  backend: SimdBackend,
  from: number,
  to: number,
  { kind, planes, rows, columns }: Matrices,
  divisor: number,
): boolean {
  const sums = kind === 'rows' ? rows : planes;
  if (sums >= mostParts) return false;
  const length = kind === 'rows' ? columns : rows;
  const joined = kind === 'rows' ? 1 : joinedRows(columns);
  const width = kind === 'rows' ? 1 : columns;
  const least = Math.max(partElements / width, kind === 'rows' ? partMultiple : leastRows * joined);
  const wanted = Math.min(mostParts, Math.floor(length / least));
  if (wanted < 2) return false;
  const parts = cut(length, wanted, kind === 'rows' ? partMultiple : joined);
  const totalBytes = width * joined * doubleBytes;
  // Totals that threads write to lie on cache lines of their own.
  const bytes = Math.ceil(totalBytes / 64) * 64;
  withScratch(backend, sums * parts.length * bytes, (scratch) => {
    const calls: number[][] = [];
    for (let sum = 0; sum < sums; sum++) {
      for (const { begin, end } of parts) {
        const source = from + (sum * length + begin) * width * elementBytes;
        const target = scratch + calls.length * bytes;
        calls.push(
          kind === 'rows'
            ? [source, target, end - begin]
            : [source, target, end - begin, columns, joined],
        );
      }
    }
    backend.run(kind === 'rows' ? 'sumPart' : 'sumColumnsPart', calls);
    for (let sum = 0; sum < sums; sum++) {
      const totals = scratch + sum * parts.length * bytes;
      const target = to + sum * width * elementBytes;
      const stride = bytes / doubleBytes;
      backend.kernels.sumTotals!(totals, target, parts.length, stride, width, joined, divisor);
    }
  });
  return true;
}

/** How many rows to sum as one, so that short rows fill vectors. */
function joinedRows(columns: number): number {
  if (columns < 4) return 16;
  return columns < 16 || columns % 4 !== 0 ? 4 : 1;
}

function reducedCount(x: tf.TensorInfo, axis: number | number[]): number {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  return tf.util.sizeFromShape(axes.map((index) => x.shape[index]!));
}

interface Input {
  readonly x: tf.TensorInfo;
}

interface ReductionOptions {
  readonly dtypes: Partial<Record<tf.DataType, Functions>>;
  readonly outputs?: Partial<Record<tf.DataType, tf.DataType>>;
}

/** A kernel that reduces by the functions for the dtype of its input. */
function reduction(kernelName: string, { dtypes, outputs = {} }: ReductionOptions): SimdKernel {
  type Attributes = { axis?: number | number[]; reductionIndices?: number | number[] } & {
    keepDims: boolean;
  };
  return defineKernel<Input, Attributes>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const functions = dtypes[x.dtype];
    // An empty extreme has no value of its own: the plain kernel decides.
    const empty = tf.util.sizeFromShape(x.shape) === 0;
    if (!functions || empty) return runInFallback(kernelName, call as FallbackCall);
    const { keepDims } = attrs;
    const axis = (attrs.axis ?? attrs.reductionIndices)!;
    return reduce(backend, x, { axis, keepDims, dtype: outputs[x.dtype] ?? x.dtype, functions });
  });
}

const mean = defineKernel<tf.MeanInputs, tf.MeanAttrs>(tf.Mean, (call) => {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  const { axis, keepDims } = attrs;
  if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) {
    return runInFallback(tf.Mean, call);
  }
  const functions = { rows: 'sumRows', columns: 'sumColumns', divisor: reducedCount(x, axis) };
  return reduce(backend, x, { axis, keepDims, dtype: 'float32', functions });
});

/** The place of an extreme along one axis. */
function argument(kernelName: string, float32: string, int32: string): SimdKernel {
  return defineKernel<tf.ArgMaxInputs, tf.ArgMaxAttrs>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const isFloat = x.dtype === 'float32';
    const native = isFloat || x.dtype === 'int32' || x.dtype === 'bool';
    if (!native || tf.util.sizeFromShape(x.shape) === 0) return runInFallback(kernelName, call);
    const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
    const functions = { rows: isFloat ? float32 : int32 };
    return reduce(backend, x, { axis, keepDims: false, dtype: 'int32', functions });
  });
}

/** Running sums or products along one axis. */
function accumulation(kernelName: string, float32: string, int32: string): SimdKernel {
  return defineKernel<tf.CumsumInputs, tf.CumsumAttrs>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const { axis, exclusive, reverse } = attrs;
    const native = x.dtype === 'float32' || x.dtype === 'int32' || x.dtype === 'bool';
    if (!native) return runInFallback(kernelName, call);
    const at = tf.util.parseAxisParam(axis, x.shape)[0]!;
    const out = backend.makeOutput(x.shape, x.dtype === 'float32' ? 'float32' : 'int32');
    const from = backend.pointer(x);
    const to = backend.pointer(out);
    const planes = tf.util.sizeFromShape(x.shape.slice(0, at));
    const rows = x.shape[at]!;
    const columns = tf.util.sizeFromShape(x.shape.slice(at + 1));
    const slicing = { cost: rows * columns * accumulatedElement };
    const name = x.dtype === 'float32' ? float32 : int32;
    runSliced(backend, name, planes, slicing, (begin, end) => {
      const first = begin * rows * columns * elementBytes;
      return [from + first, to + first, end - begin, rows, columns, +exclusive, +reverse];
    });
    return out;
  });
}

/** Softmax over the last axis. */
const softmax = defineKernel<tf.SoftmaxInputs, tf.SoftmaxAttrs>(tf.Softmax, (call) => {
  const { inputs, attrs, backend } = call;
  const { logits } = inputs;
  const rank = logits.shape.length;
  const dim = attrs.dim === -1 ? rank - 1 : attrs.dim;
  if (dim !== rank - 1) {
    throw new Error(
      `Softmax works along the last dimension (${rank - 1}) of logits of shape ` +
        `[${logits.shape}], got dim ${attrs.dim}: transpose first.`,
    );
  }
  if (logits.dtype !== 'float32') return runInFallback(tf.Softmax, call);
  const out = backend.makeOutput(logits.shape, 'float32');
  const columns = logits.shape[rank - 1] ?? 1;
  const rows = columns === 0 ? 0 : tf.util.sizeFromShape(logits.shape) / columns;
  const from = backend.pointer(logits);
  const to = backend.pointer(out);
  runSliced(backend, 'softmax', rows, { cost: columns * softmaxElement }, (begin, end) => {
    const first = begin * columns * elementBytes;
    return [from + first, to + first, end - begin, columns];
  });
  return out;
});

const floatSum = { rows: 'sumRows', columns: 'sumColumns', divisor: 1 };
const intSum = { rows: 'sumRowsInt' };

/** Reductions, running totals and softmax. */
export const reduceKernels: readonly SimdKernel[] = [
  fusing<Input, tf.SumAttrs>(
    reduction(tf.Sum, {
      dtypes: { float32: floatSum, int32: intSum, bool: intSum },
      outputs: { bool: 'int32' },
    }),
    (backend, { x }, attributes) => reduceCentered(backend, x, attributes, false),
  ),
  fusing<Input, tf.MeanAttrs>(mean, (backend, { x }, attributes) =>
    reduceCentered(backend, x, attributes, true),
  ),
  reduction(tf.Prod, {
    dtypes: {
      float32: { rows: 'prodRows' },
      int32: { rows: 'prodRowsInt' },
      bool: { rows: 'prodRowsInt' },
    },
    outputs: { bool: 'int32' },
  }),
  reduction(tf.Max, {
    dtypes: {
      float32: { rows: 'maxRows', columns: 'maxColumns' },
      int32: { rows: 'maxRowsInt' },
      bool: { rows: 'maxRowsInt' },
    },
  }),
  reduction(tf.Min, {
    dtypes: {
      float32: { rows: 'minRows', columns: 'minColumns' },
      int32: { rows: 'minRowsInt' },
      bool: { rows: 'minRowsInt' },
    },
  }),
  reduction(tf.All, { dtypes: { bool: { rows: 'minRowsInt' } } }),
  reduction(tf.Any, { dtypes: { bool: { rows: 'maxRowsInt' } } }),
  argument(tf.ArgMax, 'argMaxRows', 'argMaxRowsInt'),
  argument(tf.ArgMin, 'argMinRows', 'argMinRowsInt'),
  accumulation(tf.Cumsum, 'cumsum', 'cumsumInt'),
  accumulation(tf.Cumprod, 'cumprod', 'cumprodInt'),
  softmax,
];
