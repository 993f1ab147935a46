import type * as tfjs from '@tensorflow/tfjs';

/** What a training on a page ends with. */
export interface Training {
  readonly threads: number;
  readonly cores: number;
  readonly isolated: boolean;
  readonly losses: number[];
  /** Share of right answers on digits that were not trained on. */
  readonly accuracy: number;
  /** SHA-256 of all weights. */
  readonly weights: string;
}

const side = 28;
const classes = 10;

/** The segments of a seven-segment display that are lit: top, sides above, middle, sides below, bottom. */
const segments = [
  0b1110111, 0b0010010, 0b1011101, 0b1011011, 0b0111010, 0b1101011, 0b1101111, 0b1010010, 0b1111111,
  0b1111011,
];
/** Each segment from x, y to x, y, in a box of 1 by 2. */
const lines = [
  [0, 0, 1, 0],
  [0, 0, 0, 1],
  [1, 0, 1, 1],
  [0, 1, 1, 1],
  [0, 1, 0, 2],
  [1, 1, 1, 2],
  [0, 2, 1, 2],
] as const;

/** A repeatable stream of numbers in [0, 1): a 32-bit xorshift. */
function numberStream(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Pictures of the size of MNIST's with a digit somewhere, of some size, in noise. */
function digits(count: number, seed: number): { pixels: Float32Array; labels: Int32Array } {
  const next = numberStream(seed);
  const pixels = new Float32Array(count * side * side);
  const labels = new Int32Array(count);
  for (let picture = 0; picture < count; picture++) {
    const label = Math.floor(classes * next());
    labels[picture] = label;
    const size = 6 + 4 * next();
    const [left, top] = [3 + next() * (22 - size), 2 + next() * (23 - 2 * size)];
    for (const [segment, [x0, y0, x1, y1]] of lines.entries()) {
      if (!((segments[label]! >> (6 - segment)) & 1)) continue;
      for (let t = 0; t <= 1; t += 0.05) {
        const x = Math.round(left + size * (x0 + t * (x1 - x0)));
        const y = Math.round(top + size * (y0 + t * (y1 - y0)));
        for (const [dx, dy] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const) {
          pixels[(picture * side + y + dy) * side + x + dx] = 0.8;
        }
      }
    }
  }
  for (let index = 0; index < pixels.length; index++) pixels[index]! += 0.2 * next();
  return { pixels, labels };
}

/** The convolutional network for MNIST that Keras begins with. */
function buildModel(tf: typeof tfjs): tfjs.Sequential {
  const start = (seed: number) => tf.initializers.glorotUniform({ seed });
  const conv = (filters: number, seed: number) => ({
    ...{ filters, kernelSize: 3, activation: 'relu' as const, kernelInitializer: start(seed) },
  });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ ...conv(32, 1), inputShape: [side, side, 1] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d(conv(64, 2)),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dropout({ rate: 0.5, seed: 3 }),
      tf.layers.dense({ units: classes, activation: 'softmax', kernelInitializer: start(4) }),
    ],
  });
}

/** Trains the network for a few dozen steps on the current backend. */
export async function train(tf: typeof tfjs, steps: number): Promise<Training> {
  const batch = 32;
  const model = buildModel(tf);
  model.compile({ optimizer: tf.train.adam(0.003), loss: 'sparseCategoricalCrossentropy' });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { pixels, labels } = digits(batch, step + 1);
    const inputs = tf.tensor4d(pixels, [batch, side, side, 1]);
    const targets = tf.tensor1d(Float32Array.from(labels));
    losses.push((await model.trainOnBatch(inputs, targets)) as number);
    tf.dispose([inputs, targets]);
  }
  const test = digits(200, 999);
  const right = tf.tidy(() => {
    const answers = model.predict(tf.tensor4d(test.pixels, [200, side, side, 1])) as tfjs.Tensor;
    return [...answers.argMax(1).dataSync()].filter(
      (answer, index) => answer === test.labels[index],
    );
  });
  const weights = await Promise.all(model.getWeights().map((weight) => weight.data()));
  const bytes = await new Blob(
    weights.map((values) => new Uint8Array(values.buffer.slice(0) as ArrayBuffer)),
  ).arrayBuffer();
  const { threads } = tf.backend() as unknown as { threads: number };
  return {
    threads,
    cores: navigator.hardwareConcurrency,
    isolated: globalThis.crossOriginIsolated,
    losses,
    accuracy: right.length / test.labels.length,
    weights: await sha256(bytes),
  };
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
