import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.js';
import { type Epilogue, noEpilogue } from '../deferred.js';
import { runInFallback } from '../fallback.js';
import { recordFusedDepthwise } from '../gradients/fused-operations.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { movedElement } from '../sliced.js';
import { cut, sliceFor } from '../slices.js';
import { runFused, withScratch } from './matmul-fused.js';
import { runWindows, type WindowSizes, withoutNegativeSizes } from './window-sizes.js';

type Shape4D = [number, number, number, number];
type Geometry = Pick<tf.DepthwiseConv2dNativeAttrs, 'strides' | 'pad' | 'dimRoundingMode'> & {
  readonly dilations?: tf.DepthwiseConv2dNativeAttrs['dilations'];
};

/** Groups of images whose filter gradients are computed apart, then added: the same for any threads. */
const imageGroups = 16;

/** Bytes of a float32. */
const bytes = 4;

function depthwiseInfo(inShape: number[], filterShape: number[], attrs: Geometry): WindowSizes {
  const { strides, pad, dimRoundingMode } = attrs;
  const dilations = attrs.dilations ?? 1;
  tf.util.assert(
    tf.backend_util.eitherStridesOrDilationsAreOne(strides, dilations),
    () =>
      'Error in depthwiseConv2d: Either strides or dilations must be 1. ' +
      `Got strides ${strides} and dilations '${dilations}'`,
  );
  return withoutNegativeSizes(
    tf.backend_util.computeConv2DInfo(
      inShape as Shape4D,
      filterShape as Shape4D,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    ),
  );
}

function isSupported(dataFormat: string | undefined, ...tensors: tf.TensorInfo[]): boolean {
  return dataFormat !== 'NCHW' && tensors.every(({ dtype }) => dtype === 'float32');
}

/** The parameters that all three functions share: sizes, strides, padding, dilation. */
function geometry(info: WindowSizes): number[] {
  const { outHeight, outWidth, strideHeight, strideWidth } = info;
  const { padInfo, dilationHeight, dilationWidth } = info;
  // biome-ignore format: grouped by meaning
  return [
    outHeight, outWidth, strideHeight, strideWidth,
    padInfo.top, padInfo.left, dilationHeight, dilationWidth,
  ];
}

/** What a line of so many positions takes, in nanoseconds. */
function lineCost(info: WindowSizes, positions: number): { cost: number } {
  const { filterHeight, filterWidth, outChannels } = info;
  return { cost: positions * (filterHeight * filterWidth + 2) * outChannels * movedElement };
}

/** Hands the input to `use` image by image, each channel repeated for its outputs; whole if one. */
function withRepeatedChannels(
  backend: SimdBackend,
  x: tf.TensorInfo,
  info: WindowSizes,
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
  info: WindowSizes,
  epilogue: Epilogue,
): tf.TensorInfo {
  const out = backend.makeOutput(info.outShape, 'float32');
  const { inHeight, inWidth, outHeight, outWidth, outChannels, filterHeight, filterWidth } = info;
  const { bias, flags, low, high } = epilogue;
  const { kernels } = backend;
  const scratchBytes = kernels.depthwiseScratch!(filterHeight * filterWidth);
  const weights = backend.pointer(filter);
  withRepeatedChannels(backend, x, info, (source, firstImage, images) => {
    const target = backend.pointer(out) + firstImage * outHeight * outWidth * outChannels * bytes;
    const slices = sliceFor(backend.threads, images * outHeight, lineCost(info, outWidth));
    // biome-ignore format: grouped by meaning
    const calls = slices.map(({ begin, end }) => [
      source, inHeight, inWidth, outChannels,
      weights, filterHeight, filterWidth,
      target, ...geometry(info),
      bias, flags, low, high, begin, end,
    ]);
    backend.run('depthwise', calls, scratchBytes);
  });
  return out;
}

function inputGradient(
  backend: SimdBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: WindowSizes,
): tf.TensorInfo {
  const out = backend.makeOutput(info.inShape, 'float32');
  const { batchSize, inHeight, inWidth, inChannels, filterHeight, filterWidth } = info;
  const { outHeight, outWidth, outChannels } = info;
  const { kernels } = backend;
  const scratchBytes = kernels.depthwiseScratch!(filterHeight * filterWidth);
  const weights = backend.pointer(filter);
  const run = (source: number, target: number, images: number) => {
    const slices = sliceFor(backend.threads, images * inHeight, lineCost(info, inWidth));
    // biome-ignore format: grouped by meaning
    const calls = slices.map(({ begin, end }) => [
      target, inHeight, inWidth, outChannels,
      weights, filterHeight, filterWidth,
      source, ...geometry(info),
      begin, end,
    ]);
    backend.run('depthwiseInputGradient', calls, scratchBytes);
  };
  const source = backend.pointer(dy);
  const target = backend.pointer(out);
  if (inChannels === outChannels) {
    run(source, target, batchSize);
    return out;
  }
  const pixels = inHeight * inWidth;
  withScratch(backend, pixels * outChannels * bytes, (repeated) => {
    for (let image = 0; image < batchSize; image++) {
      run(source + image * outHeight * outWidth * outChannels * bytes, repeated, 1);
      const to = target + image * pixels * inChannels * bytes;
      kernels.sumChannels!(repeated, pixels, inChannels, outChannels / inChannels, to);
    }
  });
  return out;
}

function filterGradient(
  backend: SimdBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: WindowSizes,
): tf.TensorInfo {
  const out = backend.makeOutput(info.filterShape, 'float32');
  const { inHeight, inWidth, filterHeight, filterWidth, outHeight, outWidth, outChannels } = info;
  const whole = info.inChannels === outChannels;
  const groups = cut(info.batchSize, whole ? imageGroups : 1);
  const elements = filterHeight * filterWidth * outChannels;
  const groupBytes = Math.ceil((elements * bytes) / 64) * 64;
  const gradients = backend.pointer(dy);
  withScratch(backend, groups.length * groupBytes, (sums) => {
    const start = sums / bytes;
    backend.heap.float32.fill(0, start, start + (groups.length * groupBytes) / bytes);
    withRepeatedChannels(backend, x, info, (source, firstImage, images) => {
      const inBytes = inHeight * inWidth * outChannels * bytes;
      const outBytes = outHeight * outWidth * outChannels * bytes;
      // biome-ignore format: grouped by meaning
      const calls = groups.map(({ begin, end }, group) => [
        source + begin * inBytes, whole ? end - begin : images, inHeight, inWidth, outChannels,
        sums + group * groupBytes, filterHeight, filterWidth,
        gradients + (firstImage + begin) * outBytes, ...geometry(info),
        0, outChannels,
      ]);
      backend.run('depthwiseFilterGradient', calls);
    });
    const target = backend.pointer(out);
    backend.kernels.sumColumns!(sums, target, 1, groups.length, groupBytes / bytes, 1);
  });
  return out;
}

const depthwiseConv2d = defineKernel<tf.DepthwiseConv2dNativeInputs, tf.DepthwiseConv2dNativeAttrs>(
  tf.DepthwiseConv2dNative,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { x, filter } = inputs;
    const info = depthwiseInfo(x.shape, filter.shape, attrs);
    if (!isSupported(attrs.dataFormat, x, filter)) {
      return runWindows(tf.DepthwiseConv2dNative, call, info, x.dtype);
    }
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
  recordFusedDepthwise(attrs);
  const info = depthwiseInfo(x.shape, filter.shape, attrs);
  if (!isSupported(attrs.dataFormat, x, filter)) {
    return runWindows(tf.FusedDepthwiseConv2D, call, info, x.dtype);
  }
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
