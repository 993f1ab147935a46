import * as tf from '@tensorflow/tfjs';
import { defineGradient, defineGradients, maskOf, runKernel } from './gradient.js';

type Padding = [before: number, after: number];

/** A number for each of `count` axes, given as one number or as a list. */
function listOf(values: number | number[] | undefined, count: number): number[] {
  if (values === undefined || values === null) return new Array<number>(count).fill(1);
  return typeof values === 'number' ? new Array<number>(count).fill(values) : values;
}

/** The tensor with its axes from the first on stretched or thinned, one by one. */
function alongAxes(
  x: tf.Tensor,
  dilations: readonly number[],
  change: (rows: tf.Tensor3D, dilation: number) => tf.Tensor3D,
): tf.Tensor {
  return dilations.reduce((tensor, dilation, axis) => {
    if (dilation === 1) return tensor;
    const [before, after] = [tensor.shape.slice(0, axis), tensor.shape.slice(axis + 1)];
    const outer = tf.util.sizeFromShape(before);
    const inner = tf.util.sizeFromShape(after);
    const rows = change(tf.reshape(tensor, [outer, tensor.shape[axis]!, inner]), dilation);
    return tf.reshape(rows, [...before, rows.shape[1], ...after]);
  }, x);
}

/** A filter with zeros between its taps, which convolves without dilation as it did with it. */
function dilated(filter: tf.Tensor, dilations: readonly number[]): tf.Tensor {
  return alongAxes(filter, dilations, (rows, dilation) => {
    const [outer, size, inner] = rows.shape;
    const apart: Padding[] = [
      [0, 0],
      [0, 0],
      [0, dilation - 1],
      [0, 0],
    ];
    const spread = tf.pad(tf.reshape(rows, [outer, size, 1, inner]), apart);
    const taps = (size - 1) * dilation + 1;
    const joined = tf.reshape(spread, [outer, size * dilation, inner]) as tf.Tensor3D;
    return tf.slice(joined, [0, 0, 0], [outer, taps, inner]);
  });
}

/** The taps of what {@link dilated} made. */
function thinned(filter: tf.Tensor, dilations: readonly number[]): tf.Tensor {
  return alongAxes(filter, dilations, (rows, dilation) => {
    const [outer, taps, inner] = rows.shape;
    const size = (taps - 1) / dilation + 1;
    const filled = tf.pad(rows, [
      [0, 0],
      [0, dilation - 1],
      [0, 0],
    ] as Padding[]);
    const blocks = tf.reshape(filled, [outer, size, dilation, inner]);
    const first = tf.slice(blocks, [0, 0, 0, 0], [outer, size, 1, inner]);
    return tf.reshape(first, [outer, size, inner]);
  });
}

/** The kernels that compute the gradients of a convolution, and whether they know dilation. */
export interface BackwardKernels {
  readonly input: string;
  readonly filter: string;
  readonly axes: 2 | 3;
  readonly knowsDilation: (attributes: { dataFormat?: string }) => boolean;
}

/** The kernels of other backends, and of channels first, take every dilation for 1. */
const isNative = ({ dataFormat = 'NHWC' }: { dataFormat?: string }) =>
  tf.getBackend() === 'simd' && dataFormat === 'NHWC';

export const plain: BackwardKernels = {
  ...{ input: tf.Conv2DBackpropInput, filter: tf.Conv2DBackpropFilter },
  ...{ axes: 2, knowsDilation: isNative },
};
export const depthwise: BackwardKernels = {
  input: tf.DepthwiseConv2dNativeBackpropInput,
  filter: tf.DepthwiseConv2dNativeBackpropFilter,
  ...{ axes: 2, knowsDilation: isNative },
};
const spatial: BackwardKernels = {
  ...{ input: tf.Conv3DBackpropInputV2, filter: tf.Conv3DBackpropFilterV2 },
  ...{ axes: 3, knowsDilation: () => false },
};

/** The attributes of a convolution; those of 3-D ones have no `dimRoundingMode`. */
export interface ConvolutionAttributes {
  readonly dilations?: number | number[];
  readonly dataFormat?: string;
}

function inputGradient(
  { input, axes, knowsDilation }: BackwardKernels,
  dy: tf.Tensor,
  filter: tf.Tensor,
  attributes: ConvolutionAttributes & { inputShape: number[] },
): tf.Tensor {
  if (knowsDilation(attributes)) return runKernel(input, { dy, filter }, attributes);
  const spread = dilated(filter, listOf(attributes.dilations, axes));
  return runKernel(input, { dy, filter: spread }, { ...attributes, dilations: 1 });
}

