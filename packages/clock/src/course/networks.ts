import { checkOptions, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import { createRandom, type Random } from '@nn-lab/core/random';
import { initializerSeed, SeededDropout } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';
import { coursePictureSize } from '../renderer/index.js';

/** Options of {@link buildCourseTwoHeadNetwork}. */
export interface CourseNetworkOptions {
  /** Side of the square pictures, 22 or more; 150 by default. */
  readonly size?: number;
  /** Seed of initial weights and dropout; 42 by default. */
  readonly seed?: number;
}

const courseNetworkChecks: OptionChecks<CourseNetworkOptions> = {
  size: wholeNumber(22), // of which three poolings leave one
  seed: wholeNumber(0),
};

/**
 * Builds the course's best network for telling the time: three convolutions of 16, 32 and 32 filters
 * (3 x 3, rectified, each with 2 x 2 max pooling), then two heads.
 *
 * - `hour`: dense 256 with an L2 penalty of 0.01, dropout 0.1, dense 128, dropout 0.1, softmax
 *   `[batch, 12]`;
 * - `minute`: dense 128, dense 128, linear `[batch, 1]`, the minute as a fraction of the hour.
 *
 * Input `[batch, size, size, 1]` in 0 to 1. Hidden layers and initial weights are Keras's defaults,
 * which the course left as they were: rectifiers, Glorot uniform, biases 0, valid padding.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 */
export function buildCourseTwoHeadNetwork(options: CourseNetworkOptions = {}): tf.LayersModel {
  checkOptions(options, courseNetworkChecks);
  const { size = coursePictureSize, seed = 42 } = options;
  const random = createRandom(seed);
  const weights = random.fork('weights');
  const input = tf.input({ shape: [size, size, 1], name: 'picture' });
  const features = courseTrunk(input, [16, 32, 32], weights);

  let hour = dense('hour1', 256, weights, features, tf.regularizers.l2({ l2: 0.01 }));
  hour = dropout('hour_dropout1', random, hour);
  hour = dense('hour2', 128, weights, hour);
  hour = dropout('hour_dropout2', random, hour);
  hour = output('hour', 12, 'softmax', weights, hour);

  let minute = dense('minute1', 128, weights, features);
  minute = dense('minute2', 128, weights, minute);
  minute = output('minute', 1, 'linear', weights, minute);

  return tf.model({ name: 'course-two-heads', inputs: input, outputs: [hour, minute] });
}

function courseTrunk(
  input: tf.SymbolicTensor,
  filters: readonly number[],
  weights: Random,
): tf.SymbolicTensor {
  let x = input;
  filters.forEach((count, i) => {
    const name = `convolution${i + 1}`;
    x = tf.layers
      .conv2d({
        name,
        filters: count,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: glorot(name, weights),
      })
      .apply(x) as tf.SymbolicTensor;
    x = tf.layers.maxPooling2d({ name: `pool${i + 1}`, poolSize: 2 }).apply(x) as tf.SymbolicTensor;
  });
  return tf.layers.flatten({ name: 'features' }).apply(x) as tf.SymbolicTensor;
}

function dense(
  name: string,
  units: number,
  weights: Random,
  x: tf.SymbolicTensor,
  kernelRegularizer?: ReturnType<typeof tf.regularizers.l2>,
): tf.SymbolicTensor {
  const layer = tf.layers.dense({
    name,
    units,
    activation: 'relu',
    kernelInitializer: glorot(name, weights),
    ...(kernelRegularizer && { kernelRegularizer }),
  });
  return layer.apply(x) as tf.SymbolicTensor;
}

function output(
  name: string,
  units: number,
  activation: 'softmax' | 'linear',
  weights: Random,
  x: tf.SymbolicTensor,
): tf.SymbolicTensor {
  const kernelInitializer = glorot(name, weights);
  return tf.layers
    .dense({ name, units, activation, kernelInitializer })
    .apply(x) as tf.SymbolicTensor;
}

function dropout(name: string, random: Random, x: tf.SymbolicTensor): tf.SymbolicTensor {
  const seed = initializerSeed(random.fork('dropout'), name);
  return new SeededDropout({ name, rate: 0.1, seed }).apply(x) as tf.SymbolicTensor;
}

function glorot(name: string, weights: Random) {
  return tf.initializers.glorotUniform({ seed: initializerSeed(weights, name) });
}
