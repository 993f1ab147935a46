import { readFileSync } from 'node:fs';
import { loadEmbeddedDigits } from '@nn-lab/core/datasets';
import { createRandom } from '@nn-lab/core/random';
import { type Matrix, matrixOf, takeRows } from '../../../src/index.js';

/** Values that scikit-learn computed: see fixtures/generate.py. */
export interface TsneReference {
  readonly rows: number;
  readonly columns: number;
  readonly perplexity: number;
  readonly x: number[];
  readonly map: number[];
  readonly indices: number[];
  readonly conditional: number[];
  readonly joint: number[];
  readonly divergence: number;
  readonly gradient: number[];
}

export function loadReference(): TsneReference {
  const address = new URL('./fixtures/scikit-learn.json', import.meta.url);
  return JSON.parse(readFileSync(address, 'utf8'));
}

/** Clusters of normal points of deviation 1 around centers ten apart, in ten dimensions. */
export function clusters(rows: number, classes = 5): { x: Matrix; labels: Int32Array } {
  const random = createRandom(7).fork('clusters');
  const columns = 10;
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const values = Float32Array.from(
    { length: rows * columns },
    (_, at) => random.normal() + (at % columns === labels[Math.floor(at / columns)] ? 7 : 0),
  );
  return { x: matrixOf(values, columns), labels };
}

/** The first of the digits that come with core. */
export async function digits(rows: number): Promise<{ x: Matrix; labels: Int32Array }> {
  const { train } = await loadEmbeddedDigits();
  const first = Array.from({ length: rows }, (_, row) => row);
  return {
    x: takeRows(matrixOf(train), first),
    labels: Int32Array.from(train.labels.subarray(0, rows)),
  };
}

/** The share of points whose nearest other point on a map has their label. */
export function nearestNeighborAccuracy(map: Matrix, labels: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < map.rows; i++) {
    let nearest = -1;
    let least = Infinity;
    for (let j = 0; j < map.rows; j++) {
      const distance =
        (map.values[2 * i]! - map.values[2 * j]!) ** 2 +
        (map.values[2 * i + 1]! - map.values[2 * j + 1]!) ** 2;
      if (j !== i && distance < least) [least, nearest] = [distance, j];
    }
    if (labels[i] === labels[nearest]) right++;
  }
  return right / map.rows;
}

/** The relative distance of two vectors: |a - b| / |b|. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let at = 0; at < b.length; at++) {
    difference += (a[at]! - b[at]!) ** 2;
    size += b[at]! ** 2;
  }
  return Math.sqrt(difference / size);
}
