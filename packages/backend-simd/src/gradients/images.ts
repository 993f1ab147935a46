import * as tf from '@tensorflow/tfjs';
import {
  defineGradient,
  gradientThrough,
  maskOf,
  placesOf,
  runKernel,
  sumAtPlaces,
} from './gradient.js';

const flip = defineGradient(tf.FlipLeftRight, {}, (dy) => ({
  image: () => tf.image.flipLeftRight(dy as tf.Tensor4D),
}));

/** Each element of the result is one of the picture's, or the fill value. */
const rotate = defineGradient(
  tf.RotateWithOffset,
  { inputs: ['image'] },
  (dy, [image], attributes) => ({
    image: () => {
      const places = tf.cast(placesOf(image!.shape), 'float32');
      // Places are moved up by one: where they come out as 0, the picture was not read.
      const moved = runKernel(
        tf.RotateWithOffset,
        { image: tf.add(places, 1) },
        { ...attributes, fillValue: 0 },
      );
      const rows = tf.cast(tf.maximum(tf.sub(moved, 1), 0), 'int32');
      return sumAtPlaces(tf.mul(dy, maskOf(tf.greater(moved, 0))), rows, image!.shape);
    },
  }),
);

/** The pixels of pictures `of` a batch at whole rows and columns, which are brought into the picture. */
function pixels(
  image: tf.Tensor,
  picture: tf.Tensor,
  row: tf.Tensor,
  column: tf.Tensor,
): tf.Tensor {
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const whole = (places: tf.Tensor, size: number) =>
    tf.cast(tf.clipByValue(places, 0, size - 1), 'int32');
  const first = tf.mul(whole(picture, batch), tf.scalar(height, 'int32'));
  const line = tf.add(first, whole(row, height));
  const place = tf.add(tf.mul(line, tf.scalar(width, 'int32')), whole(column, width));
  const list = tf.reshape(image, [batch * height * width, channels]);
  return tf.gatherND(list, tf.expandDims(place, -1));
}

/** 1 where a place lies between 0 and the last one. */
function inside(places: tf.Tensor, size: number): tf.Tensor {
  return tf.mul(maskOf(tf.greaterEqual(places, 0)), maskOf(tf.lessEqual(places, size - 1)));
}

interface CropAttributes {
  readonly cropSize: [number, number];
  readonly method: 'bilinear' | 'nearest';
}

/** `tf.image.cropAndResize` of operations with gradients, but for the constant outside. */
function crops(
  image: tf.Tensor,
  boxes: tf.Tensor,
  boxInd: tf.Tensor,
  { cropSize, method }: CropAttributes,
): tf.Tensor {
  const [batch, height, width] = image.shape as [number, number, number, number];
  const [top, left, bottom, right] = tf.split(boxes, 4, 1) as [tf.Tensor, ...tf.Tensor[]];
  const along = (first: tf.Tensor, last: tf.Tensor, count: number, size: number) => {
    const share = count > 1 ? tf.linspace(0, 1, count) : tf.tensor1d([0.5]);
    return tf.mul(tf.add(tf.mul(first, tf.sub(1, share)), tf.mul(last, share)), size - 1);
  };
  const y = tf.expandDims(along(top, bottom!, cropSize[0], height), 2);
  const x = tf.expandDims(along(left!, right!, cropSize[1], width), 1);
  const picture = tf.reshape(tf.cast(boxInd, 'float32'), [-1, 1, 1]);
  const known = maskOf(tf.less(picture, batch));
  const read = tf.mul(known, tf.mul(inside(y, height), inside(x, width)));
  const rounded = (places: tf.Tensor) => tf.floor(tf.add(places, 0.5));
  const value =
    method === 'nearest'
      ? pixels(image, picture, rounded(y), rounded(x))
      : interpolated(y, x, (row, column) => pixels(image, picture, row, column));
  return tf.mul(value, tf.expandDims(read, -1));
}

