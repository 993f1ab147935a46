import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type KernelCall, type SimdKernel } from '../kernel.js';
import { movedElement, runSliced } from '../sliced.js';
import { fillTensor } from './create.js';
import { copied } from './identity.js';
import { withScratch } from './matmul-fused.js';

type Result = tf.TensorInfo | tf.TensorInfo[];

function isNumeric(tensor: tf.TensorInfo): boolean {
  return tensor.dtype !== 'string' && tensor.dtype !== 'complex64';
}

function gather(call: KernelCall<tf.GatherV2Inputs, tf.GatherV2Attrs>): Result {
  const { inputs, attrs, backend } = call;
  const { x, indices } = inputs;
  if (!isNumeric(x) || indices.dtype !== 'int32') return runInFallback(tf.GatherV2, call);
  const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const size = x.shape[axis]!;
  for (const index of backend.typedArrayFromHeap(indices)) {
    tf.util.assert(
      index >= 0 && index < size,
      () => `GatherV2: the index value ${index} is not in [0, ${size - 1}]`,
    );
  }
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
    tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x as tf.Tensor,
      indices as tf.Tensor,
      axis,
      attrs.batchDims ?? 0,
    );
  const out = backend.makeOutput(outputShape, x.dtype);
  const count = tf.util.sizeFromShape(indices.shape) / batchSize;
  const length = sliceSize * elementBytes;
  let from = backend.pointer(x);
  let to = backend.pointer(out);
  for (let batch = 0; batch < batchSize; batch++) {
    const places = backend.pointer(indices) + batch * count * elementBytes;
    for (let outer = 0; outer < outerSize; outer++) {
      gatherRows(backend, { from, places, to, count, sliceSize });
      from += dimSize * length;
      to += count * length;
    }
  }
  return out;
}

/** Copies the rows of `sliceSize` elements at `from` whose numbers are at `places`. */
function gatherRows(
  backend: SimdBackend,
  parameters: { from: number; places: number; to: number; count: number; sliceSize: number },
): void {
  const { from, places, to, count, sliceSize } = parameters;
  const length = sliceSize * elementBytes;
  runSliced(backend, 'gatherRows', count, { cost: sliceSize * movedElement }, (begin, end) => [
    from,
    places + begin * elementBytes,
    to + begin * length,
    end - begin,
    length,
  ]);
}

/** Lends `use` a list of the row that each index tuple points at, in the linear memory. */
function withRowNumbers(
  backend: SimdBackend,
  indices: tf.TensorInfo,
  target: { shape: number[]; strides: number[]; sliceRank: number; count: number; rows: number },
  use: (list: number) => tf.TensorInfo,
): tf.TensorInfo {
  const { shape, strides, sliceRank, count, rows } = target;
  return withScratch(backend, count * elementBytes, (list) => {
    const places = backend.typedArrayFromHeap(indices);
    const numbers = backend.heap.int32;
    for (let item = 0; item < count; item++) {
      let row = 0;
      for (let part = 0; part < sliceRank; part++) {
        row += places[item * sliceRank + part]! * strides[part]!;
      }
      if (row < 0 || row >= rows) {
        const tuple = places.slice(item * sliceRank, (item + 1) * sliceRank);
        throw new Error(`Invalid indices: ${tuple} does not index into ${shape}`);
      }
      numbers[list / elementBytes + item] = row;
    }
    return use(list);
  });
}

function gatherNd(call: KernelCall<tf.GatherNdInputs>): Result {
  const { inputs, backend } = call;
  const { params, indices } = inputs;
  if (!isNumeric(params) || indices.dtype !== 'int32') return runInFallback(tf.GatherNd, call);
  const sliceRank = indices.shape.at(-1)!;
  const [shape, count, sliceSize, strides] = tf.backend_util.prepareAndValidate(params, indices);
  if (count === 0) return backend.makeOutput(shape, params.dtype);
  const rows = tf.util.sizeFromShape(params.shape) / sliceSize;
  const target = { shape: params.shape, strides, sliceRank, count, rows };
  return withRowNumbers(backend, indices, target, (places) => {
    const out = backend.makeOutput(shape, params.dtype);
    const from = backend.pointer(params);
    gatherRows(backend, { from, places, to: backend.pointer(out), count, sliceSize });
    return out;
  });
}

function scatterNd(call: KernelCall<tf.ScatterNdInputs, tf.ScatterNdAttrs>): Result {
  const { inputs, attrs, backend } = call;
  const { indices, updates } = inputs;
  const { shape } = attrs;
  const summed = updates.dtype === 'float32' || updates.dtype === 'int32';
  if (!summed || indices.dtype !== 'int32') return runInFallback(tf.ScatterNd, call);
  const info = tf.backend_util.calculateShapes(updates, indices, shape);
  const { sliceRank, numUpdates: count, sliceSize, strides, outputSize } = info;
  if (outputSize === 0) return backend.makeOutput(shape, updates.dtype);
  const rows = outputSize / sliceSize;
  const target = { shape, strides, sliceRank, count, rows };
  return withRowNumbers(backend, indices, target, (places) => {
    const out = backend.makeOutput(shape, updates.dtype);
    fillTensor(backend, out, 0);
    const { addRows, addRowsInt } = backend.kernels;
    const run = updates.dtype === 'float32' ? addRows! : addRowsInt!;
    run(backend.pointer(updates), places, backend.pointer(out), count, sliceSize, rows);
    return out;
  });
}

