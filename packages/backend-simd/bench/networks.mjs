// The training steps of the bench, the profile and the soak on the current tfjs backend. Each entry
// builds its model and a fixed batch of noise (speed does not depend on what is learned) and gives
// `step`, which trains once and resolves to the loss, and `dispose`.
import * as tf from '@tensorflow/tfjs';
import { gemmSize } from './rows.mjs';

const { dense, dropout, flatten, maxPooling2d, reshape } = tf.layers;
const same = { padding: 'same' };
const relu = { activation: 'relu' };
const pool = () => maxPooling2d({ poolSize: 2 });
const hidden = (units) => dense({ units, ...relu });
const conv = (filters, kernelSize, more = {}) =>
  tf.layers.conv2d({ filters, kernelSize, ...relu, ...more });

const uniform = (shape, seed) => tf.randomUniform(shape, 0, 1, 'float32', seed);
const classes = (batchSize) =>
  tf.tidy(() => {
    const labels = Int32Array.from({ length: batchSize }, (_, index) => index % 10);
    return tf.oneHot(labels, 10).toFloat();
  });

/** The course's clock regression: hour + minute / 60 from 150x150 grey pixels. */
function clockCnn(batchSize) {
  const model = tf.sequential({
    layers: [
      conv(16, 3, { inputShape: [150, 150, 1] }),
      pool(),
      conv(32, 3),
      pool(),
      conv(32, 3),
      pool(),
      flatten(),
      hidden(128),
      dropout({ rate: 0.1 }),
      hidden(128),
      dropout({ rate: 0.1 }),
      dense({ units: 1 }),
    ],
  });
  model.compile({ optimizer: tf.train.rmsprop(0.001), loss: 'meanSquaredError' });
  return supervised(model, uniform([batchSize, 150, 150, 1], 1), uniform([batchSize, 1], 2));
}

