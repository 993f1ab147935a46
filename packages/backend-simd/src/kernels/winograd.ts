import { elementBytes, type SimdBackend } from '../backend.js';
import { clamp, type Epilogue } from '../deferred.js';
import { cut, productsPerNanosecond, type Slice, sliceFor } from '../slices.js';
import { withScratch } from './matmul-fused.js';
import type { WindowSizes } from './window-sizes.js';

/** A tensor of pictures, channels last. */
interface Pictures {
  readonly address: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A convolution with a 3x3 filter and stride 1. */
export interface Convolution3x3 {
  readonly images: number;
  readonly source: Pictures;
  readonly target: Pictures;
  /** The filter's address. */
  readonly filter: number;
  /** True for the gradient of the input: the filter is read from behind, its channels exchanged. */
  readonly turned: boolean;
  /** Rows and columns of zeros before the source. */
  readonly top: number;
  readonly left: number;
}

/** Inputs of the gradient of a 3x3 filter. */
export interface FilterGradient3x3 {
  readonly images: number;
  readonly source: Pictures;
  /** The gradient of the output. */
  readonly output: Pictures;
  readonly top: number;
  readonly left: number;
}

/** Outputs along each side of a tile. */
const side = 4;
/** With fewer channels the transforms cost more than the products they save. */
const fewestChannels = 16;
/** With fewer tiles the filter's transform does. */
const fewestTiles = 16;
/** Tiles that reach over the border are computed whole: this part of them at least must be wanted. */
const leastWanted = 0.5;
/** Tiles that `assembly/winograd.ts` works on at a time, and its groups of them. */
const tilesAtOnce = 48;
const tilesTogether = 6;
/** Channels of a slice of a filter's gradient: a multiple of its groups of six and vectors of four. */
const channelsTogether = 12;

/** Whether {@link convolveWinograd} may be used, and is faster for outputs of this size than the direct kernels. */
export function isForWinograd(
  backend: SimdBackend,
  info: WindowSizes,
  height: number,
  width: number,
): boolean {
  if (backend.convolution !== 'winograd') return false;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const { dilationHeight, dilationWidth, inChannels, outChannels, batchSize } = info;
  if (filterHeight !== 3 || filterWidth !== 3) return false;
  if (strideHeight !== 1 || strideWidth !== 1) return false;
  if (dilationHeight !== 1 || dilationWidth !== 1) return false;
  const tiles = tilesOf(height, width);
  return (
    Math.min(inChannels, outChannels) >= fewestChannels &&
    batchSize * tiles >= fewestTiles &&
    height * width >= leastWanted * tiles * side * side
  );
}

function tilesOf(height: number, width: number): number {
  return Math.ceil(height / side) * Math.ceil(width / side);
}

/**
 * Computes a convolution by Winograd's F(4x4, 3x3).
 *
 * @returns false where a result is not finite: what an infinity or NaN comes to must be left to the
 *   direct kernels then.
 */
export function convolveWinograd(
  backend: SimdBackend,
  convolution: Convolution3x3,
  epilogue: Epilogue,
): boolean {
  const { images, source, target, filter, turned, top, left } = convolution;
  const { kernels } = backend;
  const { bias, flags } = epilogue;
  const [low, high] = flags & clamp ? [epilogue.low, epilogue.high] : [-Infinity, Infinity];
  const [channels, columns] = [source.channels, target.channels];
  return withScratch(backend, kernels.packedWinogradBytes!(channels, columns), (packed) => {
    const blocks = kernels.winogradBlocks!(columns);
    const blockCost = (16 * channels * columns) / blocks / productsPerNanosecond;
    const blockSlices = sliceFor(backend.threads, blocks, { cost: blockCost, perThread: 1 });
    backend.run(
      'packWinograd',
      blockSlices.map(({ begin, end }) => {
        return [filter, channels, columns, Number(turned), packed, begin, end];
      }),
      kernels.packWinogradScratch!(),
    );
    const tiles = images * tilesOf(target.height, target.width);
    const slices = sliceFor(backend.threads, tiles, {
      cost: (36 * channels * columns) / productsPerNanosecond,
      multiple: tiles >= 2 * backend.threads * tilesAtOnce ? tilesAtOnce : tilesTogether,
    });
    // biome-ignore format: grouped by meaning
    const callFor = ({ begin, end }: Slice, spoiled: number) => [
      source.address, source.height, source.width, channels,
      target.address, target.height, target.width, columns, top, left,
      packed, bias, low, high, begin, end, spoiled,
    ];
    return runChecked(
      backend,
      'winograd',
      slices,
      callFor,
      kernels.winogradScratch!(channels, columns),
    );
  });
}

/** The gradient of a filter, with the same result as {@link convolveWinograd}. */
export function winogradFilterGradient(
  backend: SimdBackend,
  { images, source, output, top, left }: FilterGradient3x3,
  target: number,
): boolean {
  const { channels } = source;
  const wanted = Math.min(backend.threads, Math.ceil(channels / channelsTogether));
  const slices = cut(channels, wanted, channelsTogether);
  const largest = Math.max(...slices.map(({ begin, end }) => end - begin));
  // biome-ignore format: grouped by meaning
  const callFor = ({ begin, end }: Slice, spoiled: number) => [
    source.address, images, source.height, source.width, channels,
    output.address, output.height, output.width, output.channels, top, left,
    target, begin, end, spoiled,
  ];
  const scratch = backend.kernels.winogradFilterScratch!(largest, output.channels);
  return runChecked(backend, 'winogradFilter', slices, callFor, scratch);
}

/** Calls a kernel for each slice with a place where it marks results that are not finite. */
function runChecked(
  backend: SimdBackend,
  name: string,
  slices: readonly Slice[],
  callFor: (slice: Slice, spoiled: number) => number[],
  scratchBytes: number,
): boolean {
  return withScratch(backend, slices.length * elementBytes, (marks) => {
    const first = marks / elementBytes;
    backend.heap.int32.fill(0, first, first + slices.length);
    const calls = slices.map((slice, index) => callFor(slice, marks + index * elementBytes));
    backend.run(name, calls, scratchBytes);
    return backend.heap.int32.subarray(first, first + slices.length).every((mark) => mark === 0);
  });
}
