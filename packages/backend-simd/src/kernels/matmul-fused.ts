import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import { clamp, type Epilogue } from '../deferred.js';
import { SimdBackendError } from '../errors.js';

type Activation = tf._FusedMatMulAttrs['activation'];

/** The optional inputs and attributes that all fused kernels share. */
export interface FusedExtras {
  readonly bias?: tf.TensorInfo | undefined;
  readonly preluActivationWeights?: tf.TensorInfo | undefined;
  readonly activation?: Activation | undefined;
  readonly leakyreluAlpha?: number | undefined;
}

const limits: { readonly [name in Activation]?: readonly [low: number, high: number] } = {
  relu: [0, Number.POSITIVE_INFINITY],
  relu6: [0, 6],
};

/**
 * Runs a product with a bias and an activation: both within the product where it can (a bias of one
 * float a column; relu, relu6), by further kernels otherwise.
 */
export function runFused(
  backend: SimdBackend,
  columns: number,
  extras: FusedExtras,
  product: (epilogue: Epilogue) => tf.TensorInfo,
): tf.TensorInfo {
  const { bias, preluActivationWeights, activation = 'linear', leakyreluAlpha } = extras;
  const biasFits =
    bias !== undefined &&
    bias !== null &&
    bias.dtype === 'float32' &&
    tf.util.sizeFromShape(bias.shape) === columns &&
    bias.shape[bias.shape.length - 1] === columns;
  const biasLeft = bias && !biasFits ? bias : undefined;
  const range = biasLeft ? undefined : limits[activation];
  const [low, high] = range ?? [0, 0];

  let result = product({
    bias: biasFits ? backend.pointer(bias) : 0,
    flags: range ? clamp : 0,
    low,
    high,
  });
  const replace = (kernelName: string, inputs: tf.NamedTensorInfoMap, attrs: object = {}) => {
    const next = runKernel(kernelName, backend, inputs, attrs);
    backend.disposeIntermediateTensorInfo(result);
    result = next;
  };
  if (biasLeft) replace(tf.Add, { a: result, b: biasLeft });
  if (!range) {
    if (activation === 'relu') replace(tf.Relu, { x: result });
    else if (activation === 'relu6') replace(tf.Relu6, { x: result });
    else if (activation === 'elu') replace(tf.Elu, { x: result });
    else if (activation === 'sigmoid') replace(tf.Sigmoid, { x: result });
    else if (activation === 'leakyrelu') {
      replace(tf.LeakyRelu, { x: result }, { alpha: leakyreluAlpha ?? 0.2 });
    } else if (activation === 'prelu') {
      replace(tf.Prelu, { x: result, alpha: preluActivationWeights as tf.TensorInfo });
    } else if (activation !== 'linear') {
      throw new SimdBackendError(
        `Expected an activation of linear, relu, relu6, elu, leakyrelu, prelu or sigmoid, ` +
          `got ${String(activation)}: apply it as an operation of its own.`,
      );
    }
  }
  return result;
}

/** Runs another kernel of this backend. */
function runKernel(
  kernelName: string,
  backend: SimdBackend,
  inputs: tf.NamedTensorInfoMap,
  attrs: object,
): tf.TensorInfo {
  const kernel = tf.getKernel(kernelName, 'simd');
  return kernel.kernelFunc({
    inputs,
    attrs: attrs as tf.NamedAttrMap,
    backend,
  }) as tf.TensorInfo;
}

/** Lends `bytes` bytes of scratch to `use`. */
export function withScratch<T>(
  backend: SimdBackend,
  bytes: number,
  use: (address: number) => T,
): T {
  const address = backend.heap.allocate(bytes);
  try {
    return use(address);
  } finally {
    backend.heap.free(address);
  }
}
