import { checkOptions, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import { createRandom } from '@nn-lab/core/random';
import { initializerSeed } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';
import { CircularPadding, registerClockLayers } from './circular-padding.js';
import { dialPoseSize } from './dial-pose.js';
import { unrolledAngles, unrolledRadii } from './unroll.js';

/** Side of the thumbnail in which the locator finds the dial. */
export const thumbnailSize = 48;

/** The numbers on a dial, 30 degrees apart. */
const hoursOnDial = 12;

/** Options of {@link buildReaderNetwork}. */
export interface ReaderNetworkOptions {
  /** Seed of the initial weights; 42 by default. */
  readonly seed?: number;
}

const readerNetworkChecks: OptionChecks<ReaderNetworkOptions> = { seed: wholeNumber(0) };

/**
 * Builds the reader: one model of two networks that share nothing but the file and the training run.
 *
 * - The *locator* sees a thumbnail `[batch, 48, 48, 1]` in -1 to 1 and gives the dial's normalised
 *   pose `[batch, 7]`.
 * - The *dial reader* sees the dial unrolled by that pose, `[batch, 35, 180, 1]` in -1 to 1, and gives
 *   logits `[batch, 3, 180]`: for each of the 180 directions, how likely the minute hand, the hour hand
 *   and the twelve point there.
 *
 * The unrolled dial is what makes this learn fast: turning the clock shifts the band, and convolutions
 * that wrap around do not mind a shift, so one picture teaches every direction at once. The twelve is
 * found by all numerals together: each says where the twelve must be if it is what it looks like.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 */
export function buildReaderNetwork(options: ReaderNetworkOptions = {}): tf.LayersModel {
  checkOptions(options, readerNetworkChecks);
  const { seed = 42 } = options;
  registerClockLayers();
  const thumbnail = tf.input({ shape: [thumbnailSize, thumbnailSize, 1], name: 'thumbnail' });
  const unrolled = tf.input({ shape: [unrolledRadii, unrolledAngles, 1], name: 'unrolled' });
  const layers = new Layers(seed);
  return tf.model({
    name: 'clock-reader',
    inputs: [thumbnail, unrolled],
    outputs: [locator(layers, thumbnail), dialReader(layers, unrolled)],
  });
}

function locator(layers: Layers, thumbnail: tf.SymbolicTensor): tf.SymbolicTensor {
  let x = thumbnail;
  x = layers.convolution('locate1', x, {
    filters: 12,
    kernel: [3, 3],
    strides: 2,
    padding: 'same',
  });
  x = layers.convolution('locate2', x, {
    filters: 16,
    kernel: [3, 3],
    strides: 2,
    padding: 'same',
  });
  x = layers.convolution('locate3', x, {
    filters: 24,
    kernel: [3, 3],
    strides: 2,
    padding: 'same',
  });
  x = layers.convolution('locate4', x, { filters: 32, kernel: [3, 3], padding: 'same' });
  x = layers.convolution('locate5', x, {
    filters: 32,
    kernel: [3, 3],
    strides: 2,
    padding: 'same',
  });
  x = tf.layers.flatten({ name: 'locate_flat' }).apply(x) as tf.SymbolicTensor;
  x = layers.dense('locate_hidden', x, 64, 'relu');
  return layers.dense('pose', x, dialPoseSize, 'linear');
}

function dialReader(layers: Layers, unrolled: tf.SymbolicTensor): tf.SymbolicTensor {
  let x = unrolled;
  x = layers.around('read1', x, { filters: 16, kernel: [3, 5], strides: [2, 1] });
  x = layers.around('read2', x, { filters: 24, kernel: [3, 3], strides: [2, 1] });
  x = layers.around('read3', x, { filters: 32, kernel: [3, 3], strides: [2, 1] });
  x = layers.around('read4', x, { filters: 64, kernel: [3, 5] });
  const hands = layers.linear('hands', x, 2);
  return tf.layers
    .permute({ dims: [2, 1], name: 'directions' })
    .apply(
      tf.layers
        .reshape({ targetShape: [unrolledAngles, 3], name: 'directions_by_angle' })
        .apply(
          tf.layers
            .concatenate({ name: 'hands_and_twelve' })
            .apply([hands, twelveByVote(layers, x)]) as tf.SymbolicTensor,
        ) as tf.SymbolicTensor,
    ) as tf.SymbolicTensor;
}

/**
 * Numerals stand 30 degrees apart, so the directions fold into 12 hours by 15 directions between
 * them, and a convolution over the 12 that goes once around the dial lets every numeral vote.
 */
function twelveByVote(layers: Layers, features: tf.SymbolicTensor): tf.SymbolicTensor {
  const numerals = layers.linear('numerals', features, 16);
  const between = unrolledAngles / hoursOnDial;
  const folded = tf.layers
    .reshape({ targetShape: [hoursOnDial, between, 16], name: 'by_hour' })
    .apply(numerals) as tf.SymbolicTensor;
  // Circular padding works on columns, and the hours are rows.
  const hoursAsColumns = tf.layers
    .permute({ dims: [2, 1, 3], name: 'hours_as_columns' })
    .apply(folded) as tf.SymbolicTensor;
  const padded = new CircularPadding({
    before: 0,
    after: hoursOnDial - 1,
    name: 'once_around',
  }).apply(hoursAsColumns) as tf.SymbolicTensor;
  const votes = layers.valid('vote', padded, { filters: 1, kernel: [1, hoursOnDial] });
  const byHour = tf.layers
    .permute({ dims: [2, 1, 3], name: 'votes_by_hour' })
    .apply(votes) as tf.SymbolicTensor;
  return tf.layers
    .reshape({ targetShape: [1, unrolledAngles, 1], name: 'twelve' })
    .apply(byHour) as tf.SymbolicTensor;
}

interface ConvolutionShape {
  readonly filters: number;
  readonly kernel: [number, number];
  readonly strides?: number | [number, number];
  readonly padding?: 'same' | 'valid';
}

/** Layers with seeded weights, each with a stream of its own by its name. */
class Layers {
  readonly #random;

  constructor(seed: number) {
    this.#random = createRandom(seed).fork('weights');
  }

  /** Convolution, batch normalisation, rectifier. */
  convolution(name: string, x: tf.SymbolicTensor, shape: ConvolutionShape): tf.SymbolicTensor {
    const { filters, kernel, strides = 1, padding = 'valid' } = shape;
    const convolved = tf.layers
      .conv2d({
        name,
        filters,
        kernelSize: kernel,
        strides,
        padding,
        useBias: false,
        kernelInitializer: tf.initializers.heNormal({ seed: initializerSeed(this.#random, name) }),
      })
      .apply(x);
    // Short runs: the moving statistics must follow within some tens of steps.
    const normalized = tf.layers
      .batchNormalization({ name: `${name}_norm`, momentum: 0.9, epsilon: 1e-5 })
      .apply(convolved);
    return tf.layers.reLU({ name: `${name}_relu` }).apply(normalized) as tf.SymbolicTensor;
  }

  /** {@link convolution} that wraps around the columns and keeps their number. */
  around(name: string, x: tf.SymbolicTensor, shape: ConvolutionShape): tf.SymbolicTensor {
    const half = (shape.kernel[1] - 1) / 2;
    const padded = new CircularPadding({ before: half, after: half, name: `${name}_around` }).apply(
      x,
    );
    return this.convolution(name, padded as tf.SymbolicTensor, shape);
  }

  /** A convolution alone. */
  valid(name: string, x: tf.SymbolicTensor, shape: ConvolutionShape): tf.SymbolicTensor {
    return tf.layers
      .conv2d({
        name,
        filters: shape.filters,
        kernelSize: shape.kernel,
        kernelInitializer: tf.initializers.glorotUniform({
          seed: initializerSeed(this.#random, name),
        }),
      })
      .apply(x) as tf.SymbolicTensor;
  }

  /** A linear map of the channels. */
  linear(name: string, x: tf.SymbolicTensor, filters: number): tf.SymbolicTensor {
    return this.valid(name, x, { filters, kernel: [1, 1] });
  }

  dense(
    name: string,
    x: tf.SymbolicTensor,
    units: number,
    activation: 'relu' | 'linear',
  ): tf.SymbolicTensor {
    const seed = initializerSeed(this.#random, name);
    return tf.layers
      .dense({
        name,
        units,
        activation,
        kernelInitializer:
          activation === 'relu'
            ? tf.initializers.heNormal({ seed })
            : tf.initializers.glorotUniform({ seed }),
      })
      .apply(x) as tf.SymbolicTensor;
  }
}

/**
 * The reader's loss: the mean squared error of the normalised pose, and for each of the three
 * directions the cross-entropy against its soft target.
 *
 * @param outputs - Pose `[batch, 7]` and logits `[batch, 3, 180]`.
 * @param targets - Of the same shapes; each of the 180 rows sums to 1.
 */
export function readerLoss(outputs: tf.Tensor[], targets: tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const [pose, logits] = outputs as [tf.Tensor, tf.Tensor];
    const [truePose, directions] = targets as [tf.Tensor, tf.Tensor];
    const located = tf.losses.meanSquaredError(truePose, pose);
    const read = tf.mul(3, tf.losses.softmaxCrossEntropy(directions, logits));
    return tf.add(located, read).asScalar();
  });
}
