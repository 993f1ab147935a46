import * as tf from '@tensorflow/tfjs';
import { defineGradient, defineGradients, placesOf, runKernel, sumAtPlaces } from './gradient.js';

/** Of any rank: the repetitions become axes of their own, which are summed. */
const tile = defineGradient(tf.Tile, { inputs: ['x'] }, (dy, [x], { reps }) => ({
  x: () => {
    const shape: number[] = [];
    const repeated: number[] = [];
    for (const [axis, size] of x!.shape.entries()) {
      if (reps[axis] !== 1) repeated.push(shape.push(reps[axis]) - 1);
      shape.push(size);
    }
    return tf.reshape(tf.sum(tf.reshape(dy, shape), repeated), x!.shape);
  },
}));

/** What lies in the mirrored borders is added to where it was read from, one axis after the other. */
const mirrorPad = defineGradient(tf.MirrorPad, {}, (dy, _, { paddings, mode }) => ({
  x: () => {
    const edge = mode === 'reflect' ? 1 : 0;
    let gradient = dy;
    for (const [axis, [before, after]] of (paddings as [number, number][]).entries()) {
      const size = gradient.shape[axis]! - before - after;
      const part = (start: number, length: number) => {
        const at = (value: number, others: readonly number[]) =>
          others.map((other, index) => (index === axis ? value : other));
        return tf.slice(
          gradient,
          at(
            start,
            gradient.shape.map(() => 0),
          ),
          at(length, gradient.shape),
        );
      };
      const mirrored = (start: number, length: number, place: number) =>
        tf.pad(
          tf.reverse(part(start, length), axis),
          gradient.shape.map((_, index): [number, number] =>
            index === axis ? [place, size - place - length] : [0, 0],
          ),
        );
      let sum = part(before, size);
      if (before > 0) sum = tf.add(sum, mirrored(0, before, edge));
      if (after > 0) sum = tf.add(sum, mirrored(before + size, after, size - edge - after));
      gradient = sum;
    }
    return gradient;
  },
}));

const stridedSlice = defineGradient(tf.StridedSlice, { inputs: ['x'] }, (dy, [x], attributes) => ({
  x: () => {
    const places = runKernel(tf.StridedSlice, { x: placesOf(x!.shape) }, attributes);
    return sumAtPlaces(dy, places, x!.shape);
  },
}));

const depthToSpace = defineGradient(tf.DepthToSpace, { inputs: ['x'] }, (dy, [x], attributes) => ({
  x: () => {
    const { blockSize: block, dataFormat } = attributes;
    if (dataFormat === 'NCHW') {
      const [batch, depth, height, width] = x!.shape as [number, number, number, number];
      const channels = depth / (block * block);
      const blocks = tf.reshape(dy, [batch, channels, height, block, width, block]);
      return tf.reshape(tf.transpose(blocks, [0, 3, 5, 1, 2, 4]), x!.shape);
    }
    const [batch, height, width, depth] = x!.shape as [number, number, number, number];
    const blocks = tf.reshape(dy, [batch, height, block, width, block, depth / (block * block)]);
    return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4, 5]), x!.shape);
  },
}));

const diagonal = defineGradient(tf.Diag, { inputs: ['x'] }, (dy, [x]) => ({
  x: () => {
    const { size, shape } = x!;
    return tf.reshape(tf.sum(tf.mul(tf.reshape(dy, [size, size]), tf.eye(size)), 1), shape);
  },
}));

/** tfjs's own fail where there is one piece. */
const unstack = defineGradients(tf.Unpack, {}, (dys, _, { axis }) => ({
  value: () => tf.stack(dys, axis),
}));
const split = defineGradients(tf.SplitV, {}, (dys, _, { axis }) => ({
  x: () => tf.concat(dys, axis),
}));

/** Cutting, joining, padding and repeating. */
export const arrangeGradients: readonly tf.GradConfig[] = [
  tile,
  mirrorPad,
  stridedSlice,
  depthToSpace,
  diagonal,
  unstack,
  split,
];
