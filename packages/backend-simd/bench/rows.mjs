// What the bench measures, as data: the work itself is in networks.mjs (tfjs), jax-networks.mjs and
// tools/peers/torch_bench.py.

/** Engines too slow for whole batches of pictures get small ones; images a second hardly change. */
export const smallBatches = { tfjsWasm: 16, jaxJs: 2, tfjsCpu: 1 };

const image = (row, title, batchSize, batchSizeOf = smallBatches) => ({
  row,
  title,
  unit: 'images/s',
  batchSize,
  batchSizeOf,
});

const product = (letters) => ({
  row: `gemm-${letters}`,
  title: `matrix product 1024x1024x1024, ${letters}`,
  unit: 'GFLOP/s',
});

/** The rows of the table, in its order. */
export const rows = [
  image('clock-cnn', 'course clock CNN, 150x150x1, batch 100, RMSprop', 100),
  image('cifar-cnn', 'course CIFAR-10 CNN, 32x32x3, batch 128, RMSprop', 128),
  image('mlp', 'course MLP 784-300-100-10, batch 32, SGD', 32, {}),
  image('reader', 'clock reader, seven convolutions, 96x96x1, batch 64, Adam', 64),
  image('vae', 'VAE, 64x64x3, latent 32, four convolutions, batch 64, Adam', 64),
  image('gan', 'hinge GAN, 64x64x3, 256-128-64-32, batch 64, Adam', 64),
  image('lstm', 'LSTM of 128 units over the 28 rows of a 28x28 picture, batch 64, Adam', 64),
  image('gru', 'GRU of 128 units over the same, batch 64, Adam', 64),
  product('nn'),
  product('nt'),
  product('tn'),
  product('tt'),
];

/** Side of the matrices of the `gemm` rows. */
export const gemmSize = 1024;

/** What one step of a row does: images, or billions of floating-point operations. */
export function workOfStep({ unit }, batchSize) {
  return unit === 'GFLOP/s' ? (2 * gemmSize ** 3) / 1e9 : batchSize;
}
