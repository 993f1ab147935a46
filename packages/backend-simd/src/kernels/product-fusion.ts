import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { type Deferred, DeferredProduct, type Held, PassedProduct } from '../deferred.js';
import { defineFusingKernel, type SimdKernel } from '../kernel.js';
import { blockElements, movedElement, runElementwise, runSliced } from '../sliced.js';
import { DeferredPoolGradient } from './pool-gradient.js';

/** The sum of a product that is still to be computed and a bias, to be computed in one pass. */
export function addBias(
  backend: SimdBackend,
  product: tf.TensorInfo,
  bias: tf.TensorInfo,
): tf.TensorInfo | undefined {
  const deferred = backend.deferred(product);
  if (!(deferred instanceof DeferredProduct) || deferred.bias) return undefined;
  const { columns } = deferred;
  const fits =
    bias.dtype === 'float32' &&
    bias.shape.length <= product.shape.length &&
    bias.shape.at(-1) === columns &&
    tf.util.sizeFromShape(bias.shape) === columns &&
    product.shape.at(-1) === columns;
  if (!fits) return undefined;
  backend.pass(product, deferred);
  return backend.defer(product.shape, 'float32', deferred.withBias(backend.hold(bias)));
}

/** The relu of a product that is still to be computed, in its own pass. */
export function activateProduct(backend: SimdBackend, x: tf.TensorInfo): tf.TensorInfo | undefined {
  const deferred = backend.deferred(x);
  if (!(deferred instanceof DeferredProduct)) return undefined;
  const out = backend.makeOutput(x.shape, 'float32');
  if (tf.util.sizeFromShape(x.shape) > 0) {
    deferred.computeClamped(backend.pointer(out), 0, Number.POSITIVE_INFINITY);
  }
  backend.pass(x, deferred, out);
  return out;
}

/** The step of a tensor, to come: multiplied with another tensor it needs no memory of its own. */
class DeferredStep implements Deferred {
  readonly source: Held;
  /** The step where the source is not positive. */
  readonly low: number;
  readonly #backend: SimdBackend;
  readonly #count: number;

  constructor(backend: SimdBackend, source: Held, count: number, low: number) {
    this.source = source;
    this.low = low;
    this.#backend = backend;
    this.#count = count;
  }

  compute(target: number): void {
    const parameters = { from: this.source.pointer, to: target, count: this.#count };
    runElementwise(this.#backend, 'stepAll', { ...parameters, more: [this.low] });
  }

  release(): void {
    this.source.release();
  }
}

/** The step of a relu's input, which is that of its output: the input may never be computed. */
function stepSource(backend: SimdBackend, x: tf.TensorInfo): Held {
  const deferred = backend.deferred(x);
  const activated = deferred instanceof PassedProduct ? deferred.activated : undefined;
  return activated?.again() ?? backend.hold(x);
}

/** The step of a float32 tensor, deferred. */
export function deferStep(backend: SimdBackend, x: tf.TensorInfo, low: number): tf.TensorInfo {
  const count = tf.util.sizeFromShape(x.shape);
  const step = new DeferredStep(backend, stepSource(backend, x), count, low);
  return backend.defer(x.shape, 'float32', step);
}

/** The product of a tensor and a step that is still to be computed: the gradient of relu. */
export function multiplyStep(
  backend: SimdBackend,
  dy: tf.TensorInfo,
  step: tf.TensorInfo,
): tf.TensorInfo | undefined {
  const deferred = backend.deferred(step);
  const fits =
    deferred instanceof DeferredStep &&
    dy.dtype === 'float32' &&
    tf.util.arraysEqual(dy.shape, step.shape);
  if (!fits) return undefined;
  const pooled = backend.deferred(dy);
  if (pooled instanceof DeferredPoolGradient && pooled.input.pointer === deferred.source.pointer) {
    const result = backend.makeOutput(dy.shape, 'float32');
    pooled.computeStepped(backend.pointer(result), deferred.low);
    return result;
  }
  const left = backend.pointer(dy);
  const right = deferred.source.pointer;
  const out = backend.makeOutput(dy.shape, 'float32');
  const target = backend.pointer(out);
  const count = tf.util.sizeFromShape(dy.shape);
  const options = { cost: movedElement, multiple: blockElements };
  runSliced(backend, 'multiplyStep', count, options, (begin, end) => {
    const offset = begin * elementBytes;
    return [left + offset, right + offset, target + offset, end - begin, deferred.low];
  });
  return out;
}

/** The same kernel, but for deferred inputs that `fuse` takes up. */
export function fusing<Inputs extends object, Attributes = object>(
  kernel: SimdKernel,
  fuse: (backend: SimdBackend, inputs: Inputs, attributes: Attributes) => tf.TensorInfo | undefined,
): SimdKernel {
  const { kernelName, kernelFunc } = kernel;
  return defineFusingKernel<Inputs, Attributes>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const fused = fuse(backend, inputs as Inputs, attrs as Attributes);
    if (fused) return fused;
    if (!kernel.takesDeferred) backend.settle(inputs);
    return kernelFunc(call as never);
  });
}
