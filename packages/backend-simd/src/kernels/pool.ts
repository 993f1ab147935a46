import * as tf from '@tensorflow/tfjs';
import { runInFallback } from '../fallback.js';
import { defineKernel, definePlainKernel, type SimdKernel } from '../kernel.js';
import { runSliced } from '../sliced.js';
import { DeferredPoolGradient } from './pool-gradient.js';
import { isQuartering, poolInfo, windows, windowsCost } from './pool-windows.js';
import { isEmpty, runWindows } from './window-sizes.js';

/** Whether gradients are going to be wanted of what is computed now. */
function isRecording(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

/** A forward pass, over windows of an input. */
function pool(
  kernelName: typeof tf.MaxPool | typeof tf.AvgPool,
  name: 'maxPool' | 'averagePool',
): SimdKernel {
  return defineKernel<tf.MaxPoolInputs, tf.MaxPoolAttrs>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const info = poolInfo(x.shape, attrs);
    if (x.dtype !== 'float32') return runWindows(kernelName, call, info, x.dtype);
    const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outShape } = info;
    const isIdentity = info.filterHeight === 1 && info.filterWidth === 1;
    if (isIdentity && tf.util.arraysEqual(info.inShape, outShape)) {
      return backend.alias(x, x.shape);
    }
    const out = backend.makeOutput(outShape, 'float32');
    const from = backend.pointer(x);
    const to = backend.pointer(out);
    const cost = windowsCost(info, outWidth);
    if (kernelName === tf.MaxPool && isQuartering(info) && isRecording()) {
      const places = backend.heap.allocate(tf.util.sizeFromShape(outShape));
      backend.remember(out, { address: places, source: x.dataId });
      // biome-ignore format: grouped by meaning
      runSliced(backend, 'maxPoolPlaces', batchSize * outHeight, { cost }, (begin, end) => [
        from, inHeight, inWidth, inChannels, to, outHeight, outWidth, places, begin, end,
      ]);
      return out;
    }
    // biome-ignore format: grouped by meaning
    runSliced(backend, name, batchSize * outHeight, { cost }, (begin, end) => [
      from, inHeight, inWidth, inChannels, to, outHeight, outWidth, ...windows(info),
      begin, end,
    ]);
    return out;
  });
}

const maxPoolGrad = defineKernel<tf.MaxPoolGradInputs, tf.MaxPoolGradAttrs>(
  tf.MaxPoolGrad,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { dy, input, output } = inputs;
    if (dy.dtype !== 'float32' || input.dtype !== 'float32') {
      return runInFallback(tf.MaxPoolGrad, call);
    }
    return backend.defer(
      input.shape,
      'float32',
      new DeferredPoolGradient(backend, { dy, input, output }, poolInfo(input.shape, attrs)),
    );
  },
);

const avgPoolGrad = defineKernel<tf.AvgPoolGradInputs, tf.AvgPoolGradAttrs>(
  tf.AvgPoolGrad,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { dy, input } = inputs;
    if (dy.dtype !== 'float32') return runInFallback(tf.AvgPoolGrad, call);
    const info = poolInfo(input.shape, attrs);
    const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = info;
    const out = backend.makeOutput(input.shape, 'float32');
    const to = backend.pointer(out);
    // As tfjs: each element gets an equal share even where a window reaches outside.
    const share = 1 / (info.filterHeight * info.filterWidth);
    const from = backend.pointer(dy);
    const cost = windowsCost(info, outHeight * outWidth);
    // biome-ignore format: grouped by meaning
    runSliced(backend, 'averagePoolGradient', batchSize, { cost }, (begin, end) => [
      to, inHeight, inWidth, inChannels,
      from, outHeight, outWidth, ...windows(info),
      share, begin, end,
    ]);
    return out;
  },
);

/** In plain JavaScript, but for pictures that no window fits into. */
const maxPoolWithArgmax = definePlainKernel<tf.MaxPoolWithArgmaxInputs, tf.MaxPoolWithArgmaxAttrs>(
  tf.MaxPoolWithArgmax,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const info = poolInfo(x.shape, attrs);
    if (!isEmpty(info)) return runInFallback(tf.MaxPoolWithArgmax, call);
    const { outShape } = info;
    return [backend.makeOutput(outShape, x.dtype), backend.makeOutput(outShape, 'int32')];
  },
);

/** Two-dimensional pooling, natively of float32. */
export const poolKernels: readonly SimdKernel[] = [
  pool(tf.MaxPool, 'maxPool'),
  pool(tf.AvgPool, 'averagePool'),
  maxPoolGrad,
  avgPoolGrad,
  maxPoolWithArgmax,
];
