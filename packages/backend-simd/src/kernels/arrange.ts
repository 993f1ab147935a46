import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { type FallbackCall, runInFallback } from '../fallback.js';
import { defineKernel, type KernelCall, type SimdKernel } from '../kernel.js';
import { copyStrided, denseStrides } from '../strided.js';
import { fillElements, fillTensor } from './create.js';
import { DeferredBroadcast } from './deferred-broadcast.js';

/** Smaller results are made at once: to put them off would take as long. */
const leastDeferred = 2 ** 12;

/** Whether the elements of every tensor lie in the linear memory. */
function isNumeric(...tensors: tf.TensorInfo[]): boolean {
  return tensors.every(({ dtype }) => dtype !== 'string' && dtype !== 'complex64');
}

/** A part of a tensor: where it begins, and its shape. */
function slice(
  backend: SimdBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: number[],
): tf.TensorInfo {
  const out = backend.makeOutput(size, x.dtype);
  const from = denseStrides(x.shape);
  const to = denseStrides(size);
  const offset = begin.reduce((sum, start, index) => sum + start * from[index]!, 0);
  copyStrided(
    backend,
    backend.pointer(x) + offset * elementBytes,
    backend.pointer(out),
    size.map((length, index) => ({ size: length, from: from[index]!, to: to[index]! })),
  );
  return out;
}

function stridedSlice(
  call: KernelCall<tf.StridedSliceInputs, tf.StridedSliceAttrs>,
): tf.TensorInfo | tf.TensorInfo[] {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  if (!isNumeric(x)) return runInFallback(tf.StridedSlice, call);
  const info = tf.slice_util.sliceInfo(
    x.shape,
    attrs.begin,
    attrs.end,
    attrs.strides,
    attrs.beginMask,
    attrs.endMask,
    attrs.ellipsisMask,
    attrs.newAxisMask,
    attrs.shrinkAxisMask,
  );
  if (info.isIdentity) return backend.alias(x, info.finalShape);
  const size = info.begin.map((start, index) =>
    Math.max(0, Math.ceil((info.end[index]! - start) / info.strides[index]!)),
  );
  const out = backend.makeOutput(size, x.dtype);
  const from = denseStrides(x.shape);
  const to = denseStrides(size);
  const offset = info.begin.reduce((sum, start, index) => sum + start * from[index]!, 0);
  copyStrided(
    backend,
    backend.pointer(x) + offset * elementBytes,
    backend.pointer(out),
    size.map((length, index) => ({
      size: length,
      from: from[index]! * info.strides[index]!,
      to: to[index]!,
    })),
  );
  return { ...out, shape: info.finalShape };
}

/** Tensors side by side along an axis; the shapes agree on every other axis. */
function concat(backend: SimdBackend, tensors: tf.TensorInfo[], axis: number): tf.TensorInfo {
  const [first] = tensors;
  const shape = tf.backend_util.computeOutShape(
    tensors.map((tensor) => tensor.shape),
    axis,
  );
  const out = backend.makeOutput(shape, first!.dtype);
  const rows = tf.util.sizeFromShape(shape.slice(0, axis));
  const columns = tf.util.sizeFromShape(shape.slice(axis));
  let to = backend.pointer(out);
  for (const tensor of tensors) {
    const width = tf.util.sizeFromShape(tensor.shape.slice(axis));
    copyStrided(backend, backend.pointer(tensor), to, [
      { size: rows, from: width, to: columns },
      { size: width, from: 1, to: 1 },
    ]);
    to += width * elementBytes;
  }
  return out;
}

/** `count` pieces along an axis, each as long as `sizes` says. */
function split(
  backend: SimdBackend,
  x: tf.TensorInfo,
  axis: number,
  sizes: readonly number[],
): tf.TensorInfo[] {
  const begin = x.shape.map(() => 0);
  return sizes.map((length) => {
    const size = x.shape.slice();
    size[axis] = length;
    const piece = slice(backend, x, begin, size);
    begin[axis]! += length;
    return piece;
  });
}

