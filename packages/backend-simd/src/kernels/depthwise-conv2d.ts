import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { type Epilogue, noEpilogue, runFused, withScratch } from './matmul-fused.js';

type Conv2DInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
type Shape4D = [number, number, number, number];
type Geometry = Pick<tf.DepthwiseConv2dNativeAttrs, 'strides' | 'pad' | 'dimRoundingMode'> & {
  readonly dilations?: tf.DepthwiseConv2dNativeAttrs['dilations'];
};

/** Bytes of a float32. */
const bytes = 4;

function depthwiseInfo(inShape: number[], filterShape: number[], attrs: Geometry): Conv2DInfo {
  const { strides, pad, dimRoundingMode } = attrs;
  const dilations = attrs.dilations ?? 1;
  tf.util.assert(
    tf.backend_util.eitherStridesOrDilationsAreOne(strides, dilations),
    () =>
      'Error in depthwiseConv2d: Either strides or dilations must be 1. ' +
      `Got strides ${strides} and dilations '${dilations}'`,
  );
  return tf.backend_util.computeConv2DInfo(
    inShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
}

function isSupported(dataFormat: string | undefined, ...tensors: tf.TensorInfo[]): boolean {
  return dataFormat !== 'NCHW' && tensors.every(({ dtype }) => dtype === 'float32');
}

/** The parameters that all three functions share: sizes, strides, padding, dilation. */
function geometry(info: Conv2DInfo): number[] {
  const { outHeight, outWidth, strideHeight, strideWidth } = info;
  const { padInfo, dilationHeight, dilationWidth } = info;
  // biome-ignore format: grouped by meaning
  return [
    outHeight, outWidth, strideHeight, strideWidth,
    padInfo.top, padInfo.left, dilationHeight, dilationWidth,
  ];
}

/** Hands the input to `use` image by image, each channel repeated for its outputs; whole if one. */
function withRepeatedChannels(
  backend: SimdBackend,
  x: tf.TensorInfo,
  info: Conv2DInfo,
  use: (source: number, firstImage: number, images: number) => void,
): void {
  const { batchSize, inHeight, inWidth, inChannels, outChannels } = info;
  const source = backend.pointer(x);
  if (inChannels === outChannels) {
    use(source, 0, batchSize);
    return;
  }
  const pixels = inHeight * inWidth;
  withScratch(backend, pixels * outChannels * bytes, (repeated) => {
    for (let image = 0; image < batchSize; image++) {
      const from = source + image * pixels * inChannels * bytes;
      const times = outChannels / inChannels;
      backend.kernels.repeatChannels!(from, pixels, inChannels, times, repeated);
      use(repeated, image, 1);
    }
  });
}

function forward(
  backend: SimdBackend,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Conv2DInfo,
  epilogue: Epilogue,
): tf.TensorInfo {
  const out = backend.makeOutput(info.outShape, 'float32');
  const { inHeight, inWidth, outHeight, outWidth, outChannels, filterHeight, filterWidth } = info;
  const { bias, flags, low, high } = epilogue;
  const { kernels } = backend;
  withScratch(backend, kernels.depthwiseScratch!(filterHeight * filterWidth), (list) => {
    withRepeatedChannels(backend, x, info, (source, firstImage, images) => {
      const target = backend.pointer(out) + firstImage * outHeight * outWidth * outChannels * bytes;
      // biome-ignore format: grouped by meaning
      kernels.depthwise!(
        source, inHeight, inWidth, outChannels,
        backend.pointer(filter), filterHeight, filterWidth,
        target, ...geometry(info),
        bias, flags, low, high, 0, images * outHeight, list,
      );
    });
  });
  return out;
}

function inputGradient(
  backend: SimdBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Conv2DInfo,
): tf.TensorInfo {
  const out = backend.makeOutput(info.inShape, 'float32');
  const { batchSize, inHeight, inWidth, inChannels, filterHeight, filterWidth } = info;
  const { outHeight, outWidth, outChannels } = info;
  const { kernels } = backend;
  const run = (source: number, target: number, images: number, list: number) => {
    // biome-ignore format: grouped by meaning
    kernels.depthwiseInputGradient!(
      target, inHeight, inWidth, outChannels,
      backend.pointer(filter), filterHeight, filterWidth,
      source, ...geometry(info),
      0, images * inHeight, list,
    );
  };
  withScratch(backend, kernels.depthwiseScratch!(filterHeight * filterWidth), (list) => {
    const source = backend.pointer(dy);
    const target = backend.pointer(out);
    if (inChannels === outChannels) {
      run(source, target, batchSize, list);
      return;
    }
    const pixels = inHeight * inWidth;
    withScratch(backend, pixels * outChannels * bytes, (repeated) => {
      for (let image = 0; image < batchSize; image++) {
        run(source + image * outHeight * outWidth * outChannels * bytes, repeated, 1, list);
        const to = target + image * pixels * inChannels * bytes;
        kernels.sumChannels!(repeated, pixels, inChannels, outChannels / inChannels, to);
      }
    });
  });
  return out;
}

function filterGradient(
  backend: SimdBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: Conv2DInfo,
): tf.TensorInfo {
  const out = backend.makeOutput(info.filterShape, 'float32');
  backend.typedArrayFromHeap(out).fill(0);
  const { inHeight, inWidth, filterHeight, filterWidth, outHeight, outWidth, outChannels } = info;
  withRepeatedChannels(backend, x, info, (source, firstImage, images) => {
    const from = backend.pointer(dy) + firstImage * outHeight * outWidth * outChannels * bytes;
    // biome-ignore format: grouped by meaning
    backend.kernels.depthwiseFilterGradient!(
      source, images, inHeight, inWidth, outChannels,
      backend.pointer(out), filterHeight, filterWidth,
      from, ...geometry(info),
      0, outChannels,
    );
  });
  return out;
}

const depthwiseConv2d = defineKernel<tf.DepthwiseConv2dNativeInputs, tf.DepthwiseConv2dNativeAttrs>(
  tf.DepthwiseConv2dNative,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { x, filter } = inputs;
    if (!isSupported(attrs.dataFormat, x, filter)) {
      return runInFallback(tf.DepthwiseConv2dNative, call);
    }
    const info = depthwiseInfo(x.shape, filter.shape, attrs);
    return forward(backend, x, filter, info, noEpilogue);
  },
);

