import * as tf from '@tensorflow/tfjs';
import { defineGradient } from './gradient.js';

const cumsum = defineGradient(tf.Cumsum, {}, (dy, _, { axis, exclusive, reverse }) => ({
  x: () => tf.cumsum(dy, axis, exclusive, !reverse),
}));

/** A part along one axis; past its end it is filled with `value`. */
function shifted(x: tf.Tensor, axis: number, by: number, value: number): tf.Tensor {
  const begin = x.shape.map((_, index) => (index === axis ? Math.min(by, x.shape[axis]!) : 0));
  const rest = tf.slice(x, begin);
  const paddings = x.shape.map((size, index): [number, number] => [0, size - rest.shape[index]!]);
  return tf.pad(rest, paddings, value);
}

/** s[i] = c[i] + f[i + 1] * s[i + 1], from behind, in as many steps as the length has binary digits. */
function recurrence(terms: tf.Tensor, factors: tf.Tensor, axis: number): tf.Tensor {
  let sums = terms;
  let products = shifted(factors, axis, 1, 0);
  for (let reach = 1; reach < terms.shape[axis]!; reach *= 2) {
    sums = tf.add(sums, tf.mul(products, shifted(sums, axis, reach, 0)));
    products = tf.mul(products, shifted(products, axis, reach, 0));
  }
  return sums;
}

/** Without a division: elements may be zero. */
const cumprod = defineGradient(tf.Cumprod, { inputs: ['x'] }, (dy, [x], attributes) => ({
  x: () => {
    const { exclusive, reverse } = attributes;
    const axis = tf.util.parseAxisParam(attributes.axis, x!.shape)[0]!;
    const forwards = (tensor: tf.Tensor) => (reverse ? tf.reverse(tensor, axis) : tensor);
    const factors = forwards(x!);
    const terms = exclusive ? shifted(forwards(dy), axis, 1, 0) : forwards(dy);
    const sums = recurrence(terms, factors, axis);
    return forwards(tf.mul(tf.cumprod(factors, axis, true), sums));
  },
}));

/** The product of all others, from both sides: elements may be zero. */
const product = defineGradient(tf.Prod, { inputs: ['x'] }, (dy, [x], attributes) => ({
  x: () => {
    const { shape, rank } = x!;
    const axes = tf.util.parseAxisParam(attributes.axis, shape);
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const order = [...kept, ...axes];
    const turned = tf.transpose(x!, order);
    const count = tf.util.sizeFromShape(axes.map((axis) => shape[axis]!));
    const outer = tf.util.sizeFromShape(kept.map((axis) => shape[axis]!));
    const rows = tf.reshape(turned, [outer, count]);
    const others = tf.mul(tf.cumprod(rows, 1, true), tf.cumprod(rows, 1, true, true));
    const gradient = tf.reshape(tf.mul(tf.reshape(dy, [outer, 1]), others), turned.shape);
    const back = Array.from({ length: rank }, (_, axis) => order.indexOf(axis));
    return tf.transpose(gradient, back);
  },
}));

/** Products, and running sums and products. */
export const reductionGradients: readonly tf.GradConfig[] = [cumsum, cumprod, product];
