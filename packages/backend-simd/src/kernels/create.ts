import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { blockElements, runSliced } from '../sliced.js';

/** Filling takes half of what moving does. */
const slicing = { cost: 0.2, multiple: blockElements };

const bits = new DataView(new ArrayBuffer(4));

/** Sets every element of a tensor of numbers. */
export function fillTensor(backend: SimdBackend, tensor: tf.TensorInfo, value: number): void {
  if (tensor.dtype === 'float32') bits.setFloat32(0, value);
  else bits.setInt32(0, value);
  const count = tf.util.sizeFromShape(tensor.shape);
  fillElements(backend, backend.pointer(tensor), count, bits.getInt32(0));
}

/** Sets so many elements from an address on to the number with these bits. */
export function fillElements(
  backend: SimdBackend,
  to: number,
  count: number,
  pattern: number,
): void {
  runSliced(backend, 'fillAll', count, slicing, (begin, end) => [
    to + begin * elementBytes,
    end - begin,
    pattern,
  ]);
}

function filled(
  backend: SimdBackend,
  shape: number[],
  dtype: tf.DataType,
  value: number,
): tf.TensorInfo {
  const out = backend.makeOutput(shape, dtype);
  fillTensor(backend, out, value);
  return out;
}

/** start, start + step, start + 2 * step, ...: each rounded once, so that no error adds up. */
function sequence(
  backend: SimdBackend,
  dtype: tf.DataType,
  count: number,
  start: number,
  step: number,
): tf.TensorInfo {
  const out = backend.makeOutput([count], dtype);
  const values = backend.typedArrayFromHeap(out);
  if (count > 0) values[0] = start;
  for (let index = 1; index < count; index++) values[index] = start + index * step;
  return out;
}

function isNumeric(dtype: tf.DataType): boolean {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}

/** Kernels that make tensors from nothing or from the shape of another. */
export const createKernels: readonly SimdKernel[] = [
  defineKernel<object, tf.FillAttrs>(tf.Fill, (call) => {
    const { shape, value, dtype } = call.attrs;
    const wanted = dtype || tf.util.inferDtype(value);
    if (typeof value === 'string' || !isNumeric(wanted)) return runInFallback(tf.Fill, call);
    return filled(call.backend, shape, wanted, value);
  }),
  defineKernel<tf.ZerosLikeInputs>(tf.ZerosLike, (call) => {
    const { x } = call.inputs;
    if (!isNumeric(x.dtype)) return runInFallback(tf.ZerosLike, call);
    return filled(call.backend, x.shape, x.dtype, 0);
  }),
  defineKernel<tf.OnesLikeInputs>(tf.OnesLike, (call) => {
    const { x } = call.inputs;
    if (!isNumeric(x.dtype)) return runInFallback(tf.OnesLike, call);
    return filled(call.backend, x.shape, x.dtype, 1);
  }),
  defineKernel<object, tf.RangeAttrs>(tf.Range, ({ attrs, backend }) => {
    const { start, stop, step, dtype } = attrs;
    // A step of 1, the default of tf.range, also counts down.
    const signed = stop < start && step === 1 ? -1 : step;
    const count = Math.max(0, Math.ceil((stop - start) / signed));
    return sequence(backend, dtype, count, start, signed);
  }),
  defineKernel<object, tf.LinSpaceAttrs>(tf.LinSpace, ({ attrs, backend }) => {
    const { start, stop, num } = attrs;
    return sequence(backend, 'float32', num, start, (stop - start) / (num - 1));
  }),
  defineKernel<tf.OneHotInputs, tf.OneHotAttrs>(tf.OneHot, (call) => {
    const { inputs, attrs, backend } = call;
    const { indices } = inputs;
    const { depth, onValue, offValue, dtype } = attrs;
    if (indices.dtype !== 'int32' || !isNumeric(dtype)) return runInFallback(tf.OneHot, call);
    const out = filled(backend, [...indices.shape, depth], dtype, offValue);
    const places = backend.typedArrayFromHeap(indices);
    const values = backend.typedArrayFromHeap(out);
    for (let row = 0; row < places.length; row++) {
      const place = places[row]!;
      if (place >= 0 && place < depth) values[row * depth + place] = onValue;
    }
    return out;
  }),
];