function filterGradient(
  { filter: kernelName, axes, knowsDilation }: BackwardKernels,
  x: tf.Tensor,
  dy: tf.Tensor,
  attributes: ConvolutionAttributes & { filterShape: number[] },
): tf.Tensor {
  if (knowsDilation(attributes)) return runKernel(kernelName, { x, dy }, attributes);
  const dilations = listOf(attributes.dilations, axes);
  const filterShape = attributes.filterShape.map(
    (size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1,
  );
  const gradient = runKernel(kernelName, { x, dy }, { ...attributes, filterShape, dilations: 1 });
  return thinned(gradient, dilations);
}

/** The gradients of a convolution's picture and filter. */
export function convolutionGradients(
  kernels: BackwardKernels,
  dy: tf.Tensor,
  [x, filter]: readonly [tf.Tensor, tf.Tensor],
  attributes: ConvolutionAttributes,
) {
  return {
    x: () => inputGradient(kernels, dy, filter, { ...attributes, inputShape: x.shape }),
    filter: () => filterGradient(kernels, x, dy, { ...attributes, filterShape: filter.shape }),
  };
}

function convolution(kernelName: string, kernels: BackwardKernels): tf.GradConfig {
  return defineGradient(kernelName, { inputs: ['x', 'filter'] }, (dy, saved, attributes) =>
    convolutionGradients(kernels, dy, saved as [tf.Tensor, tf.Tensor], attributes),
  );
}

/** The gradient of the gradient of an input: of a transposed convolution. */
function transposed(
  kernels: BackwardKernels,
  // biome-ignore lint/suspicious/noExplicitAny: attributes of a kernel
  forward: (x: tf.Tensor, filter: tf.Tensor, attributes: any) => tf.Tensor,
): tf.GradConfig {
  return defineGradient(kernels.input, { inputs: ['dy', 'filter'] }, (ddx, saved, attributes) => {
    const [dy, filter] = saved as [tf.Tensor, tf.Tensor];
    const { inputShape: _, ...shared } = attributes;
    return {
      dy: () => forward(ddx, filter, shared),
      filter: () => filterGradient(kernels, ddx, dy, { ...shared, filterShape: filter.shape }),
    };
  });
}

/** Positions of a window along one axis. */
interface Windows {
  readonly count: number;
  readonly size: number;
  readonly stride: number;
  readonly before: number;
  readonly length: number;
}

/** How many elements each window holds. */
function held({ count, size, stride, before, length }: Windows): number[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const start = index * stride - before;
    return Math.max(0, Math.min(length, start + size) - Math.max(0, start));
  });
}

/**
 * The gradient of averages whose windows reach over the border: these divide by what they hold, the
 * kernels for the gradient by what they could.
 */
function weighed(dy: tf.Tensor, axes: readonly Windows[]): tf.Tensor {
  return axes.reduce((gradient, windows, index) => {
    const counts = held(windows);
    if (counts.every((count) => count === windows.size)) return gradient;
    const factors = counts.map((count) => (count === 0 ? 0 : windows.size / count));
    const shape = dy.shape.map((_, axis) => (axis === index + 1 ? counts.length : 1));
    return tf.mul(gradient, tf.tensor(factors, shape));
  }, dy);
}

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The windows of a pool, and its attributes with a padding that gives them without rounding. */
function poolWindows(x: tf.Tensor, attributes: PoolAttributes) {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const info = tf.backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    ...([filterSize, strides, 1, pad, dimRoundingMode] as const),
  );
  const { padInfo } = info;
  const rows: Windows = {
    ...{ count: info.outHeight, size: info.filterHeight, stride: info.strideHeight },
    ...{ before: padInfo.top, length: info.inHeight },
  };
  const columns: Windows = {
    ...{ count: info.outWidth, size: info.filterWidth, stride: info.strideWidth },
    ...{ before: padInfo.left, length: info.inWidth },
  };
  const after = ({ count, size, stride, before, length }: Windows) =>
    (count - 1) * stride + size - length - before;
  const explicit = [
    [0, 0],
    [rows.before, after(rows)],
    [columns.before, after(columns)],
    [0, 0],
  ];
  return {
    axes: [rows, columns],
    attributes: { filterSize, strides, pad: dimRoundingMode ? explicit : pad },
  };
}

const averagePool = defineGradient(tf.AvgPool, { inputs: ['x'] }, (dy, [x], attributes) => ({
  x: () => {
    const pool = poolWindows(x!, attributes);
    const inputs = { dy: weighed(dy, pool.axes), input: x! };
    return runKernel(tf.AvgPoolGrad, inputs, pool.attributes);
  },
}));

const maximumPool = defineGradient(
  tf.MaxPool,
  { inputs: ['x'], outputs: [true] },
  (dy, saved, attributes) => {
    const [x, y] = saved as [tf.Tensor, tf.Tensor];
    const inputs = { dy, input: x, output: y };
    return { x: () => runKernel(tf.MaxPoolGrad, inputs, poolWindows(x, attributes).attributes) };
  },
);

