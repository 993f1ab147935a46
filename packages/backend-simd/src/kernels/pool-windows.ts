import * as tf from '@tensorflow/tfjs';
import { movedElement } from '../sliced.js';

/** Sizes of a pool's input, windows and output. */
export type PoolInfo = ReturnType<typeof tf.backend_util.computePool2DInfo>;
type Shape4D = [number, number, number, number];

/** Pooling attributes; the gradient of an average has no rounding mode. */
export type PoolAttrs = Omit<tf.MaxPoolAttrs, 'dimRoundingMode'> &
  Pick<tf.MaxPoolAttrs, 'dimRoundingMode'>;

/** The sizes that a pool of an input of this shape has. */
export function poolInfo(shape: number[], attrs: PoolAttrs): PoolInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  return tf.backend_util.computePool2DInfo(
    shape as Shape4D,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
}

/** The parameters that every pooling function ends its description of the windows with. */
export function windows(info: PoolInfo): number[] {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  return [filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left];
}

/** What so many windows take, in nanoseconds. */
export function windowsCost(
  { filterHeight, filterWidth, inChannels }: PoolInfo,
  count: number,
): number {
  return count * filterHeight * filterWidth * inChannels * movedElement;
}
