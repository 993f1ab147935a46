import * as tf from '@tensorflow/tfjs';

/** Two inputs and outputs, a layer that is shared, and models within the model, called twice. */
export function graphModel(): tf.LayersModel {
  const [a, b] = ['a', 'b'].map((name) => tf.input({ shape: [4], name }));
  const shared = tf.layers.dense({ units: 3, name: 'shared' });
  const [x, y] = [a, b].map((input) => shared.apply(input!) as tf.SymbolicTensor);
  const sequence = tf.sequential({
    name: 'sequence',
    layers: [tf.layers.dense({ units: 2, inputShape: [3], name: 'inner' })],
  });
  const innerInput = tf.input({ shape: [3], name: 'inner_input' });
  const inner = tf.model({
    name: 'graph',
    inputs: innerInput,
    outputs: [
      tf.layers.dense({ units: 2, name: 'first' }).apply(innerInput) as tf.SymbolicTensor,
      tf.layers.activation({ activation: 'tanh', name: 'second' }).apply(innerInput),
    ] as tf.SymbolicTensor[],
  });
  const joined = tf.layers
    .concatenate({ name: 'joined' })
    .apply([
      x!,
      sequence.apply(x!) as tf.SymbolicTensor,
      ...(inner.apply(y!) as tf.SymbolicTensor[]),
      sequence.apply(y!) as tf.SymbolicTensor,
    ]);
  return tf.model({
    inputs: [a!, b!],
    outputs: [
      tf.layers.dense({ units: 1, name: 'number' }).apply(joined),
      tf.layers.add({ name: 'sum' }).apply([x!, y!]),
    ] as tf.SymbolicTensor[],
  });
}

/** Layers that hold layers. */
export function recurrentModel(): tf.LayersModel {
  const input = tf.input({ shape: [5, 3], name: 'steps' });
  const both = tf.layers
    .bidirectional({
      layer: tf.layers.lstm({ units: 2, returnSequences: true }) as tf.RNN,
      mergeMode: 'concat',
      name: 'both',
    })
    .apply(input) as tf.SymbolicTensor;
  const each = tf.layers
    .timeDistributed({ layer: tf.layers.dense({ units: 2 }), name: 'each' })
    .apply(both) as tf.SymbolicTensor;
  const cells = tf.layers.rnn({
    cell: [tf.layers.simpleRNNCell({ units: 2 }), tf.layers.lstmCell({ units: 2 })] as never,
    name: 'cells',
  });
  return tf.model({
    inputs: input,
    outputs: [
      tf.layers.gru({ units: 2, name: 'last' }).apply(each),
      cells.apply(input),
    ] as tf.SymbolicTensor[],
  });
}

/** Pictures, with penalties and limits on the weights. */
export function convolutionalModel(): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: 2,
        kernelSize: 3,
        inputShape: [8, 8, 1],
        kernelConstraint: 'maxNorm',
        kernelRegularizer: tf.regularizers.l2({ l2: 0.01 }),
      }),
      tf.layers.depthwiseConv2d({ kernelSize: 3 }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.layerNormalization(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
}
