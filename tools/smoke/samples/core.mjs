import { createRandom } from '@nn-lab/core/random';
import { trainModel } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';

/** Trains a small convolutional network for a few steps on the simd backend, from set weights. */
export async function sample({ useBackend }) {
  await useBackend({ backend: 'simd', threads: 1 });
  const random = createRandom(42);
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  const weights = random.fork('weights');
  model.setWeights(
    model.getWeights().map(({ shape, size }) =>
      tf.tensor(
        Float32Array.from({ length: size }, () => weights.normal(0, 0.2)),
        shape,
      ),
    ),
  );
  const source = {
    batchSize: 16,
    batchesPerEpoch: 8,
    batch(epoch, index) {
      const noise = random.fork(`batch ${epoch} ${index}`);
      const pixels = new Float32Array(16 * 64);
      const targets = new Float32Array(16 * 2);
      for (let example = 0; example < 16; example++) {
        // A bright left or right half, in noise.
        const side = noise.integer(0, 2);
        targets[example * 2 + side] = 1;
        for (let pixel = 0; pixel < 64; pixel++) {
          const bright = Number(pixel % 8 >= 4) === side;
          pixels[example * 64 + pixel] = noise.normal(bright ? 0.5 : 0, 0.5);
        }
      }
      return { inputs: tf.tensor4d(pixels, [16, 8, 8, 1]), targets: tf.tensor2d(targets, [16, 2]) };
    },
  };
  const losses = [];
  await trainModel(model, source, {
    epochs: 2,
    loss: 'categoricalCrossentropy',
    optimizer: { name: 'rmsprop', learningRate: 0.01 },
    onBatch: ({ figures }) => {
      losses.push(figures.loss);
    },
  });
  const first = losses[0];
  const last = losses.at(-1);
  if (!(last < first * 0.8)) throw new Error(`The loss went from ${first} to ${last}.`);
  return {
    exact: { backend: tf.getBackend(), steps: losses.length, drawn: random.uint32() },
    close: { first, last },
    note: `${losses.length} training steps on ${tf.getBackend()}, loss ${first.toFixed(3)} to ${last.toFixed(3)}`,
  };
}