/** The mean of the four neighbours of a place by their nearness, as `read` gives them. */
function interpolated(
  y: tf.Tensor,
  x: tf.Tensor,
  read: (row: tf.Tensor, column: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const [row, column] = [tf.floor(y), tf.floor(x)];
  const [low, high] = [tf.expandDims(tf.sub(y, row), -1), tf.expandDims(tf.sub(x, column), -1)];
  const line = (at: tf.Tensor) =>
    tf.add(tf.mul(read(at, column), tf.sub(1, high)), tf.mul(read(at, tf.add(column, 1)), high));
  return tf.add(tf.mul(line(row), tf.sub(1, low)), tf.mul(line(tf.add(row, 1)), low));
}

const cropAndResize = defineGradient(
  tf.CropAndResize,
  { inputs: ['image', 'boxes', 'boxInd'] },
  (dy, saved, attributes) => {
    const [image, boxes, boxInd] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    return {
      image: () => gradientThrough((x) => crops(x, boxes, boxInd, attributes), image, dy),
      boxes: () => gradientThrough((x) => crops(image, x, boxInd, attributes), boxes, dy),
      boxInd: () => tf.zeros(boxInd.shape),
    };
  },
);

type FillMode = 'constant' | 'reflect' | 'wrap' | 'nearest';

/** Places outside of the picture as a fill mode maps them into it. */
function mapped(places: tf.Tensor, size: number, mode: FillMode): tf.Tensor {
  if (mode === 'constant') return places;
  if (mode === 'nearest') return tf.clipByValue(places, 0, size - 1);
  if (size <= 1) return tf.mul(places, 0);
  const period = mode === 'wrap' ? size : 2 * size;
  const step = mode === 'wrap' ? size - 1 : period;
  const turns = (value: tf.Tensor) => tf.floor(tf.div(value, step));
  const far = tf.sub(places, tf.mul(turns(places), period));
  const near =
    mode === 'wrap'
      ? tf.add(places, tf.mul(tf.add(turns(tf.neg(places)), 1), period))
      : tf.add(places, tf.mul(turns(tf.neg(places)), period));
  const before =
    mode === 'wrap'
      ? near
      : tf.where(tf.less(near, -size), tf.add(near, period), tf.sub(tf.neg(near), 1));
  const after =
    mode === 'wrap' ? far : tf.where(tf.greaterEqual(far, size), tf.sub(period - 1, far), far);
  const outside = tf.where(tf.less(places, 0), before, after);
  const isInside = tf.logicalAnd(tf.greaterEqual(places, 0), tf.lessEqual(places, size - 1));
  return tf.clipByValue(tf.where(isInside, places, outside), 0, size - 1);
}

interface TransformAttributes {
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fillMode: FillMode;
  readonly fillValue: number;
  readonly outputShape?: [number, number];
}

/** `tf.image.transform` of operations with gradients. */
function projected(
  image: tf.Tensor,
  transforms: tf.Tensor,
  { interpolation, fillMode, fillValue, outputShape }: TransformAttributes,
): tf.Tensor {
  const [batch, height, width] = image.shape as [number, number, number, number];
  const [outHeight, outWidth] = outputShape ?? [height, width];
  const rows = tf.reshape(tf.range(0, outHeight), [1, -1, 1]);
  const columns = tf.reshape(tf.range(0, outWidth), [1, 1, -1]);
  const parts = tf
    .split(tf.reshape(transforms, [-1, 8, 1, 1]), 8, 1)
    .map((part) => tf.squeeze(part, [1]));
  const plane = (first: number, constant: tf.Tensor) =>
    tf.add(tf.add(tf.mul(parts[first]!, columns), tf.mul(parts[first + 1]!, rows)), constant);
  const depth = plane(6, tf.scalar(1));
  const y = mapped(tf.div(plane(3, parts[5]!), depth), height, fillMode);
  const x = mapped(tf.div(plane(0, parts[2]!), depth), width, fillMode);
  const picture = tf.reshape(tf.range(0, batch), [-1, 1, 1]);
  const read = (row: tf.Tensor, column: tf.Tensor) => {
    const mask = tf.expandDims(tf.mul(inside(row, height), inside(column, width)), -1);
    const value = pixels(image, picture, row, column);
    return tf.add(tf.mul(value, mask), tf.mul(tf.sub(1, mask), fillValue));
  };
  if (interpolation === 'bilinear') return interpolated(y, x, read);
  return read(tf.floor(tf.add(y, 0.5)), tf.floor(tf.add(x, 0.5)));
}

const transform = defineGradient(
  tf.Transform,
  { inputs: ['image', 'transforms'] },
  (dy, saved, attributes) => {
    const [image, transforms] = saved as [tf.Tensor, tf.Tensor];
    return {
      image: () => gradientThrough((x) => projected(x, transforms, attributes), image, dy),
      transforms: () => gradientThrough((x) => projected(image, x, attributes), transforms, dy),
    };
  },
);

/** Operations on pictures. */
export const imageGradients: readonly tf.GradConfig[] = [flip, rotate, cropAndResize, transform];
