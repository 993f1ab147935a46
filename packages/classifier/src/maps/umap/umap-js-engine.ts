import { createRandom } from '@nn-lab/core/random';
import type { Work } from '@nn-lab/core/work';
import { UMAP } from 'umap-js';
import type { Neighbors } from '../../neighbors/index.js';

/** Settings that umap-js knows too. */
export interface UmapJsSettings {
  readonly neighbors: number;
  readonly minimumDistance: number;
  readonly spread: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly repulsionStrength: number;
  readonly negativeSamples: number;
  readonly seed: number;
}

/**
 * The map that the package umap-js makes of the same neighbors, from its own random start.
 *
 * @returns `[rows, 2]`
 */
export async function layOutByUmapJs(
  { indices, distances }: Neighbors,
  rows: number,
  settings: UmapJsSettings,
  work: Work,
): Promise<Float32Array> {
  const k = indices.length / rows;
  const random = createRandom(settings.seed).fork('umap-js');
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: k + 1,
    minDist: settings.minimumDistance,
    spread: settings.spread,
    nEpochs: settings.epochs,
    learningRate: settings.learningRate,
    repulsionStrength: settings.repulsionStrength,
    negativeSampleRate: settings.negativeSamples,
    random: () => random.uniform(),
  });
  const rowsOf = (values: Int32Array | Float32Array, own: (row: number) => number) =>
    Array.from({ length: rows }, (_, row) => [
      own(row),
      ...values.subarray(row * k, (row + 1) * k),
    ]);
  // It counts a row among its own neighbors.
  umap.setPrecomputedKNN(
    rowsOf(indices, (row) => row),
    rowsOf(distances, () => 0),
  );
  // With the neighbors given, only the number of rows matters.
  const epochs = umap.initializeFit(Array.from({ length: rows }, () => []));
  work.begin('map', epochs);
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    await work.reach(epoch + 1);
  }
  return Float32Array.from(umap.getEmbedding().flat());
}