function pad(call: KernelCall<tf.PadV2Inputs, tf.PadV2Attrs>): tf.TensorInfo | tf.TensorInfo[] {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  const { paddings, constantValue } = attrs;
  if (!isNumeric(x)) return runInFallback(tf.PadV2, call);
  const shape = x.shape.map((size, index) => paddings[index]![0] + size + paddings[index]![1]);
  const out = backend.makeOutput(shape, x.dtype);
  fillTensor(backend, out, constantValue);
  const from = denseStrides(x.shape);
  const to = denseStrides(shape);
  const offset = paddings.reduce((sum, [before], index) => sum + before * to[index]!, 0);
  copyStrided(
    backend,
    backend.pointer(x),
    backend.pointer(out) + offset * elementBytes,
    x.shape.map((size, index) => ({ size, from: from[index]!, to: to[index]! })),
  );
  return out;
}

/** A run of a mirrored axis: where it starts in the output and the input, and which way it reads. */
interface Run {
  readonly start: number;
  readonly source: number;
  readonly size: number;
  readonly step: 1 | -1;
}

/** The mirrored part before the content, the content, the mirrored part after it. */
function mirrorRuns(size: number, before: number, after: number, offset: number): Run[] {
  const runs: Run[] = [
    { start: 0, source: before - offset, size: before, step: -1 },
    { start: before, source: 0, size, step: 1 },
    { start: before + size, source: size - 2 + offset, size: after, step: -1 },
  ];
  return runs.filter((run) => run.size > 0);
}

function mirrorPad(
  call: KernelCall<tf.MirrorPadInputs, tf.MirrorPadAttrs>,
): tf.TensorInfo | tf.TensorInfo[] {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  const { paddings, mode } = attrs;
  if (!isNumeric(x)) return runInFallback(tf.MirrorPad, call);
  const shape = x.shape.map((size, index) => paddings[index]![0] + size + paddings[index]![1]);
  const out = backend.makeOutput(shape, x.dtype);
  const from = denseStrides(x.shape);
  const to = denseStrides(shape);
  const offset = mode === 'reflect' ? 0 : 1;
  const source = backend.pointer(x);
  const target = backend.pointer(out);
  let blocks: Run[][] = [[]];
  for (const [index, size] of x.shape.entries()) {
    const [before, after] = paddings[index]!;
    const runs = mirrorRuns(size, before, after, offset);
    blocks = blocks.flatMap((block) => runs.map((run) => [...block, run]));
  }
  for (const block of blocks) {
    const read = block.reduce((sum, run, index) => sum + run.source * from[index]!, 0);
    const write = block.reduce((sum, run, index) => sum + run.start * to[index]!, 0);
    copyStrided(
      backend,
      source + read * elementBytes,
      target + write * elementBytes,
      block.map(({ size, step }, index) => ({
        size,
        from: step * from[index]!,
        to: to[index]!,
      })),
    );
  }
  return out;
}

function tile(call: KernelCall<tf.TileInputs, tf.TileAttrs>): tf.TensorInfo | tf.TensorInfo[] {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  if (!isNumeric(x)) return runInFallback(tf.Tile, call);
  const { reps } = attrs;
  const shape = x.shape.map((size, index) => size * reps[index]!);
  const count = tf.util.sizeFromShape(shape);
  const from = denseStrides(x.shape);
  const to = denseStrides(shape);
  const dimensions = x.shape.flatMap((size, index) => [
    { size: reps[index]!, from: 0, to: size * to[index]! },
    { size, from: from[index]!, to: to[index]! },
  ]);
  const repeat = (source: number, target: number) =>
    tf.util.sizeFromShape(x.shape) === 1
      ? fillElements(backend, target, count, backend.heap.int32[source / elementBytes]!)
      : copyStrided(backend, source, target, dimensions);
  const isBroadcast = reps.every((times, index) => times === 1 || x.shape[index] === 1);
  if (isBroadcast && count >= leastDeferred && x.dtype === 'float32') {
    const broadcast = new DeferredBroadcast(backend.hold(x), x.shape, shape, repeat);
    return backend.defer(shape, 'float32', broadcast);
  }
  const out = backend.makeOutput(shape, x.dtype);
  repeat(backend.pointer(x), backend.pointer(out));
  return out;
}