const maximumPoolWithPlaces = defineGradients(
  tf.MaxPoolWithArgmax,
  { inputs: ['x'], outputs: [true] },
  ([dy], saved, { filterSize, strides, pad }) => {
    const [x, y] = saved as [tf.Tensor, tf.Tensor];
    const inputs = { dy: dy!, input: x, output: y };
    return { x: () => runKernel(tf.MaxPoolGrad, inputs, { filterSize, strides, pad }) };
  },
);

interface Pool3DAttributes {
  readonly filterSize: number | [number, number, number];
  readonly strides: number | [number, number, number];
  readonly pad: 'same' | 'valid' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function pool3DWindows(x: tf.Tensor, attributes: Pool3DAttributes): Windows[] {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const info = tf.backend_util.computePool3DInfo(
    x.shape as [number, number, number, number, number],
    ...([filterSize, strides, 1, pad, dimRoundingMode] as const),
  );
  const { padInfo } = info;
  return [
    {
      ...{ count: info.outDepth, size: info.filterDepth, stride: info.strideDepth },
      ...{ before: padInfo.front, length: info.inDepth },
    },
    {
      ...{ count: info.outHeight, size: info.filterHeight, stride: info.strideHeight },
      ...{ before: padInfo.top, length: info.inHeight },
    },
    {
      ...{ count: info.outWidth, size: info.filterWidth, stride: info.strideWidth },
      ...{ before: padInfo.left, length: info.inWidth },
    },
  ];
}

const averagePool3D = defineGradient(tf.AvgPool3D, { inputs: ['x'] }, (dy, [x], attributes) => ({
  x: () => {
    const { filterSize, strides, pad, dimRoundingMode } = attributes;
    const inputs = { dy: weighed(dy, pool3DWindows(x!, attributes)), input: x! };
    return runKernel(tf.AvgPool3DGrad, inputs, { filterSize, strides, pad, dimRoundingMode });
  },
}));

/** Gives each maximum's gradient to the last of its window's elements that is equal to it. */
function maximaGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  y: tf.Tensor,
  axes: readonly Windows[],
): tf.Tensor {
  const around = axes.map(({ count, size, stride, before, length }): Padding => {
    const end = (count - 1) * stride + size - before;
    return [Math.max(0, before), Math.max(0, end - length)];
  });
  const outer: Padding = [0, 0];
  const padded = tf.pad(x, [outer, ...around, outer], Number.NEGATIVE_INFINITY);
  const strides = [1, ...axes.map(({ stride }) => stride), 1];
  const taps = axes.reduce<number[][]>(
    (lists, { size, before }) =>
      lists.flatMap((list) =>
        Array.from({ length: size }, (_, tap) => [...list, tap + Math.max(0, -before)]),
      ),
    [[]],
  );
  let gradient = tf.zerosLike(padded);
  let found = tf.zerosLike(y);
  for (const tap of taps.reverse()) {
    const begin = [0, ...tap, 0];
    const end = begin.map((start, axis) => start + (y.shape[axis]! - 1) * strides[axis]! + 1);
    const part = tf.stridedSlice(padded, begin, end, strides);
    const mask = tf.mul(maskOf(tf.equal(part, y)), tf.sub(1, found));
    found = tf.add(found, mask);
    const spread = dilated(tf.mul(dy, mask), strides);
    const place = begin.map((start, axis): Padding => [start, padded.shape[axis]! - end[axis]!]);
    gradient = tf.add(gradient, tf.pad(spread, place));
  }
  return tf.slice(gradient, [0, ...around.map(([before]) => before), 0], x.shape);
}

const maximumPool3D = defineGradient(
  tf.MaxPool3D,
  { inputs: ['x'], outputs: [true] },
  (dy, saved, attributes) => {
    const [x, y] = saved as [tf.Tensor, tf.Tensor];
    return {
      x: () => {
        const axes = pool3DWindows(x, attributes);
        // tfjs's kernels find the maximum only in windows as high as wide.
        if (axes[1]!.size !== axes[2]!.size) return maximaGradient(dy, x, y, axes);
        const { filterSize, strides, pad, dimRoundingMode } = attributes;
        const inputs = { dy, input: x, output: y };
        return runKernel(tf.MaxPool3DGrad, inputs, { filterSize, strides, pad, dimRoundingMode });
      },
    };
  },
);

/** Convolutions and pools. */
export const windowGradients: readonly tf.GradConfig[] = [
  convolution(tf.Conv2D, plain),
  convolution(tf.DepthwiseConv2dNative, depthwise),
  convolution(tf.Conv3D, spatial),
  transposed(plain, (x, filter, { strides, pad, dataFormat, dilations, dimRoundingMode }) =>
    tf.conv2d(
      x as tf.Tensor4D,
      ...([filter as tf.Tensor4D, strides, pad, dataFormat, dilations, dimRoundingMode] as const),
    ),
  ),
  transposed(spatial, (x, filter, { strides, pad }) =>
    tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, strides, pad),
  ),
  averagePool,
  averagePool3D,
  maximumPool,
  maximumPool3D,
  maximumPoolWithPlaces,
];