/** The course's CNN on CIFAR-10. */
function cifarCnn(batchSize) {
  const model = tf.sequential({
    layers: [
      conv(64, 7, { ...same, inputShape: [32, 32, 3] }),
      pool(),
      conv(128, 3, same),
      conv(128, 3, same),
      pool(),
      conv(256, 3, same),
      conv(256, 3, same),
      pool(),
      flatten(),
      hidden(128),
      dropout({ rate: 0.5 }),
      hidden(64),
      dropout({ rate: 0.5 }),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.rmsprop(0.001), loss: 'categoricalCrossentropy' });
  return supervised(model, uniform([batchSize, 32, 32, 3], 1), classes(batchSize));
}

/** The course's MLP on Fashion-MNIST. */
function mlp(batchSize) {
  const model = tf.sequential({
    layers: [
      dense({ units: 300, ...relu, inputShape: [784] }),
      hidden(100),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.01), loss: 'categoricalCrossentropy' });
  return supervised(model, uniform([batchSize, 784], 1), classes(batchSize));
}

/** A recurrent network that reads a picture row by row. */
function recurrent(kind, batchSize) {
  const cell = tf.layers[kind]({
    units: 128,
    recurrentActivation: 'sigmoid',
    inputShape: [28, 28],
  });
  const model = tf.sequential({ layers: [cell, dense({ units: 10, activation: 'softmax' })] });
  model.compile({ optimizer: tf.train.adam(0.001), loss: 'categoricalCrossentropy' });
  return supervised(model, uniform([batchSize, 28, 28], 1), classes(batchSize));
}

/** A small reader of clocks: seven convolutions on 96x96 grey pixels, six outputs. */
function reader(batchSize) {
  const model = tf.sequential({
    layers: [
      conv(16, 3, { ...same, strides: 2, inputShape: [96, 96, 1] }),
      conv(32, 3, same),
      conv(32, 3, { ...same, strides: 2 }),
      conv(64, 3, same),
      conv(64, 3, { ...same, strides: 2 }),
      conv(128, 3, { ...same, strides: 2 }),
      conv(128, 3, same),
      flatten(),
      hidden(128),
      dense({ units: 6 }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.001), loss: 'meanSquaredError' });
  return supervised(model, uniform([batchSize, 96, 96, 1], 1), uniform([batchSize, 6], 2));
}

/**
 * For the soak: every kind of layer that holds state between steps, small enough for many of them. A
 * class is a brightness, and each step learns from a new batch, as a data set's would be.
 */
function soakCnn(batchSize) {
  const normalised = (filters, more = {}) => [
    tf.layers.conv2d({ filters, kernelSize: 3, ...same, useBias: false, ...more }),
    tf.layers.batchNormalization(),
    tf.layers.activation(relu),
    pool(),
  ];
  const model = tf.sequential({
    layers: [
      ...normalised(8, { inputShape: [16, 16, 3] }),
      ...normalised(16),
      flatten(),
      dropout({ rate: 0.2 }),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.001), loss: 'categoricalCrossentropy' });
  const targets = classes(batchSize);
  const brightness = tf.tidy(() => targets.argMax(1).reshape([-1, 1, 1, 1]).toFloat());
  let seed = 1;
  return {
    async step() {
      const inputs = tf.tidy(() => uniform([batchSize, 16, 16, 3], seed++).add(brightness));
      const loss = await model.trainOnBatch(inputs, targets);
      inputs.dispose();
      return loss;
    },
    dispose() {
      tf.dispose([targets, brightness]);
      model.optimizer.dispose();
      model.dispose();
    },
  };
}

function supervised(model, inputs, targets) {
  return {
    step: () => model.trainOnBatch(inputs, targets),
    dispose() {
      tf.dispose([inputs, targets]);
      model.optimizer.dispose();
      model.dispose();
    },
  };
}

const faceWidths = [32, 64, 128, 256];
const latentSize = { vae: 32, gan: 256 };

/** 64x64x3 to 4x4x256 by four convolutions of 4x4 and stride 2, then `outputs` numbers. */
function encoder(outputs, activationLayer) {
  const convolutions = faceWidths.flatMap((filters, index) => [
    tf.layers.conv2d({
      filters,
      kernelSize: 4,
      strides: 2,
      ...same,
      ...(index === 0 ? { inputShape: [64, 64, 3] } : {}),
    }),
    activationLayer(),
  ]);
  return tf.sequential({ layers: [...convolutions, flatten(), dense({ units: outputs })] });
}

/** The mirror of {@link encoder}: from latent numbers to 64x64x3. */
function decoder(inputs, activation, normaliser) {
  const [width, ...narrower] = [...faceWidths].reverse();
  const normalised = () => [...normaliser(), tf.layers.activation(relu)];
  const up = (filters, more = {}) =>
    tf.layers.conv2dTranspose({ filters, kernelSize: 4, strides: 2, ...same, ...more });
  return tf.sequential({
    layers: [
      dense({ units: 16 * width, inputShape: [inputs] }),
      reshape({ targetShape: [4, 4, width] }),
      ...normalised(),
      ...narrower.flatMap((filters) => [up(filters), ...normalised()]),
      up(3, { activation }),
    ],
  });
}

const weightsOf = (...models) =>
  models.flatMap(({ trainableWeights }) => trainableWeights.map((weight) => weight.read()));

async function lossOf(loss) {
  const [value] = await loss.data();
  loss.dispose();
  return value;
}

/** A step of a variational autoencoder: squared error and KL divergence, summed over an image. */
function vae(batchSize) {
  const encode = encoder(2 * latentSize.vae, () => tf.layers.activation(relu));
  const decode = decoder(latentSize.vae, 'sigmoid', () => []);
  const optimizer = tf.train.adam(0.001);
  const faces = uniform([batchSize, 64, 64, 3], 1);
  const weights = weightsOf(encode, decode);
  let seed = 1;
  const loss = () => {
    const [mean, logVariance] = tf.split(encode.apply(faces, { training: true }), 2, 1);
    const noise = tf.randomNormal(mean.shape, 0, 1, 'float32', seed++);
    const latent = mean.add(logVariance.mul(0.5).exp().mul(noise));
    const error = decode.apply(latent, { training: true }).sub(faces).square().sum();
    const divergence = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum().mul(0.5);
    return error.add(divergence).div(batchSize);
  };
  return {
    step: () => lossOf(optimizer.minimize(loss, true, weights)),
    dispose() {
      faces.dispose();
      for (const part of [encode, decode, optimizer]) part.dispose();
    },
  };
}

/** A step of each player of a GAN with the hinge loss: critic, then generator. */
function gan(batchSize) {
  const generator = decoder(latentSize.gan, 'tanh', () => [tf.layers.batchNormalization()]);
  const critic = encoder(1, () => tf.layers.leakyReLU({ alpha: 0.2 }));
  const adam = () => tf.train.adam(2e-4, 0.5, 0.999);
  const optimizers = { generator: adam(), critic: adam() };
  const faces = uniform([batchSize, 64, 64, 3], 1);
  const weights = { generator: weightsOf(generator), critic: weightsOf(critic) };
  let seed = 1;
  const forge = () =>
    generator.apply(tf.randomNormal([batchSize, latentSize.gan], 0, 1, 'float32', seed++), {
      training: true,
    });
  const judge = (images) => critic.apply(images, { training: true });
  const generatorLoss = () => judge(forge()).mean().neg();
  return {
    async step() {
      const forged = tf.tidy(forge);
      const criticLoss = () => {
        const real = tf.relu(tf.sub(1, judge(faces))).mean();
        return real.add(tf.relu(tf.add(1, judge(forged))).mean());
      };
      const critics = await lossOf(optimizers.critic.minimize(criticLoss, true, weights.critic));
      forged.dispose();
      const loss = optimizers.generator.minimize(generatorLoss, true, weights.generator);
      return critics + (await lossOf(loss));
    },
    dispose() {
      faces.dispose();
      for (const part of [generator, critic, optimizers.generator, optimizers.critic]) {
        part.dispose();
      }
    },
  };
}

/** A product of square matrices, as they are (n) or transposed (t). */
function gemm(letters) {
  const [transposeA, transposeB] = [...letters].map((letter) => letter === 't');
  const a = tf.randomUniform([gemmSize, gemmSize], -1, 1, 'float32', 1);
  const b = tf.randomUniform([gemmSize, gemmSize], -1, 1, 'float32', 2);
  return {
    async step() {
      const corner = tf.tidy(() => tf.matMul(a, b, transposeA, transposeB).slice([0, 0], [1, 1]));
      return lossOf(corner);
    },
    dispose: () => tf.dispose([a, b]),
  };
}

/** By row: from a batch size to a running `{ step, dispose }`. */
export const networks = {
  'clock-cnn': clockCnn,
  'cifar-cnn': cifarCnn,
  mlp,
  reader,
  vae,
  gan,
  lstm: (batchSize) => recurrent('lstm', batchSize),
  gru: (batchSize) => recurrent('gru', batchSize),
  'gemm-nn': () => gemm('nn'),
  'gemm-nt': () => gemm('nt'),
  'gemm-tn': () => gemm('tn'),
  'gemm-tt': () => gemm('tt'),
  soak: soakCnn,
};