function reverse(
  call: KernelCall<tf.ReverseInputs, tf.ReverseAttrs>,
): tf.TensorInfo | tf.TensorInfo[] {
  const { inputs, attrs, backend } = call;
  const { x } = inputs;
  if (!isNumeric(x)) return runInFallback(tf.Reverse, call);
  const axes = tf.util.parseAxisParam(attrs.dims, x.shape);
  if (x.shape.length === 0) return backend.alias(x, x.shape);
  const out = backend.makeOutput(x.shape, x.dtype);
  const strides = denseStrides(x.shape);
  const last = axes.reduce((sum, axis) => sum + (x.shape[axis]! - 1) * strides[axis]!, 0);
  copyStrided(
    backend,
    backend.pointer(x) + last * elementBytes,
    backend.pointer(out),
    x.shape.map((size, index) => ({
      size,
      from: axes.includes(index) ? -strides[index]! : strides[index]!,
      to: strides[index]!,
    })),
  );
  return out;
}

/** Cutting, joining, padding and repeating, by strided copies. */
export const arrangeKernels: readonly SimdKernel[] = [
  defineKernel<tf.SliceInputs, tf.SliceAttrs>(tf.Slice, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    if (!isNumeric(x)) return runInFallback(tf.Slice, call);
    const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size);
    tf.slice_util.assertParamsValid(x, begin!, size!);
    return slice(backend, x, begin!, size!);
  }),
  defineKernel(tf.StridedSlice, stridedSlice),
  defineKernel<tf.TensorInfo[], tf.ConcatAttrs>(tf.Concat, (call) => {
    const { inputs, attrs, backend } = call;
    if (!isNumeric(...inputs)) return runInFallback(tf.Concat, call);
    const axis = tf.util.parseAxisParam(attrs.axis, inputs[0]!.shape)[0]!;
    const shapes = inputs.map(({ shape }) => shape);
    tf.backend_util.assertParamsConsistent(shapes, axis);
    const tensors = inputs.filter(({ shape }) => tf.util.sizeFromShape(shape) > 0);
    if (tensors.length === 0) {
      const shape = tf.backend_util.computeOutShape(shapes, axis);
      return backend.makeOutput(shape, inputs[0]!.dtype);
    }
    if (tensors.length === 1) return backend.alias(tensors[0]!, tensors[0]!.shape);
    if (tensors.some(({ dtype }) => dtype !== tensors[0]!.dtype)) {
      return runInFallback(tf.Concat, call);
    }
    return concat(backend, tensors, axis);
  }),
  defineKernel<tf.SplitVInputs, tf.SplitVAttrs>(tf.SplitV, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    if (!isNumeric(x)) return runInFallback(tf.SplitV, call);
    const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits, axis);
    return split(backend, x, axis, sizes);
  }),
  defineKernel<tf.TensorInfo[], tf.PackAttrs>(tf.Pack, (call) => {
    const { inputs, attrs, backend } = call;
    const [first] = inputs;
    const { shape, dtype } = first!;
    if (!isNumeric(...inputs)) return runInFallback(tf.Pack, call);
    for (const tensor of inputs) {
      tf.util.assertShapesMatch(
        shape,
        tensor.shape,
        'All tensors passed to stack must have matching shapes',
      );
      tf.util.assert(
        dtype === tensor.dtype,
        () => 'All tensors passed to stack must have matching dtypes',
      );
    }
    const axis = attrs.axis < 0 ? attrs.axis + shape.length + 1 : attrs.axis;
    const expanded = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
    return concat(
      backend,
      inputs.map((tensor) => ({ ...tensor, dataId: tensor.dataId, dtype, shape: expanded })),
      axis,
    );
  }),
  defineKernel<tf.UnpackInputs, tf.UnpackAttrs>(tf.Unpack, (call) => {
    const { inputs, attrs, backend } = call;
    const { value } = inputs;
    if (!isNumeric(value)) return runInFallback(tf.Unpack, call as FallbackCall);
    const axis = attrs.axis < 0 ? attrs.axis + value.shape.length : attrs.axis;
    const ones = new Array<number>(value.shape[axis]!).fill(1);
    const shape = value.shape.filter((_, index) => index !== axis);
    return split(backend, value, axis, ones).map((piece) => ({ ...piece, shape }));
  }),
  defineKernel(tf.PadV2, pad),
  defineKernel(tf.MirrorPad, mirrorPad),
  defineKernel(tf.Tile, tile),
  defineKernel(tf.Reverse, reverse),
];
