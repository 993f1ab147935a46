// Renders batches of two presets here and in a thread of the built package, and compares them.
import * as tf from '@tensorflow/tfjs';
import { clockBatchesInWorker } from '../../dist/node/batches-in-worker.js';
import { presetBatches } from '../../dist/node/preset-batches.js';

tf.enableProdMode();

async function contentsOf(batch) {
  return Promise.all(
    Object.values(batch)
      .flat()
      .map(async (tensor) => [tensor.shape, tensor.dtype, Array.from(await tensor.data())]),
  );
}

const results = {};
for (const [preset, amount] of [
  ['smoke', { seed: 4, epochs: 2, batchSize: 3, picturesPerEpoch: 6 }],
  ['course', { seed: 4, epochs: 2, batchSize: 2, picturesPerEpoch: 8 }],
]) {
  const here = await presetBatches({ preset, amount });
  const there = await clockBatchesInWorker(preset, amount);
  const same = [];
  for (const [epoch, index] of [
    [0, 0],
    [1, 1],
  ]) {
    const [a, b] = [
      await contentsOf(await here.batch(epoch, index)),
      await contentsOf(await there.batch(epoch, index)),
    ];
    same.push(JSON.stringify(a) === JSON.stringify(b) && a[0][2].length > 0);
  }
  results[preset] = { same, threaded: there.threaded };
  there.dispose();
}
console.log(JSON.stringify(results));
