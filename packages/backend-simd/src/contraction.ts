import * as tf from '@tensorflow/tfjs';

/** A tensor and the letters of its axes, each of them once. */
export interface Term {
  readonly tensor: tf.Tensor;
  readonly letters: string;
}

/** The letters of the operands and of the result of an equation such as `ij,jk->ik`. */
export function parseEquation(equation: string): { operands: string[]; output: string } {
  const [left = '', output = ''] = equation.replaceAll(' ', '').split('->');
  return { operands: left.split(','), output };
}

/** The sum of a term over all letters that `wanted` lacks. */
function summedTo({ tensor, letters }: Term, wanted: string): Term {
  const kept = only(letters, (letter) => wanted.includes(letter));
  const axes = [...letters].flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis]));
  return { tensor: axes.length > 0 ? tf.sum(tensor, axes) : tensor, letters: kept };
}

/** A term with its axes in the order of `letters`. */
function arranged(term: Term, letters: string): tf.Tensor {
  const order = [...letters].map((letter) => term.letters.indexOf(letter));
  return order.every((axis, index) => axis === index)
    ? term.tensor
    : tf.transpose(term.tensor, order);
}

/** One term with the axes `output`, the others summed. */
export function reducedTerm(term: Term, output: string): tf.Tensor {
  return arranged(summedTo(term, output), output);
}

/** The product of two terms with the axes `output`, the others summed: a product of matrices. */
export function contracted(left: Term, right: Term, output: string): tf.Tensor {
  const a = summedTo(left, right.letters + output);
  const b = summedTo(right, left.letters + output);
  const shared = only(a.letters, (letter) => b.letters.includes(letter));
  const batch = only(shared, (letter) => output.includes(letter));
  const summed = only(shared, (letter) => !output.includes(letter));
  const rows = only(a.letters, (letter) => !shared.includes(letter));
  const columns = only(b.letters, (letter) => !shared.includes(letter));
  const sizesOf = (letters: string) =>
    [...letters].map((letter) => {
      const { tensor, letters: all } = a.letters.includes(letter) ? a : b;
      return tensor.shape[all.indexOf(letter)]!;
    });
  const count = (letters: string) => tf.util.sizeFromShape(sizesOf(letters));
  const matrices = (term: Term, ...groups: string[]) =>
    tf.reshape(arranged(term, groups.join('')), groups.map(count));
  const product = tf.matMul(matrices(a, batch, rows, summed), matrices(b, batch, summed, columns));
  const letters = batch + rows + columns;
  return arranged({ tensor: tf.reshape(product, sizesOf(letters)), letters }, output);
}

function only(letters: string, isWanted: (letter: string) => boolean): string {
  return [...letters].filter(isWanted).join('');
}
