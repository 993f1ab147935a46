// Runs one scenario of the batch thread's tests on the built package and prints its outcome as JSON.

import { enableProdMode } from '@tensorflow/tfjs';
import { batchesInThread } from '../../dist/node/batch-thread.js';
import { clockBatchesInWorker } from '../../dist/node/batches-in-worker.js';
import { presetBatches } from '../../dist/node/preset-batches.js';
import { counting } from './task-of-tests.mjs';

enableProdMode();
const task = (factory) => ({
  module: new URL('./task-of-tests.mjs', import.meta.url).href,
  factory,
  settings: { batchSize: 3 },
});
const source = (factory, options) =>
  batchesInThread(counting({ batchSize: 3 }), task(factory), options);

async function contentsOf(batch) {
  return Promise.all(
    [batch.inputs, batch.targets].flat().map(async (tensor) => {
      const values = Array.from(await tensor.data(), Number);
      tensor.dispose();
      return { shape: tensor.shape, dtype: tensor.dtype, values };
    }),
  );
}

const outcomeOf = (promise) =>
  promise.then(contentsOf, ({ name, message, stack }) => ({ name, message, stack }));

const scenarios = {
  async batches() {
    const threads = source('counting');
    const before = threads.threaded;
    const asked = [
      [0, 0],
      [2, 3],
      [0, 1],
    ].map(([epoch, index]) => threads.batch(epoch, index));
    const contents = await Promise.all(asked.map(outcomeOf));
    return {
      before,
      threaded: threads.threaded,
      contents,
      sizes: [threads.batchSize, threads.batchesPerEpoch],
    };
  },
  async slowFactory() {
    const threads = source('later');
    return { contents: await outcomeOf(threads.batch(1, 1)), threaded: threads.threaded };
  },
  async errors() {
    const threads = source('counting');
    const outcomes = [];
    for (const epoch of [9, 8, 1]) outcomes.push(await outcomeOf(threads.batch(epoch, 0)));
    return outcomes;
  },
  async brokenFactory() {
    return [
      await outcomeOf(source('broken').batch(0, 0)),
      await outcomeOf(source('notAFunction').batch(0, 0)),
    ];
  },
  async death() {
    const threads = source('counting');
    const lost = [outcomeOf(threads.batch(7, 0)), outcomeOf(threads.batch(0, 0))];
    return [...(await Promise.all(lost)), await outcomeOf(threads.batch(0, 1))];
  },
  async noThread() {
    const threads = source('counting', { worker: new URL('./nothing-here.js', import.meta.url) });
    return { contents: await outcomeOf(threads.batch(2, 1)), threaded: threads.threaded };
  },
  async dispose() {
    const threads = source('counting');
    await threads.batch(0, 0);
    const waiting = outcomeOf(threads.batch(6, 0));
    await new Promise((resolve) => setImmediate(resolve));
    threads.dispose();
    threads.dispose();
    return [await waiting, await outcomeOf(threads.batch(0, 2))];
  },
  async presets() {
    const results = {};
    for (const [preset, amount] of [
      ['smoke', { seed: 4, epochs: 2, batchSize: 3, picturesPerEpoch: 6 }],
      ['course', { seed: 4, epochs: 2, batchSize: 2, picturesPerEpoch: 8 }],
    ]) {
      const inline = presetBatches({ preset, amount });
      const threads = clockBatchesInWorker(preset, amount);
      const same = [];
      for (const [epoch, index] of [
        [0, 0],
        [1, 1],
      ]) {
        const [a, b] = [
          await contentsOf(await inline.batch(epoch, index)),
          await contentsOf(await threads.batch(epoch, index)),
        ];
        same.push(JSON.stringify(a) === JSON.stringify(b) && a[0].values.length > 0);
      }
      results[preset] = { same, threaded: threads.threaded };
      threads.dispose();
    }
    return results;
  },
};

// No scenario exits by hand: that the program ends by itself is part of what is tested.
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
