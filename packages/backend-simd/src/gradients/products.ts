import * as tf from '@tensorflow/tfjs';
import { contracted, parseEquation, reducedTerm } from '../contraction.js';
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

const einsum = defineGradient(tf.Einsum, { inputs: 'all' }, (dy, tensors, { equation }) => {
  const { operands, output } = parseEquation(equation);
  const gradientOf = (index: number) => () => {
    const letters = operands[index]!;
    const { shape } = tensors[index]!;
    const gradient = { tensor: dy, letters: output };
    const other = 1 - index;
    const otherLetters = operands[other] ?? '';
    // What only this operand has is summed in the result: all of it has the same gradient.
    const isKnown = (letter: string) => output.includes(letter) || otherLetters.includes(letter);
    const kept = [...letters].filter(isKnown).join('');
    const known =
      tensors.length === 1
        ? reducedTerm(gradient, kept)
        : contracted(gradient, { tensor: tensors[other]!, letters: otherLetters }, kept);
    const sizes = [...letters].map((letter, axis) => (isKnown(letter) ? shape[axis]! : 1));
    return tf.broadcastTo(tf.reshape(known, sizes), shape);
  };
  return Object.fromEntries(tensors.map((_, index) => [String(index), gradientOf(index)]));
});

/** Matrix products, and the notation of Einstein. */
export const productGradients: readonly tf.GradConfig[] = [matMul, einsum];
