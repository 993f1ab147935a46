import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import {
  accumulate,
  DeferredGradient,
  DeferredProduct,
  type Epilogue,
  noEpilogue,
} from '../deferred.js';
import { runInFallback } from '../fallback.js';
import { recordFusedConvolution } from '../gradients/fused-operations.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { cut, productsPerNanosecond, type Slice, sliceFor } from '../slices.js';
import { copyStrided, denseStrides } from '../strided.js';
import { runFused, withScratch } from './matmul-fused.js';
import { isEmpty, runWindows, type WindowSizes, withoutNegativeSizes } from './window-sizes.js';
import { convolveWinograd, isForWinograd, winogradFilterGradient } from './winograd.js';

type Shape4D = [number, number, number, number];
type Geometry = Pick<tf.Conv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'> & {
  readonly dilations?: tf.Conv2DAttrs['dilations'];
};

function convolutionInfo(inShape: number[], filterShape: number[], attrs: Geometry): WindowSizes {
  const { strides, pad, dataFormat, dilations = 1, dimRoundingMode } = attrs;
  return withoutNegativeSizes(
    tf.backend_util.computeConv2DInfo(
      inShape as Shape4D,
      filterShape as Shape4D,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      false,
      tf.backend_util.convertConv2DDataFormat(dataFormat),
    ),
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
  readonly info: WindowSizes;
  readonly transpose: boolean;
  readonly isFinite: boolean;
}

function filterAt(
  backend: SimdBackend,
  address: number,
  info: WindowSizes,
  transpose: boolean,
): Filter {
  const size = tf.util.sizeFromShape(info.filterShape);
  return { address, info, transpose, isFinite: areFinite(backend, address, size) };
}

function areFinite(backend: SimdBackend, address: number, count: number): boolean {
  return backend.kernels.areFinite!(address, count) === 1;
}

/** Fewer strips of a filter than this are too few to share out, if the filter is no larger than that. */
const fewStrips = 32;
const smallFilter = 2 ** 16;
/** Groups of images whose filter gradients are computed apart, then added. */
const imageGroups = 16;
/** The output positions that `assembly/conv2d.ts` works on at a time. */
const positionsAtOnce = 64;

/**
 * Convolves over one grid. Padding is multiplied like the picture, which an infinite weight would turn
 * into NaN: such a filter is taken tap by tap, each where it reads the picture.
 */
function convolve(
  backend: SimdBackend,
  pass: Pass,
  grid: Grid,
  filter: Filter,
  epilogue: Epilogue,
): void {
  if (filter.isFinite) {
    runConvolution(backend, pass, grid, filter, epilogue);
    return;
  }
  const { rows, columns, gridHeight, gridWidth } = grid;
  const { bias, flags, low, high } = epilogue;
  const none = { ...grid, rows: { ...rows, taps: 0 }, columns: { ...columns, taps: 0 } };
  runConvolution(backend, pass, none, filter, { ...noEpilogue, bias });
  const added = { ...noEpilogue, flags: accumulate };
  for (const row of tapsInside(rows, gridHeight, pass.height)) {
    for (const column of tapsInside(columns, gridWidth, pass.width)) {
      const part = {
        ...{ gridHeight: row.count, rows: row.range },
        ...{ gridWidth: column.count, columns: column.range },
      };
      runConvolution(backend, pass, part, filter, added);
    }
  }
  if (flags) {
    const limits = { bias: 0, flags: flags | accumulate, low, high };
    runConvolution(backend, pass, none, filter, limits);
  }
}

/** A part of a grid along one axis. */
interface GridPart {
  /** The place in the grid that it starts at, and how many it has. */
  readonly start: number;
  readonly count: number;
  readonly range: TapRange;
}

/** Each tap by itself, with the places of the grid where it reads inside of a source of `size`. */
function tapsInside(range: TapRange, gridSize: number, size: number): GridPart[] {
  const { taps, stride, first, tapStep, step, offset, filterFirst, filterStep } = range;
  return Array.from({ length: taps }, (_, tap): GridPart => {
    const reach = first + tap * tapStep;
    const start = Math.max(0, Math.ceil(-reach / stride));
    const end = Math.min(gridSize, Math.floor((size - 1 - reach) / stride) + 1);
    const alone = { taps: 1, tapStep: 1, filterFirst: filterFirst + tap * filterStep };
    const from = { first: reach + start * stride, offset: offset + start * step };
    return { start, count: Math.max(0, end - start), range: { ...range, ...alone, ...from } };
  }).filter(({ count }) => count > 0);
}

/** Packs the filter and runs `convolve` of `assembly/conv2d.ts` over one grid. */
function runConvolution(
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

function inputOf(info: WindowSizes, address: number) {
  const { inHeight: height, inWidth: width, inChannels: channels } = info;
  return { address, height, width, channels };
}

function outputOf(info: WindowSizes, address: number) {
  const { outHeight: height, outWidth: width, outChannels: channels } = info;
  return { address, height, width, channels };
}

function forward(
  backend: SimdBackend,
  info: WindowSizes,
  [x, filter]: readonly number[],
  target: number,
  epilogue: Epilogue,
): void {
  const { padInfo } = info;
  if (isForWinograd(backend, info, info.outHeight, info.outWidth)) {
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
  if (isEmpty(info)) return;
  const grid = { gridHeight: info.outHeight, gridWidth: info.outWidth, rows, columns };
  convolve(backend, pass, grid, filterAt(backend, filter!, info, false), epilogue);
}

function inputGradient(
  backend: SimdBackend,
  info: WindowSizes,
  [dy, filter]: readonly number[],
  target: number,
): void {
  const { inHeight, inWidth, strideHeight, strideWidth, padInfo } = info;
  if (isEmpty(info)) {
    zero(backend, target, tf.util.sizeFromShape(info.inShape));
    return;
  }
  if (isForWinograd(backend, info, inHeight, inWidth)) {
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
  const turned = filterAt(backend, filter!, info, true);
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
      convolve(backend, pass, grid, turned, noEpilogue);
    }
  }
}

function zero(backend: SimdBackend, target: number, count: number): void {
  const start = target / elementBytes;
  backend.heap.float32.fill(0, start, start + count);
}

function filterGradient(
  backend: SimdBackend,
  info: WindowSizes,
  operands: readonly number[],
  target: number,
): void {
  const size = tf.util.sizeFromShape(info.filterShape);
  if (isEmpty(info)) {
    zero(backend, target, size);
    return;
  }
  if (isForWinograd(backend, info, info.outHeight, info.outWidth)) {
    const [x, dy] = operands;
    const { batchSize: images, padInfo } = info;
    const { top, left } = padInfo;
    const pictures = { images, source: inputOf(info, x!), output: outputOf(info, dy!), top, left };
    if (winogradFilterGradient(backend, pictures, target)) return;
  }
  directFilterGradient(backend, info, operands, target);
  // An infinite gradient of the output times padding is NaN, where nothing is to be added.
  if (!areFinite(backend, target, size)) filterGradientByTap(backend, info, operands, target);
}

/** The same, tap by tap, from the outputs for which the tap reads the picture. */
function filterGradientByTap(
  backend: SimdBackend,
  info: WindowSizes,
  [x, dy]: readonly number[],
  target: number,
): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, outChannels, filterWidth } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = info;
  const tapSize = info.inChannels * outChannels;
  zero(backend, target, tf.util.sizeFromShape(info.filterShape));
  const rows = forwardTaps(info.filterHeight, strideHeight, padInfo.top, dilationHeight);
  const columns = forwardTaps(filterWidth, strideWidth, padInfo.left, dilationWidth);
  for (const row of tapsInside(rows, outHeight, inHeight)) {
    for (const column of tapsInside(columns, outWidth, inWidth)) {
      const shape = [batchSize, row.count, column.count, outChannels];
      const from = denseStrides([batchSize, outHeight, outWidth, outChannels]);
      const to = denseStrides(shape);
      const first = row.start * from[1]! + column.start * from[2]!;
      const tap = row.range.filterFirst * filterWidth + column.range.filterFirst;
      withScratch(backend, tf.util.sizeFromShape(shape) * elementBytes, (part) => {
        const dimensions = shape.map((size, axis) => ({ size, from: from[axis]!, to: to[axis]! }));
        copyStrided(backend, dy! + first * elementBytes, part, dimensions);
        const alone: WindowSizes = {
          ...info,
          ...{ outHeight: row.count, outWidth: column.count },
          ...{ filterHeight: 1, filterWidth: 1, dilationHeight: 1, dilationWidth: 1 },
          padInfo: { ...padInfo, top: -row.range.first, left: -column.range.first },
          filterShape: [1, 1, info.inChannels, outChannels],
        };
        directFilterGradient(backend, alone, [x!, part], target + tap * tapSize * elementBytes);
      });
    }
  }
}

function directFilterGradient(
  backend: SimdBackend,
  info: WindowSizes,
  [x, dy]: readonly number[],
  target: number,
): void {
  const size = tf.util.sizeFromShape(info.filterShape);
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
  const info = convolutionInfo(x.shape, filter.shape, attrs);
  if (!isSupported(attrs.dataFormat, x, filter)) return runWindows(tf.Conv2D, call, info, x.dtype);
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
    recordFusedConvolution(attrs);
    const info = convolutionInfo(x.shape, filter.shape, attrs);
    if (!isSupported(attrs.dataFormat, x, filter)) {
      return runWindows(tf.FusedConv2D, call, info, x.dtype);
    }
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
