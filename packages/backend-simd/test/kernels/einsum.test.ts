import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startSimd } from '../support.js';
import { wholeNumbers } from './products-support.js';

beforeAll(async () => {
  await startSimd();
});

const sizes: Readonly<Record<string, number>> = { b: 2, h: 3, i: 4, j: 5, k: 2, l: 3 };

/** Sums products over all places of all letters, as the notation is defined. */
function byDefinition(equation: string, operands: readonly Float32Array[]): number[] {
  const [left, output] = equation.split('->') as [string, string];
  const terms = left.split(',');
  const letters = [...new Set(left.replaceAll(',', ''))];
  const total = letters.reduce((product, letter) => product * sizes[letter]!, 1);
  const place = (term: string, at: Map<string, number>) =>
    [...term].reduce((index, letter) => index * sizes[letter]! + at.get(letter)!, 0);
  const length = [...output].reduce((product, letter) => product * sizes[letter]!, 1);
  const result = new Array<number>(length).fill(0);
  for (let number = 0; number < total; number++) {
    let rest = number;
    const at = new Map<string, number>();
    for (const letter of letters) {
      at.set(letter, rest % sizes[letter]!);
      rest = Math.floor(rest / sizes[letter]!);
    }
    const factors = terms.map((term, index) => operands[index]![place(term, at)]!);
    result[place(output, at)]! += factors.reduce((product, factor) => product * factor, 1);
  }
  return result;
}

describe('einsum', () => {
  it.each([
    'ij,jk->ik',
    'ij,jk->ki',
    'ji,kj->ik',
    'bij,bjk->bik',
    'bij,jk->bik',
    'bij,bkj->ikb',
    'bhij,bhkj->bhik',
    'ij,ij->ij',
    'ij,ij->',
    'ij,ij->j',
    'ij,ji->i',
    'i,j->ij',
    'i,j->ji',
    'ij,kl->',
    'ij,kl->lj',
    'ijk,j->k',
    'ij,jk->k',
    'ij,jk->i',
    'i,i->',
    'ijk->kij',
    'ijk->j',
    'ijk->',
    'ij->ij',
  ])('%s gives what the notation means', (equation) => {
    const terms = equation.split('->')[0]!.split(',');
    const shapes = terms.map((term) => [...term].map((letter) => sizes[letter]!));
    const values = shapes.map((shape, index) => wholeNumbers(shape, index + 1));
    tf.tidy(() => {
      const { numTensors } = tf.memory();
      const tensors = values.map((numbers, index) => tf.tensor(numbers, shapes[index]!));
      const result = tf.einsum(equation, ...tensors);
      expect(tf.memory().numTensors).toBe(numTensors + tensors.length + 1);
      expect(result.shape).toEqual([...equation.split('->')[1]!].map((letter) => sizes[letter]!));
      expect(Array.from(result.dataSync())).toEqual(byDefinition(equation, values));
    });
  });
});
