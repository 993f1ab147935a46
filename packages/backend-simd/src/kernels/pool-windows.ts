import * as tf from '@tensorflow/tfjs';
import { movedElement } from '../sliced.js';
import { type WindowSizes, withoutNegativeSizes } from './window-sizes.js';

/** Sizes of a pool's input, windows and output. */
export type PoolInfo = WindowSizes;
type Shape4D = [number, number, number, number];

/** Pooling attributes; gradients may have no rounding mode. */
export type PoolAttrs = Pick<tf.MaxPoolAttrs, 'filterSize' | 'strides' | 'pad'> &
  Partial<Pick<tf.MaxPoolAttrs, 'dimRoundingMode'>>;

/** The sizes that a pool of an input of this shape has. */
export function poolInfo(shape: number[], attrs: PoolAttrs): PoolInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  return withoutNegativeSizes(
    tf.backend_util.computePool2DInfo(
      shape as Shape4D,
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    ),
  );
}

/** The parameters that every pooling function ends its description of the windows with. */
export function windows(info: PoolInfo): number[] {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  return [filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left];
}

/** Whether the windows are of 2 x 2, side by side and inside of the picture, in whole vectors. */
export function isQuartering(info: PoolInfo): boolean {
  const { inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  const [height, width, rowStride, columnStride, top, left] = windows(info);
  const halves = height === 2 && width === 2 && rowStride === 2 && columnStride === 2;
  const inside = top === 0 && left === 0 && outHeight * 2 <= inHeight && outWidth * 2 <= inWidth;
  return halves && inside && inChannels % 4 === 0;
}

/** What so many windows take, in nanoseconds. */
export function windowsCost(
  { filterHeight, filterWidth, inChannels }: PoolInfo,
  count: number,
): number {
  return count * filterHeight * filterWidth * inChannels * movedElement;
}
