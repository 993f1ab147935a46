// Augmented digits without labels, as a program of a thread.
import {
  createDataset,
  createRandom,
  datasetBatches,
  loadEmbeddedDigits,
  randomShift,
  serveBatches,
} from '@nn-lab/core/node';

export const unlabeled = serveBatches(async ({ seed }) => {
  const { shape, images, range } = (await loadEmbeddedDigits()).test;
  return datasetBatches(createDataset({ shape, images, range }), {
    batchSize: 8,
    random: createRandom(seed),
    augment: randomShift({ pixels: 2 }),
  });
});
