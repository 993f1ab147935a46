import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from './backend.js';
import { SimdBackendError } from './errors.js';

/** The call of a kernel in the shape in which `tf.registerKernel` passes it. */
export interface FallbackCall {
  readonly inputs: object;
  readonly attrs?: object;
  readonly backend: SimdBackend;
}

/** A tensor of the plain JavaScript backend. */
interface PlainData {
  values?: tf.BackendValues;
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo };
}

let plainBackend: tf.MathBackendCPU | undefined;

/** The names of all kernels of the plain JavaScript backend. */
export function plainKernelNames(): string[] {
  return tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
}

/**
 * Runs a kernel of tfjs's plain JavaScript backend on tensors of the `simd` backend: the inputs are
 * lent as views of the linear memory, the outputs are copied into it, and nothing else remains.
 */
export function runInFallback(
  kernelName: string,
  call: FallbackCall,
): tf.TensorInfo | tf.TensorInfo[] {
  const kernel = tf.getKernel(kernelName, 'cpu');
  if (!kernel) {
    throw new SimdBackendError(
      `Kernel '${kernelName}' is neither native to the simd backend nor registered for 'cpu': ` +
        "import '@tensorflow/tfjs' (or '@tensorflow/tfjs-backend-cpu'), which registers it.",
    );
  }
  const { backend } = call;
  const { inputs } = call;
  // What is computed now could move the views lent before it.
  backend.settle(inputs);
  const plain = borrowPlainBackend();
  const outerStorage = plain.data;
  plain.data = new tf.DataStorage(plain, tf.engine());
  try {
    const output = kernel.kernelFunc({
      inputs: lend(inputs, backend, plain) as tf.NamedTensorInfoMap,
      attrs: lend(call.attrs, backend, plain) as tf.NamedAttrMap,
      backend: plain,
    });
    const outputs = Array.isArray(output) ? output : [output];
    detachFromHeap(outputs, backend, plain);
    const results = outputs.map((tensor) => take(tensor, backend, plain));
    for (const tensor of new Set(outputs)) if (tensor instanceof tf.Tensor) tensor.dispose();
    return Array.isArray(output) ? results : results[0]!;
  } finally {
    plain.data = outerStorage;
  }
}

/** One instance serves every call; each call brings its own storage, so that nothing can leak. */
function borrowPlainBackend(): tf.MathBackendCPU {
  if (!plainBackend) {
    plainBackend = new tf.MathBackendCPU();
    // Its first write greets the user of Node with an advertisement of tfjs-node.
    (plainBackend as unknown as { firstUse: boolean }).firstUse = false;
  }
  return plainBackend;
}

/** The same structure with each tensor of the backend replaced by one of the plain backend. */
function lend(value: unknown, backend: SimdBackend, plain: tf.MathBackendCPU): unknown {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  // Some kernels read `rank`, which a tensor has and a tensor info has not.
  if (isTensorInfo(value)) {
    return { ...lendTensor(value, backend, plain), rank: value.shape.length };
  }
  if (Array.isArray(value)) return value.map((item) => lend(item, backend, plain));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, lend(item, backend, plain)]),
  );
}

function isTensorInfo(value: object): value is tf.TensorInfo {
  return 'dataId' in value && 'shape' in value && 'dtype' in value;
}

function lendTensor(
  tensor: tf.TensorInfo,
  backend: SimdBackend,
  plain: tf.MathBackendCPU,
): tf.TensorInfo {
  const { shape, dtype } = tensor;
  if (dtype === 'complex64') {
    const { real, imag } = backend.complexParts(tensor);
    const lent = plain.makeTensorInfo(shape, dtype);
    plainData(plain, lent).complexTensorInfos = {
      real: lendTensor({ ...real, shape }, backend, plain),
      imag: lendTensor({ ...imag, shape }, backend, plain),
    };
    return lent;
  }
  if (dtype === 'string') return plain.makeTensorInfo(shape, dtype, backend.strings(tensor));
  const values = backend.typedArrayFromHeap(tensor);
  return plain.makeTensorInfo(shape, dtype, dtype === 'bool' ? Uint8Array.from(values) : values);
}

/** Copies outputs that are views of an input, which the next allocation could leave stale. */
function detachFromHeap(
  outputs: readonly tf.TensorInfo[],
  backend: SimdBackend,
  plain: tf.MathBackendCPU,
): void {
  const { buffer } = backend.heap.uint8;
  for (const output of outputs) {
    const data = plainData(plain, output);
    const { real, imag } = data.complexTensorInfos ?? {};
    if (real && imag) detachFromHeap([real, imag], backend, plain);
    const { values } = data;
    if (ArrayBuffer.isView(values) && values.buffer === buffer) data.values = values.slice();
  }
}

function take(
  output: tf.TensorInfo,
  backend: SimdBackend,
  plain: tf.MathBackendCPU,
): tf.TensorInfo {
  const { shape, dtype } = output;
  const { values, complexTensorInfos } = plainData(plain, output);
  if (complexTensorInfos) {
    const { real, imag } = complexTensorInfos;
    return backend.makeComplex(
      take({ ...real, shape, dtype: 'float32' }, backend, plain),
      take({ ...imag, shape, dtype: 'float32' }, backend, plain),
    );
  }
  return backend.makeTensorInfo(shape, dtype, values ?? new Float32Array(0));
}

function plainData(plain: tf.MathBackendCPU, tensor: tf.TensorInfo): PlainData {
  return plain.data.get(tensor.dataId) as PlainData;
}
