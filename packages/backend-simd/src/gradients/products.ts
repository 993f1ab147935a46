import * as tf from '@tensorflow/tfjs';
import { defineGradient, reduced } from './gradient.js';

interface ProductAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The gradients of the operands of a product, whose batches may be broadcast. */
export function productGradientsOf(
  dy: tf.Tensor,
  [a, b]: readonly [tf.Tensor, tf.Tensor],
  { transposeA, transposeB }: ProductAttributes,
) {
  return {
    a: () => {
      const gradient = transposeA
        ? tf.matMul(b, dy, transposeB, true)
        : tf.matMul(dy, b, false, !transposeB);
      return reduced(gradient, a);
    },
    b: () => {
      const gradient = transposeB
        ? tf.matMul(dy, a, true, transposeA)
        : tf.matMul(a, dy, !transposeA, false);
      return reduced(gradient, b);
    },
  };
}

const matMul = defineGradient(tf.BatchMatMul, { inputs: ['a', 'b'] }, (dy, saved, attributes) =>
  productGradientsOf(dy, saved as [tf.Tensor, tf.Tensor], attributes),
);

/** A tensor whose axes are `letters`, with its axes as in `all` and a size of 1 for those it lacks. */
function aligned(x: tf.Tensor, letters: string, all: string): tf.Tensor {
  const present = [...all].filter((letter) => letters.includes(letter));
  const order = present.map((letter) => letters.indexOf(letter));
  const turned = tf.transpose(x, order);
  const shape = [...all].map((letter) => x.shape[letters.indexOf(letter)] ?? 1);
  return tf.reshape(turned, shape);
}

const einsum = defineGradient(tf.Einsum, { inputs: 'all' }, (dy, operands, { equation }) => {
  const [left, output] = (equation as string).replaceAll(' ', '').split('->') as [string, string];
  const terms = left.split(',');
  const all = [...new Set([...left.replaceAll(',', '')])].join('');
  const gradientOf = (index: number) => () => {
    const letters = terms[index]!;
    let product = aligned(dy, output, all);
    operands.forEach((operand, other) => {
      if (other !== index) product = tf.mul(product, aligned(operand, terms[other]!, all));
    });
    const summed = [...all].flatMap((letter, axis) => (letters.includes(letter) ? [] : [axis]));
    const kept = [...all].filter((letter) => letters.includes(letter)).join('');
    const sum = summed.length > 0 ? tf.sum(product, summed) : product;
    // What only this operand has is summed in the result: all of it has the same gradient.
    return tf.broadcastTo(aligned(sum, kept, letters), operands[index]!.shape);
  };
  return Object.fromEntries(operands.map((_, index) => [String(index), gradientOf(index)]));
});

/** Matrix products, and the notation of Einstein. */
export const productGradients: readonly tf.GradConfig[] = [matMul, einsum];
