import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { DeferredGradient, DeferredProduct, type Epilogue, noEpilogue } from '../deferred.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { cut, productsPerNanosecond, type Slice, sliceFor } from '../slices.js';
import { runFused, withScratch } from './matmul-fused.js';
import { convolveWinograd, isForWinograd, winogradFilterGradient } from './winograd.js';

type Conv2DInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
type Shape4D = [number, number, number, number];
type Geometry = Pick<tf.Conv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'> & {
  readonly dilations?: tf.Conv2DAttrs['dilations'];
};

function convolutionInfo(inShape: number[], filterShape: number[], attrs: Geometry): Conv2DInfo {
  const { strides, pad, dataFormat, dilations = 1, dimRoundingMode } = attrs;
  return tf.backend_util.computeConv2DInfo(
    inShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
}

/** True for what the kernels here compute; the plain kernels do the rest. */
function isSupported(dataFormat: 'NHWC' | 'NCHW', ...tensors: tf.TensorInfo[]): boolean {
  return dataFormat !== 'NCHW' && tensors.every(({ dtype }) => dtype === 'float32');
}

/** A grid of output positions and the taps they read: the parameters of `convolve` that vary. */
interface Grid {
  readonly gridHeight: number;
  readonly gridWidth: number;
  readonly rows: TapRange;
  readonly columns: TapRange;
}

/** Along one axis: the source index of a tap is `index * stride + first + tap * tapStep`. */
interface TapRange {
  readonly taps: number;
  readonly stride: number;
  readonly first: number;
  readonly tapStep: number;
  /** The target index is `index * step + offset`. */
  readonly step: number;
  readonly offset: number;
  /** Which taps of the filter they are: `filterFirst + tap * filterStep`. */
  readonly filterFirst: number;
  readonly filterStep: number;
}

/** Source and target of a pass of `convolve`; heights, widths and channels as they lie in memory. */
interface Pass {
  readonly images: number;
  readonly source: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly target: number;
  readonly targetHeight: number;
  readonly targetWidth: number;
  readonly targetChannels: number;
}

/** A filter as it lies in memory, and whether it is turned around for the gradient of the input. */
interface Filter {
  readonly address: number;
  readonly info: Conv2DInfo;
  readonly transpose: boolean;
}

/** Fewer strips of a filter than this are too few to share out, if the filter is no larger than that. */
const fewStrips = 32;
const smallFilter = 2 ** 16;
/** Groups of images whose filter gradients are computed apart, then added. */
const imageGroups = 16;
/** The output positions that `assembly/conv2d.ts` works on at a time. */
const positionsAtOnce = 64;

/** Packs the filter and runs `convolve` over one grid. */
function convolve(
  backend: SimdBackend,
  pass: Pass,
  grid: Grid,
  filter: Filter,
  epilogue: Epilogue,
): void {
  const { images, source, height, width, channels } = pass;
  const { target, targetHeight, targetWidth, targetChannels } = pass;
  const { gridHeight, gridWidth, rows, columns } = grid;
  const { filterWidth, inChannels, outChannels } = filter.info;
  const { kernels } = backend;
  const { bias, flags, low, high } = epilogue;
  // biome-ignore format: grouped by meaning
  const taps = [
    rows.taps, columns.taps,
    rows.first, columns.first,
    rows.tapStep, columns.tapStep,
  ] as const;
  const packedBytes = kernels.packedFilterBytes!(
    rows.taps * columns.taps * channels,
    targetChannels,
  );
  // biome-ignore format: grouped by meaning
  const scratchBytes = kernels.convolveScratch!(
    height, width, channels, targetChannels,
    gridHeight, gridWidth, rows.stride, columns.stride, ...taps,
  );
  withScratch(backend, packedBytes, (packed) => {
    // biome-ignore format: grouped by meaning
    kernels.packFilter!(
      filter.address, filterWidth, inChannels, outChannels, Number(filter.transpose),
      rows.filterFirst, rows.filterStep, rows.taps,
      columns.filterFirst, columns.filterStep, columns.taps,
      packed,
    );
    const positions = gridHeight * gridWidth;
    const products = rows.taps * columns.taps * channels * targetChannels;
    const slices = sliceFor(backend.threads, images * positions, {
      cost: products / productsPerNanosecond,
      multiple: images > backend.threads ? positions : positionsAtOnce,
    });
    // biome-ignore format: grouped by meaning
    const calls = slices.map(({ begin, end }) => [
      source, height, width, channels,
      target, targetHeight, targetWidth, targetChannels,
      gridHeight, gridWidth, rows.stride, columns.stride,
      rows.step, columns.step, rows.offset, columns.offset,
      ...taps,
      packed, bias, flags, low, high,
      begin, end,
    ]);
    backend.run('convolve', calls, scratchBytes);
  });
}

/** The taps of a forward pass along one axis. */
function forwardTaps(taps: number, stride: number, pad: number, dilation: number): TapRange {
  // biome-ignore format: a row of a table
  return {
    taps, stride, first: -pad, tapStep: dilation,
    step: 1, offset: 0, filterFirst: 0, filterStep: 1,
  };
}

/**
 * The taps that reach the input positions `phase`, `phase + stride`, ... along one axis, those of the
 * filter from last to first so that the source index grows.
 */
function gradientTaps(
  filterSize: number,
  stride: number,
  pad: number,
  dilation: number,
  phase: number,
): TapRange {
  const common = { stride: 1, step: stride, offset: phase };
  const period = stride / greatestCommonDivisor(stride, dilation);
  for (let tap = filterSize - 1; tap >= Math.max(0, filterSize - period); tap--) {
    const reach = phase + pad - tap * dilation;
    if (reach % stride === 0) {
      const taps = Math.floor(tap / period) + 1;
      const tapStep = (dilation * period) / stride;
      const filterTaps = { filterFirst: tap, filterStep: -period };
      return { ...common, taps, first: reach / stride, tapStep, ...filterTaps };
    }
  }
  return { ...common, taps: 0, first: 0, tapStep: 1, filterFirst: 0, filterStep: 1 };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function inputOf(info: Conv2DInfo, address: number) {
  const { inHeight: height, inWidth: width, inChannels: channels } = info;
  return { address, height, width, channels };
}

function outputOf(info: Conv2DInfo, address: number) {
  const { outHeight: height, outWidth: width, outChannels: channels } = info;
  return { address, height, width, channels };
}

function forward(
  backend: SimdBackend,
  info: Conv2DInfo,
  [x, filter]: readonly number[],
  target: number,
  epilogue: Epilogue,
): void {
  const { padInfo } = info;
  if (backend.convolution === 'winograd' && isForWinograd(info, info.outHeight, info.outWidth)) {
    const convolution = {
      images: info.batchSize,
      source: inputOf(info, x!),
      target: outputOf(info, target),
      filter: filter!,
      turned: false,
      top: padInfo.top,
      left: padInfo.left,
    };
    if (convolveWinograd(backend, convolution, epilogue)) return;
  }
  const pass: Pass = {
    images: info.batchSize,
    source: x!,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    target,
    targetHeight: info.outHeight,
    targetWidth: info.outWidth,
    targetChannels: info.outChannels,
  };
  const rows = forwardTaps(info.filterHeight, info.strideHeight, padInfo.top, info.dilationHeight);
  const columns = forwardTaps(info.filterWidth, info.strideWidth, padInfo.left, info.dilationWidth);
  if (tf.util.sizeFromShape(info.outShape) > 0) {
    const grid = { gridHeight: info.outHeight, gridWidth: info.outWidth, rows, columns };
    convolve(backend, pass, grid, { address: filter!, info, transpose: false }, epilogue);
  }
}

function inputGradient(
  backend: SimdBackend,
  info: Conv2DInfo,
  [dy, filter]: readonly number[],
  target: number,
): void {
  const { inHeight, inWidth, strideHeight, strideWidth, padInfo } = info;
  if (tf.util.sizeFromShape(info.outShape) === 0) {
    zero(backend, target, tf.util.sizeFromShape(info.inShape));
    return;
  }
  if (backend.convolution === 'winograd' && isForWinograd(info, inHeight, inWidth)) {
    const convolution = {
      images: info.batchSize,
      source: outputOf(info, dy!),
      target: inputOf(info, target),
      filter: filter!,
      turned: true,
      top: info.filterHeight - 1 - padInfo.top,
      left: info.filterWidth - 1 - padInfo.left,
    };
    if (convolveWinograd(backend, convolution, noEpilogue)) return;
  }
  const pass: Pass = {
    images: info.batchSize,
    source: dy!,
    height: info.outHeight,
    width: info.outWidth,
    channels: info.outChannels,
    target,
    targetHeight: inHeight,
    targetWidth: inWidth,
    targetChannels: info.inChannels,
  };
  for (let rowPhase = 0; rowPhase < Math.min(strideHeight, inHeight); rowPhase++) {
    const { filterHeight, dilationHeight } = info;
    const rows = gradientTaps(filterHeight, strideHeight, padInfo.top, dilationHeight, rowPhase);
    const gridHeight = Math.ceil((inHeight - rowPhase) / strideHeight);
    for (let columnPhase = 0; columnPhase < Math.min(strideWidth, inWidth); columnPhase++) {
      const { filterWidth, dilationWidth } = info;
      const columns = gradientTaps(
        filterWidth,
        strideWidth,
        padInfo.left,
        dilationWidth,
        columnPhase,
      );
      const gridWidth = Math.ceil((inWidth - columnPhase) / strideWidth);
      const grid = { gridHeight, gridWidth, rows, columns };
      convolve(backend, pass, grid, { address: filter!, info, transpose: true }, noEpilogue);
    }
  }
}

function zero(backend: SimdBackend, target: number, count: number): void {
  const start = target / elementBytes;
  backend.heap.float32.fill(0, start, start + count);
}

function filterGradient(
  backend: SimdBackend,
  info: Conv2DInfo,
  [x, dy]: readonly number[],
  target: number,
): void {
  const size = tf.util.sizeFromShape(info.filterShape);
  if (tf.util.sizeFromShape(info.outShape) === 0) {
    zero(backend, target, size);
    return;
  }
  if (backend.convolution === 'winograd' && isForWinograd(info, info.outHeight, info.outWidth)) {
    const { batchSize: images, padInfo } = info;
    const { top, left } = padInfo;
    const pictures = { images, source: inputOf(info, x!), output: outputOf(info, dy!), top, left };
    if (winogradFilterGradient(backend, pictures, target)) return;
  }
  const { kernels } = backend;
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const { padInfo, dilationHeight, dilationWidth } = info;
  const strips = kernels.filterStrips!(inChannels, filterHeight, filterWidth, dilationWidth);
  // biome-ignore format: grouped by meaning
  const scratchBytes = kernels.convolveFilterScratch!(
    inChannels, outHeight, outWidth, outChannels, strideHeight, strideWidth,
    filterHeight, filterWidth, dilationHeight, dilationWidth,
  );
  // biome-ignore format: grouped by meaning
  const call = (images: Slice, gradient: number, part: Slice) => [
    x! + images.begin * inHeight * inWidth * inChannels * elementBytes,
    images.end - images.begin, inHeight, inWidth, inChannels,
    dy! + images.begin * outHeight * outWidth * outChannels * elementBytes,
    outHeight, outWidth, outChannels,
    strideHeight, strideWidth, filterHeight, filterWidth,
    -padInfo.top, -padInfo.left, dilationHeight, dilationWidth,
    gradient, part.begin, part.end,
  ];
  const every = { begin: 0, end: strips };
  // Few strips are divided by images, in the same way whatever the number of threads.
  const groups = strips < fewStrips && size <= smallFilter ? cut(batchSize, imageGroups) : [];
  if (groups.length > 1) {
    withScratch(backend, groups.length * size * elementBytes, (partial) => {
      const at = (group: number) => partial + group * size * elementBytes;
      const calls = groups.map((images, group) => call(images, at(group), every));
      backend.run('convolveFilter', calls, scratchBytes);
      kernels.sumColumns!(partial, target, 1, groups.length, size, 1);
    });
    return;
  }
  const images = { begin: 0, end: batchSize };
  const products = batchSize * outHeight * outWidth * 4 * outChannels;
  const parts = sliceFor(backend.threads, strips, {
    cost: products / productsPerNanosecond,
    multiple: strips >= fewStrips ? filterHeight * filterWidth : 1,
    perThread: 2,
  });
  backend.run(
    'convolveFilter',
    parts.map((part) => call(images, target, part)),
    scratchBytes,
  );
}

const conv2d = defineKernel<tf.Conv2DInputs, tf.Conv2DAttrs>(tf.Conv2D, (call) => {
  const { inputs, attrs, backend } = call;
  const { x, filter } = inputs;
  if (!isSupported(attrs.dataFormat, x, filter)) return runInFallback(tf.Conv2D, call);
  const info = convolutionInfo(x.shape, filter.shape, attrs);
  const operands = [backend.hold(x), backend.hold(filter)];
  const product = new DeferredProduct(operands, info.outChannels, (addresses, target, epilogue) =>
    forward(backend, info, addresses, target, epilogue),
  );
  return backend.defer(info.outShape, 'float32', product);
});

const fusedConv2d = defineKernel<tf.FusedConv2DInputs, tf.FusedConv2DAttrs>(
  tf.FusedConv2D,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { x, filter, bias, preluActivationWeights } = inputs;
    const { activation, leakyreluAlpha } = attrs;
    if (!isSupported(attrs.dataFormat, x, filter)) return runInFallback(tf.FusedConv2D, call);
    const info = convolutionInfo(x.shape, filter.shape, attrs);
    const extras = { bias, preluActivationWeights, activation, leakyreluAlpha };
    return runFused(backend, info.outChannels, extras, (epilogue) => {
      const out = backend.makeOutput(info.outShape, 'float32');
      const operands = [backend.pointer(x), backend.pointer(filter)];
      forward(backend, info, operands, backend.pointer(out), epilogue);
      return out;
    });
  },
);

const conv2dBackpropInput = defineKernel<tf.Conv2DBackpropInputInputs, tf.Conv2DBackpropInputAttrs>(
  tf.Conv2DBackpropInput,
  (call) => {
    const { inputs, attrs, backend } = call;
    const { dy, filter } = inputs;
    if (!isSupported(attrs.dataFormat, dy, filter)) {
      return runInFallback(tf.Conv2DBackpropInput, call);
    }
    const info = convolutionInfo(attrs.inputShape, filter.shape, attrs);
    // conv2dTranspose may ask for less than its input would give; the plain kernel crops it.
    if (!tf.util.arraysEqual(dy.shape, info.outShape)) {
      return runInFallback(tf.Conv2DBackpropInput, call);
    }
    const gradient = new DeferredGradient(
      [backend.hold(dy), backend.hold(filter)],
      tf.util.sizeFromShape(dy.shape) * elementBytes,
      (addresses, target) => inputGradient(backend, info, addresses, target),
    );
    return backend.defer(info.inShape, 'float32', gradient);
  },
);

const conv2dBackpropFilter = defineKernel<
  tf.Conv2DBackpropFilterInputs,
  tf.Conv2DBackpropFilterAttrs
>(tf.Conv2DBackpropFilter, (call) => {
  const { inputs, attrs, backend } = call;
  const { x, dy } = inputs;
  if (!isSupported(attrs.dataFormat, x, dy)) return runInFallback(tf.Conv2DBackpropFilter, call);
  const info = convolutionInfo(x.shape, attrs.filterShape, attrs);
  const gradient = new DeferredGradient(
    [backend.hold(x), backend.hold(dy)],
    tf.util.sizeFromShape(dy.shape) * elementBytes,
    (addresses, target) => filterGradient(backend, info, addresses, target),
  );
  return backend.defer(info.filterShape, 'float32', gradient);
});

/** Two-dimensional convolutions of float32, channels last. */
export const conv2dKernels: readonly SimdKernel[] = [
  conv2d,
  fusedConv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
];
