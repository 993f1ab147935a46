// Stock tfjs wasm has no gradient of a convolution's filter, so by itself it trains no CNN. For the
// bench alone it is put together here from stock kernels: for each tap of the filter, the pixels
// under that tap, transposed, times the gradient of the output.
import * as tf from '@tensorflow/tfjs';

/** Registers `Conv2DBackpropFilter` (NHWC) for a backend that lacks it. */
export function registerFilterGradient(backendName) {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName,
    kernelFunc: ({ inputs: { x, dy }, attrs }) => tf.tidy(() => filterGradient(x, dy, attrs)),
  });
}

function filterGradient(x, dy, { strides, pad, dimRoundingMode, filterShape }) {
  const geometry = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { batchSize, inChannels, outChannels, outHeight, outWidth } = geometry;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = geometry;
  const { top, bottom, left, right } = geometry.padInfo;
  const padded = tf.pad4d(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  const gradient = dy.reshape([-1, outChannels]);
  const taps = [];
  for (let row = 0; row < filterHeight; row++) {
    for (let column = 0; column < filterWidth; column++) {
      const pixels = tf.stridedSlice(
        padded,
        [0, row, column, 0],
        [
          batchSize,
          row + (outHeight - 1) * strideHeight + 1,
          column + (outWidth - 1) * strideWidth + 1,
          inChannels,
        ],
        [1, strideHeight, strideWidth, 1],
      );
      taps.push(tf.matMul(pixels.reshape([-1, inChannels]).transpose(), gradient));
    }
  }
  return tf.stack(taps).reshape(filterShape);
}
