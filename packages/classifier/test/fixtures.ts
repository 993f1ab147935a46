import { readFileSync } from 'node:fs';
import { type SavedModel, savedModel } from '@nn-lab/core/models';
import { type Matrix, matrixOf } from '../src/index.js';

/** What `fixtures/write-sklearn.py` wrote. */
export const sklearn = JSON.parse(
  readFileSync(new URL('./fixtures/sklearn.json', import.meta.url), 'utf8'),
);

export const train = matrixOf(sklearn.train);
export const test = matrixOf(sklearn.test);
export const labels: number[] = sklearn.labels;

/** A matrix as rows of plain numbers. */
export function rowsOf({ rows, columns, values }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}

/** A saved model with a change of its content, as another program might write it: its check sum fits. */
export function resealed(saved: SavedModel, change: object): SavedModel {
  const { format: _, version: __, checksum: ___, type, ...content } = saved;
  return savedModel(type, { ...content, ...change });
}
