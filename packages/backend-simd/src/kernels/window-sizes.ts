import * as tf from '@tensorflow/tfjs';
import { type FallbackCall, runInFallback } from '../fallback.js';

/** Sizes of a convolution or pool over pictures. */
export type WindowSizes = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/**
 * The same sizes, with an output of no rows or columns where no window fits: tfjs computes negative
 * ones there.
 */
export function withoutNegativeSizes(sizes: WindowSizes): WindowSizes {
  return {
    ...sizes,
    outHeight: Math.max(0, sizes.outHeight),
    outWidth: Math.max(0, sizes.outWidth),
    outShape: sizes.outShape.map((size) => Math.max(0, size)) as WindowSizes['outShape'],
  };
}

/** Whether no window fits, so that there is no output. */
export function isEmpty({ outShape }: WindowSizes): boolean {
  return tf.util.sizeFromShape(outShape) === 0;
}

/** Runs a plain kernel over windows, which would get the sizes wrong where none fits. */
export function runWindows(
  kernelName: string,
  call: FallbackCall,
  sizes: WindowSizes,
  dtype: tf.DataType,
): tf.TensorInfo | tf.TensorInfo[] {
  if (isEmpty(sizes)) return call.backend.makeOutput(sizes.outShape, dtype);
  return runInFallback(kernelName, call);
}
