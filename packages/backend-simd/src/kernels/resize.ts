import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import { runInFallback } from '../fallback.js';
import { defineKernel, type KernelCall, type SimdKernel } from '../kernel.js';
import { movedElement, runSliced } from '../sliced.js';
import { fillTensor } from './create.js';
import { withScratch } from './matmul-fused.js';

/** How places along one side of the larger picture map to those along the smaller, or back. */
interface Side {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

interface Sampling {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

function scaleOf({ inputSize, outputSize, alignCorners }: Side): number {
  const aligned = alignCorners && outputSize > 1;
  return aligned ? (inputSize - 1) / (outputSize - 1) : inputSize / outputSize;
}

/** For each output place the index of its source, as int32. */
function writeNearest(backend: SimdBackend, address: number, side: Side): void {
  const { inputSize, outputSize, alignCorners, halfPixelCenters } = side;
  const scale = scaleOf(side);
  for (let place = 0; place < outputSize; place++) {
    const exact = scale * (place + (halfPixelCenters ? 0.5 : 0));
    const nearest = alignCorners ? Math.round(exact) : Math.floor(exact);
    backend.heap.int32[address / elementBytes + place] = Math.min(inputSize - 1, nearest);
  }
}

/** For each output place the indices of both sources and the weight of the second. */
function writeBilinear(backend: SimdBackend, address: number, side: Side): void {
  const { inputSize, outputSize, halfPixelCenters } = side;
  const scale = scaleOf(side);
  for (let place = 0; place < outputSize; place++) {
    const exact = halfPixelCenters ? scale * (place + 0.5) - 0.5 : scale * place;
    const below = Math.max(0, Math.floor(exact));
    const entry = address / elementBytes + place * 4;
    backend.heap.int32[entry] = below;
    backend.heap.int32[entry + 1] = Math.min(inputSize - 1, Math.ceil(exact));
    backend.heap.float32[entry + 2] = exact - below;
  }
}

/** Runs a function of `assembly/resize.ts` between a small and a large picture. */
function resize(
  backend: SimdBackend,
  functionName: 'resizeNearest' | 'resizeNearestGrad' | 'resizeBilinear' | 'resizeBilinearGrad',
  pictures: { from: tf.TensorInfo; to: tf.TensorInfo; input: number[]; output: number[] },
  { alignCorners, halfPixelCenters }: Sampling,
): void {
  const [batch, height, width, channels] = pictures.input as [number, number, number, number];
  const [, outHeight, outWidth] = pictures.output as [number, number, number, number];
  const bilinear = functionName.startsWith('resizeBilinear');
  const entryBytes = bilinear ? 4 * elementBytes : elementBytes;
  const write = bilinear ? writeBilinear : writeNearest;
  const sampling = { alignCorners, halfPixelCenters };
  const from = backend.pointer(pictures.from);
  const to = backend.pointer(pictures.to);
  const inBytes = height * width * channels * elementBytes;
  const outBytes = outHeight * outWidth * channels * elementBytes;
  const backwards = functionName.endsWith('Grad');
  const [fromBytes, toBytes] = backwards ? [outBytes, inBytes] : [inBytes, outBytes];
  const cost = outHeight * outWidth * channels * (bilinear ? 4 : 1) * movedElement;
  withScratch(backend, (outHeight + outWidth) * entryBytes, (rowTable) => {
    const columnTable = rowTable + outHeight * entryBytes;
    write(backend, rowTable, { inputSize: height, outputSize: outHeight, ...sampling });
    write(backend, columnTable, { inputSize: width, outputSize: outWidth, ...sampling });
    // biome-ignore format: grouped by meaning
    runSliced(backend, functionName, batch, { cost }, (begin, end) => [
      from + begin * fromBytes, to + begin * toBytes, end - begin,
      height, width, outHeight, outWidth, channels, rowTable, columnTable,
    ]);
  });
}

function forward(kernelName: string, functionName: 'resizeNearest' | 'resizeBilinear'): SimdKernel {
  type Call = KernelCall<tf.ResizeBilinearInputs, tf.ResizeBilinearAttrs>;
  return defineKernel(kernelName, (call: Call) => {
    const { inputs, attrs, backend } = call;
    const { images } = inputs;
    if (images.dtype !== 'float32') return runInFallback(kernelName, call);
    const [batch, , , channels] = images.shape as [number, number, number, number];
    const shape = [batch, ...attrs.size, channels];
    const out = backend.makeOutput(shape, 'float32');
    const pictures = { from: images, to: out, input: images.shape, output: shape };
    resize(backend, functionName, pictures, attrs);
    return out;
  });
}

function backward(
  kernelName: string,
  functionName: 'resizeNearestGrad' | 'resizeBilinearGrad',
): SimdKernel {
  type Call = KernelCall<tf.ResizeBilinearGradInputs, Sampling>;
  return defineKernel(kernelName, (call: Call) => {
    const { inputs, attrs, backend } = call;
    const { images, dy } = inputs;
    if (dy.dtype !== 'float32') return runInFallback(kernelName, call);
    const out = backend.makeOutput(images.shape, 'float32');
    fillTensor(backend, out, 0);
    const pictures = { from: dy, to: out, input: images.shape, output: dy.shape };
    resize(backend, functionName, pictures, attrs);
    return out;
  });
}

/**
 * Resizing of pictures [batch, height, width, channels], with gradients that mind
 * `halfPixelCenters` as the forward pass does (the plain kernels of tfjs ignore it there).
 */
export const resizeKernels: readonly SimdKernel[] = [
  forward(tf.ResizeNearestNeighbor, 'resizeNearest'),
  backward(tf.ResizeNearestNeighborGrad, 'resizeNearestGrad'),
  forward(tf.ResizeBilinear, 'resizeBilinear'),
  backward(tf.ResizeBilinearGrad, 'resizeBilinearGrad'),
];