const fusedDepthwiseConv2d = defineKernel<
  tf.FusedDepthwiseConv2DInputs,
  tf.FusedDepthwiseConv2DAttrs
>(tf.FusedDepthwiseConv2D, (call) => {
  const { inputs, attrs, backend } = call;
  const { x, filter, bias, preluActivationWeights } = inputs;
  const { activation, leakyreluAlpha } = attrs;
  if (!isSupported(attrs.dataFormat, x, filter)) {
    return runInFallback(tf.FusedDepthwiseConv2D, call);
  }
  const info = depthwiseInfo(x.shape, filter.shape, attrs);
  const extras = { bias, preluActivationWeights, activation, leakyreluAlpha };
  return runFused(backend, info.outChannels, extras, (epilogue) =>
    forward(backend, x, filter, info, epilogue),
  );
});

const depthwiseBackpropInput = defineKernel<
  tf.DepthwiseConv2dNativeBackpropInputInputs,
  tf.DepthwiseConv2dNativeBackpropInputAttrs
>(tf.DepthwiseConv2dNativeBackpropInput, (call) => {
  const { inputs, attrs, backend } = call;
  const { dy, filter } = inputs;
  if (!isSupported('NHWC', dy, filter)) {
    return runInFallback(tf.DepthwiseConv2dNativeBackpropInput, call);
  }
  return inputGradient(backend, dy, filter, depthwiseInfo(attrs.inputShape, filter.shape, attrs));
});

const depthwiseBackpropFilter = defineKernel<
  tf.DepthwiseConv2dNativeBackpropFilterInputs,
  tf.DepthwiseConv2dNativeBackpropFilterAttrs
>(tf.DepthwiseConv2dNativeBackpropFilter, (call) => {
  const { inputs, attrs, backend } = call;
  const { x, dy } = inputs;
  if (!isSupported('NHWC', x, dy)) {
    return runInFallback(tf.DepthwiseConv2dNativeBackpropFilter, call);
  }
  return filterGradient(backend, x, dy, depthwiseInfo(x.shape, attrs.filterShape, attrs));
});

/** Depthwise convolutions of float32, channels last. */
export const depthwiseKernels: readonly SimdKernel[] = [
  depthwiseConv2d,
  fusedDepthwiseConv2d,
  depthwiseBackpropInput,
  depthwiseBackpropFilter,
];
