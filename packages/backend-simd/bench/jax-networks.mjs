// Rows of networks.mjs in jax-js, on its wasm backend (in Node: one thread). Whole steps are compiled
// by `jit`. Every call consumes its arguments; `.ref` keeps one for another use. Dropout is left out,
// in favour of jax-js.
import { init, jit, lax, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';
import { gemmSize } from './rows.mjs';

/** Starts the wasm backend and gives `start(row, batchSize)` as the other engines do. */
export async function startJax() {
  await init('wasm');
  return {
    start(row, batchSize) {
      if (!networks[row]) throw new Error(`The bench has no ${row} for jax-js.`);
      return networks[row](batchSize);
    },
  };
}

let nextKey = 0;
const normal = (shape) => random.normal(random.key(nextKey++), shape);
const uniform = (shape) => random.uniform(random.key(nextKey++), shape);

// A layer: the shapes of its weights, and what it makes of them and of its input (NCHW).
const conv = (inputs, filters, size, { stride = 1, padding = 'VALID' } = {}) => ({
  shapes: [
    [filters, inputs, size, size],
    [filters, 1, 1],
  ],
  apply: ([kernel, bias], x) => nn.relu(lax.conv(x, kernel, [stride, stride], padding).add(bias)),
});
const dense = (inputs, units, activation = nn.relu) => ({
  shapes: [[inputs, units], [units]],
  apply: ([kernel, bias], x) => activation(np.matmul(x, kernel).add(bias)),
});
const pool = {
  shapes: [],
  apply: (_, x) => lax.reduceWindow(x, (window) => np.max(window), [1, 1, 2, 2], [1, 1, 2, 2]),
};
const flatten = (size) => ({ shapes: [], apply: (_, x) => x.reshape([-1, size]) });
const linear = (x) => x;
const same = { padding: 'SAME' };
const half = { padding: 'SAME', stride: 2 };

const meanSquaredError = (outputs, targets) => np.mean(np.square(outputs.sub(targets)));
const crossEntropy = (outputs, targets) =>
  np.mean(np.sum(nn.logSoftmax(outputs).mul(targets), 1)).neg();

// An optimizer: how many numbers it keeps for each weight, and the new weight followed by those.
const sgd = { kept: 0, update: (weight, gradient) => [weight.sub(gradient.mul(0.01))] };
const rmsprop = {
  kept: 1,
  update(weight, gradient, square) {
    const next = square.mul(0.9).add(np.square(gradient.ref).mul(0.1));
    return [weight.sub(gradient.mul(0.001).div(np.sqrt(next.ref.add(1e-8)))), next];
  },
};
const adam = {
  kept: 2,
  update(weight, gradient, mean, square) {
    const nextMean = mean.mul(0.9).add(gradient.ref.mul(0.1));
    const nextSquare = square.mul(0.999).add(np.square(gradient).mul(0.001));
    const change = nextMean.ref.mul(0.001).div(np.sqrt(nextSquare.ref).add(1e-8));
    return [weight.sub(change), nextMean, nextSquare];
  },
};

function supervised({ layers, lossOf, optimizer, inputs, targets }) {
  const loss = (weights, x, y) =>
    lossOf(
      layers.reduce((value, { apply }, index) => apply(weights[index], value), x),
      y,
    );
  const train = jit((weights, kept, x, y) => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(weights), x, y);
    const updated = weights.map((own, layer) =>
      own.map((weight, index) =>
        optimizer.update(weight, gradients[layer][index], ...kept[layer][index]),
      ),
    );
    return [
      value,
      updated.map((own) => own.map(([weight]) => weight)),
      updated.map((own) => own.map(([, ...rest]) => rest)),
    ];
  });
  let weights = layers.map(({ shapes }) => shapes.map((shape) => normal(shape).mul(0.05)));
  let kept = layers.map(({ shapes }) =>
    shapes.map((shape) => Array.from({ length: optimizer.kept }, () => np.zeros(shape))),
  );
  return {
    async step() {
      let value;
      [value, weights, kept] = train(weights, kept, inputs.ref, targets.ref);
      const [number] = await value.data();
      return number;
    },
    dispose() {
      tree.dispose([weights, kept, inputs, targets]);
    },
  };
}

const classes = (batchSize) => nn.oneHot(np.arange(batchSize).astype(np.int32).mod(10), 10);

function clockCnn(batchSize) {
  return supervised({
    layers: [
      conv(1, 16, 3),
      pool,
      conv(16, 32, 3),
      pool,
      conv(32, 32, 3),
      pool,
      flatten(17 * 17 * 32),
      dense(17 * 17 * 32, 128),
      dense(128, 128),
      dense(128, 1, linear),
    ],
    lossOf: meanSquaredError,
    optimizer: rmsprop,
    inputs: uniform([batchSize, 1, 150, 150]),
    targets: uniform([batchSize, 1]),
  });
}

function cifarCnn(batchSize) {
  return supervised({
    layers: [
      conv(3, 64, 7, same),
      pool,
      conv(64, 128, 3, same),
      conv(128, 128, 3, same),
      pool,
      conv(128, 256, 3, same),
      conv(256, 256, 3, same),
      pool,
      flatten(4 * 4 * 256),
      dense(4 * 4 * 256, 128),
      dense(128, 64),
      dense(64, 10, linear),
    ],
    lossOf: crossEntropy,
    optimizer: rmsprop,
    inputs: uniform([batchSize, 3, 32, 32]),
    targets: classes(batchSize),
  });
}

function mlp(batchSize) {
  return supervised({
    layers: [dense(784, 300), dense(300, 100), dense(100, 10, linear)],
    lossOf: crossEntropy,
    optimizer: sgd,
    inputs: uniform([batchSize, 784]),
    targets: classes(batchSize),
  });
}

function reader(batchSize) {
  return supervised({
    layers: [
      conv(1, 16, 3, half),
      conv(16, 32, 3, same),
      conv(32, 32, 3, half),
      conv(32, 64, 3, same),
      conv(64, 64, 3, half),
      conv(64, 128, 3, half),
      conv(128, 128, 3, same),
      flatten(6 * 6 * 128),
      dense(6 * 6 * 128, 128),
      dense(128, 6, linear),
    ],
    lossOf: meanSquaredError,
    optimizer: adam,
    inputs: uniform([batchSize, 1, 96, 96]),
    targets: uniform([batchSize, 6]),
  });
}

function gemm(letters) {
  const [a, b] = [uniform([gemmSize, gemmSize]), uniform([gemmSize, gemmSize])];
  const factor = (matrix, letter) => (letter === 't' ? np.transpose(matrix.ref) : matrix.ref);
  return {
    async step() {
      const product = np.matmul(factor(a, letters[0]), factor(b, letters[1]));
      const [number] = await product.data();
      return number;
    },
    dispose: () => tree.dispose([a, b]),
  };
}

const networks = {
  'clock-cnn': clockCnn,
  'cifar-cnn': cifarCnn,
  mlp,
  reader,
  'gemm-nn': () => gemm('nn'),
  'gemm-nt': () => gemm('nt'),
  'gemm-tn': () => gemm('tn'),
  'gemm-tt': () => gemm('tt'),
};