function tensorScatterUpdate(call: KernelCall<tf.TensorScatterUpdateInputs>): Result {
  const { inputs, backend } = call;
  const { tensor, indices, updates } = inputs;
  const plain = !isNumeric(tensor) || updates.dtype !== tensor.dtype || indices.dtype !== 'int32';
  if (plain || updates.shape.length === 0) {
    if (!isNumeric(tensor)) return runInFallback(tf.TensorScatterUpdate, call);
    // The plain kernel writes into its input.
    const copy = copied(backend, tensor);
    const result = runInFallback(tf.TensorScatterUpdate, {
      inputs: { ...inputs, tensor: copy },
      backend,
    });
    backend.disposeIntermediateTensorInfo(copy);
    return result;
  }
  const { shape } = tensor;
  const info = tf.backend_util.calculateShapes(updates, indices, shape);
  const { sliceRank, numUpdates: count, sliceSize, strides, outputSize } = info;
  if (outputSize === 0) return copied(backend, tensor);
  const rows = outputSize / sliceSize;
  const where = { shape, strides, sliceRank, count, rows };
  return withRowNumbers(backend, indices, where, (places) => {
    const out = copied(backend, tensor);
    const target = backend.pointer(out) / elementBytes;
    const source = backend.pointer(updates) / elementBytes;
    const words = backend.heap.int32;
    for (let item = 0; item < count; item++) {
      const from = source + item * sliceSize;
      const row = words[places / elementBytes + item]!;
      words.copyWithin(target + row * sliceSize, from, from + sliceSize);
    }
    return out;
  });
}

function unsortedSegmentSum(
  call: KernelCall<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>,
): Result {
  const { inputs, attrs, backend } = call;
  const { x, segmentIds } = inputs;
  const { numSegments } = attrs;
  const native = x.dtype === 'float32' && segmentIds.dtype === 'int32';
  if (!native || segmentIds.shape.length !== 1) {
    return runInFallback(tf.UnsortedSegmentSum, call);
  }
  const [rows = 1, ...rest] = x.shape;
  const out = backend.makeOutput([numSegments, ...rest], 'float32');
  fillTensor(backend, out, 0);
  backend.kernels.addRows!(
    backend.pointer(x),
    backend.pointer(segmentIds),
    backend.pointer(out),
    rows,
    tf.util.sizeFromShape(rest),
    numSegments,
  );
  return out;
}

/**
 * The `k` greatest of each row in order; equal ones keep the order of their places. NaN is greater
 * than every number, as in NumPy, PyTorch and JAX: the plain kernel's order with NaN is arbitrary.
 */
function topK(call: KernelCall<tf.TopKInputs, tf.TopKAttrs>): Result {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  const { k } = attrs;
  const columns = x.shape.at(-1) ?? 0;
  if (!isNumeric(x) || columns === 0) return runInFallback(tf.TopK, call);
  const shape = [...x.shape.slice(0, -1), k];
  const values = backend.makeOutput(shape, x.dtype);
  const indices = backend.makeOutput(shape, 'int32');
  const from = backend.typedArrayFromHeap(x);
  const best = backend.typedArrayFromHeap(values);
  const places = backend.typedArrayFromHeap(indices);
  for (let row = 0; row * columns < from.length; row++) {
    const order = from.subarray(row * columns, (row + 1) * columns);
    selectRow(order, best.subarray(row * k, row * k + k), places.subarray(row * k, row * k + k));
  }
  return [values, indices];
}

/** Keeps the best so far sorted: each further element is dropped at once or inserted. */
function selectRow(
  row: Float32Array | Int32Array,
  best: Float32Array | Int32Array,
  places: Float32Array | Int32Array,
): void {
  const k = best.length;
  let held = 0;
  for (let index = 0; index < row.length; index++) {
    const value = row[index]!;
    if (held === k && !isGreater(value, best[k - 1]!)) continue;
    let place = held < k ? held++ : k - 1;
    while (place > 0 && isGreater(value, best[place - 1]!)) {
      best[place] = best[place - 1]!;
      places[place] = places[place - 1]!;
      place--;
    }
    best[place] = value;
    places[place] = index;
  }
}

function isGreater(value: number, other: number): boolean {
  return value > other || (Number.isNaN(value) && !Number.isNaN(other));
}

/** Reading and writing at places that a tensor lists. */
export const gatherKernels: readonly SimdKernel[] = [
  defineKernel(tf.GatherV2, gather),
  defineKernel(tf.GatherNd, gatherNd),
  defineKernel(tf.ScatterNd, scatterNd),
  defineKernel(tf.TensorScatterUpdate, tensorScatterUpdate),
  defineKernel(tf.UnsortedSegmentSum, unsortedSegmentSum),
  defineKernel(tf.TopK, topK),
];
