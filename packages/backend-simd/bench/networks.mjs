// The networks of the course (and one of ours) as tf.layers models, ready for `trainOnBatch`.
import * as tf from '@tensorflow/tfjs';

const conv = (filters, kernelSize, more = {}) =>
  tf.layers.conv2d({ filters, kernelSize, activation: 'relu', ...more });
const dense = (units, activation = 'relu') => tf.layers.dense({ units, activation });
const pool = () => tf.layers.maxPooling2d({ poolSize: 2 });
const dropout = (rate) => tf.layers.dropout({ rate });

/** The course's clock regression: hour + minute / 60 from 150x150 grey pixels. */
export const clock = {
  name: 'clock CNN 150x150x1, batch 100, RMSprop',
  torch: 'clock',
  batchSize: 100,
  inputShape: [150, 150, 1],
  outputs: 1,
  build() {
    const model = tf.sequential({
      layers: [
        conv(16, 3, { inputShape: this.inputShape }),
        pool(),
        conv(32, 3),
        pool(),
        conv(32, 3),
        pool(),
        tf.layers.flatten(),
        dense(128),
        dropout(0.1),
        dense(128),
        dropout(0.1),
        dense(1, 'linear'),
      ],
    });
    model.compile({ optimizer: tf.train.rmsprop(0.001), loss: 'meanSquaredError' });
    return model;
  },
};

/** The course's CNN on CIFAR-10. */
export const cifar = {
  name: 'CIFAR-10 CNN 32x32x3, batch 128, RMSprop',
  torch: 'cifar',
  batchSize: 128,
  inputShape: [32, 32, 3],
  outputs: 10,
  build() {
    const model = tf.sequential({
      layers: [
        conv(64, 7, { padding: 'same', inputShape: this.inputShape }),
        pool(),
        conv(128, 3, { padding: 'same' }),
        conv(128, 3, { padding: 'same' }),
        pool(),
        conv(256, 3, { padding: 'same' }),
        conv(256, 3, { padding: 'same' }),
        pool(),
        tf.layers.flatten(),
        dense(128),
        dropout(0.5),
        dense(64),
        dropout(0.5),
        dense(10, 'softmax'),
      ],
    });
    model.compile({ optimizer: tf.train.rmsprop(0.001), loss: 'categoricalCrossentropy' });
    return model;
  },
};

/** The course's MLP on Fashion-MNIST. */
export const mlp = {
  name: 'MLP 784-300-100-10, batch 32, SGD',
  torch: 'mlp',
  batchSize: 32,
  inputShape: [784],
  outputs: 10,
  build() {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 300, activation: 'relu', inputShape: this.inputShape }),
        dense(100),
        dense(10, 'softmax'),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.01), loss: 'categoricalCrossentropy' });
    return model;
  },
};

/** A small reader of clocks: seven convolutions on 96x96 grey pixels, six outputs. */
export const reader = {
  name: 'reader CNN 96x96x1, seven convolutions, batch 64, Adam',
  torch: 'reader',
  batchSize: 64,
  inputShape: [96, 96, 1],
  outputs: 6,
  build() {
    const block = (filters, strides, more = {}) =>
      conv(filters, 3, { padding: 'same', strides, ...more });
    const model = tf.sequential({
      layers: [
        block(16, 2, { inputShape: this.inputShape }),
        block(32, 1),
        block(32, 2),
        block(64, 1),
        block(64, 2),
        block(128, 2),
        block(128, 1),
        tf.layers.flatten(),
        dense(128),
        dense(6, 'linear'),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.001), loss: 'meanSquaredError' });
    return model;
  },
};

/** All of them, in the order of the table. */
export const networks = [clock, cifar, mlp, reader];

/** A batch of noise: the speed does not depend on what is learned. */
export function randomBatch({ batchSize, inputShape, outputs }) {
  const inputs = tf.randomUniform([batchSize, ...inputShape], 0, 1, 'float32', 1);
  const targets =
    outputs === 10
      ? tf.oneHot(tf.range(0, batchSize, 1, 'int32').mod(tf.scalar(10, 'int32')), 10).toFloat()
      : tf.randomUniform([batchSize, outputs], 0, 1, 'float32', 2);
  return { inputs, targets };
}
