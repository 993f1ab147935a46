// What the training loop costs over a loop written by hand, and what a dropout mask costs.
//   npx nx run core:bench

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCheckpointStore, useBackend } from '@nn-lab/core/node';
import { accuracyOf, SeededDropout, trainModel } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';

const { name, description } = await useBackend({ backend: process.argv[2] ?? 'auto' });
console.log(`backend ${name} (${description}), Node ${process.version}`);

const steps = 300;
const batchSize = 32;
const images = tf.randomUniform([batchSize, 784], 0, 1, 'float32', 1).dataSync().slice();
const labels = Int32Array.from({ length: batchSize }, (_, index) => index % 10);
const source = {
  batchSize,
  batchesPerEpoch: steps,
  batch: () => ({
    inputs: tf.tensor2d(images.slice(), [batchSize, 784]),
    targets: tf.tensor1d(labels, 'int32'),
  }),
};

function buildModel() {
  const dense = (units, activation, seed, more = {}) =>
    tf.layers.dense({
      units,
      activation,
      kernelInitializer: tf.initializers.glorotUniform({ seed }),
      ...more,
    });
  return tf.sequential({
    layers: [
      dense(300, 'relu', 1, { inputShape: [784] }),
      dense(100, 'relu', 2),
      dense(10, 'linear', 3),
    ],
  });
}

/** The least that training takes in tfjs: no loop of ours, no figures but the loss. */
async function byHand(model, optimizer) {
  const variables = model.trainableWeights.map((weight) => weight.read());
  for (let step = 0; step < steps; step++) {
    const { inputs, targets } = source.batch(0, step);
    const loss = tf.tidy(() =>
      optimizer.minimize(
        () => {
          const logits = model.apply(inputs, { training: true });
          return tf.losses.softmaxCrossEntropy(tf.oneHot(targets, 10, 1, 0, 'float32'), logits);
        },
        true,
        variables,
      ),
    );
    await loss.data();
    tf.dispose([inputs, targets, loss]);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'nn-lab-bench-'));
const basics = {
  epochs: 1,
  loss: 'sparseSoftmaxCrossentropy',
  optimizer: { name: 'sgd', learningRate: 0.01 },
};
const variants = {
  'a loop by hand': (model) => byHand(model, tf.train.sgd(0.01)),
  trainModel: (model) => trainModel(model, source, basics),
  '... with accuracy and progress': (model) =>
    trainModel(model, source, {
      ...basics,
      metrics: { accuracy: accuracyOf() },
      onProgress: () => {},
    }),
  '... with a moving average': (model) =>
    trainModel(model, source, { ...basics, average: { decay: 0.999 } }),
  '... with a checkpoint after the epoch': (model) =>
    trainModel(model, source, { ...basics, checkpoints: { store: createCheckpointStore(folder) } }),
};

const times = Object.fromEntries(Object.keys(variants).map((variant) => [variant, []]));
for (let round = 0; round < 6; round++) {
  for (const [variant, train] of Object.entries(variants)) {
    const model = buildModel();
    const started = process.cpuUsage();
    await train(model);
    const { user, system } = process.cpuUsage(started);
    if (round > 0) times[variant].push((user + system) / 1000);
    model.dispose();
  }
}
rmSync(folder, { recursive: true });

// Processor time, which other work on the machine disturbs less than wall time, and the least of
// five rounds, since what disturbs can only add to it.
const best = Object.fromEntries(Object.entries(times).map(([key, all]) => [key, Math.min(...all)]));
console.log(
  `MLP 784-300-100-10, batch ${batchSize}, SGD, ${steps} steps, processor time, least of five`,
);
for (const [variant, time] of Object.entries(best)) {
  const rate = ((steps * batchSize) / time) * 1000;
  const ratio = time / best['a loop by hand'];
  console.log(
    `${variant.padEnd(40)} ${(time / steps).toFixed(3)} ms a step  ${rate.toFixed(0)} examples/s  ${ratio.toFixed(3)}x`,
  );
}

for (const shape of [
  [100, 128],
  [128, 4096],
]) {
  const layer = new SeededDropout({ rate: 0.5, seed: 1 });
  const input = tf.ones(shape);
  const timeOf = (work) => {
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 60; run++) {
      const started = performance.now();
      tf.tidy(work);
      least = Math.min(least, performance.now() - started);
    }
    return least;
  };
  const ours = timeOf(() => layer.apply(input, { training: true }));
  const stock = timeOf(() => tf.dropout(input, 0.5));
  console.log(
    `dropout [${shape}]: SeededDropout ${ours.toFixed(3)} ms, tf.dropout ${stock.toFixed(3)} ms`,
  );
}
