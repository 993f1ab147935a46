// Runs one scenario of the batch threads' tests on the built package and prints its outcome as JSON.
import { batchesInThread } from '@nn-lab/core/node';
import * as tf from '@tensorflow/tfjs';
import { counting } from './counting.mjs';
import { unlabeled } from './unlabeled.mjs';

tf.enableProdMode();
const program = new URL('./counting.mjs', import.meta.url);
const start = (settings = {}, options = {}) =>
  batchesInThread(program, { settings: { batchSize: 3, ...settings }, ...options });

async function contentsOf(batch) {
  return Promise.all(
    Object.values(batch)
      .flat()
      .map(async (tensor) => {
        const values = Array.from(await tensor.data(), Number);
        tensor.dispose();
        return { shape: tensor.shape, dtype: tensor.dtype, values };
      }),
  );
}

const errorOf = ({ name, message, stack }) => ({ name, message, stack });
const outcomeOf = (promise) => promise.then(contentsOf, errorOf);
const refusalOf = (promise) => promise.then(() => 'nothing refused', errorOf);

const scenarios = {
  async batches() {
    const source = await start();
    const asked = [
      [0, 0],
      [2, 3],
      [0, 1],
    ].map(([epoch, index]) => source.batch(epoch, index));
    const contents = await Promise.all(asked.map(outcomeOf));
    const { threaded, batchSize, batchesPerEpoch } = source;
    return { threaded, contents, sizes: [batchSize, batchesPerEpoch] };
  },
  async late() {
    const source = await start({ late: true });
    return { contents: await outcomeOf(source.batch(1, 1)), threaded: source.threaded };
  },
  async errors() {
    const source = await start();
    const outcomes = [];
    for (const epoch of [9, 8, 1]) outcomes.push(await outcomeOf(source.batch(epoch, 0)));
    return outcomes;
  },
  async refusals() {
    const missing = new URL('./nothing-here.mjs', import.meta.url);
    const silent = new URL('data:text/javascript,1');
    return [
      await refusalOf(start({ wrong: true })),
      await refusalOf(start({ late: () => true })),
      await refusalOf(batchesInThread(missing, { settings: {} })),
      await refusalOf(batchesInThread(silent, { settings: {} })),
      await refusalOf(start({}, { worker: 1 })),
    ];
  },
  async death() {
    const source = await start();
    const lost = [outcomeOf(source.batch(7, 0)), outcomeOf(source.batch(0, 0))];
    return [...(await Promise.all(lost)), await outcomeOf(source.batch(0, 1))];
  },
  async noThread() {
    const source = await batchesInThread(new URL('./nothing-here.mjs', import.meta.url), {
      settings: { batchSize: 3 },
      inline: counting,
    });
    return { contents: await outcomeOf(source.batch(2, 1)), threaded: source.threaded };
  },
  async dispose() {
    const source = await start();
    await outcomeOf(source.batch(0, 0));
    const waiting = outcomeOf(source.batch(6, 0));
    await new Promise((resolve) => setImmediate(resolve));
    source.dispose();
    source.dispose();
    return [await waiting, await outcomeOf(source.batch(0, 2))];
  },
  async unlabeled() {
    const settings = { seed: 4 };
    const inline = await unlabeled(settings);
    const source = await batchesInThread(new URL('./unlabeled.mjs', import.meta.url), { settings });
    const before = tf.memory().numTensors;
    const [here, there] = [
      await contentsOf(inline.batch(1, 2)),
      await contentsOf(await source.batch(1, 2)),
    ];
    return {
      same: JSON.stringify(here) === JSON.stringify(there),
      shapes: there.map(({ shape }) => shape),
      kept: tf.memory().numTensors - before,
    };
  },
};

// No scenario exits by hand: that the program ends by itself is part of what is tested.
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
