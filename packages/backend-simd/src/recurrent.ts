import * as tf from '@tensorflow/tfjs';
import { defineGradients } from './gradients/gradient.js';
import { repair } from './repairs.js';

/** A weight of a layer, whose types tfjs hides. */
interface Weight {
  read(): tf.Tensor;
}

/** What the cell of an LSTM in tf.layers has. */
interface LstmCell {
  readonly activation: tf.serialization.Serializable;
  readonly recurrentActivation: tf.serialization.Serializable;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly useBias: boolean;
  readonly kernel: Weight;
  readonly recurrentKernel: Weight;
  readonly bias: Weight;
  call(inputs: tf.Tensor[], options: unknown): tf.Tensor[];
}

const lstmGradient = defineGradients(
  'LstmCell',
  { inputs: ['z', 'c'], outputs: [false, true] },
  ([dh, dNext], saved, attributes) => {
    const [z, c, next] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const inputs = { dh: dh!, dNext: dNext!, z, c, next };
    const [dz, dc] = tf.engine().runKernel('LstmCellGrad', inputs, attributes) as tf.Tensor[];
    return { z: () => dz!, c: () => dc! };
  },
);

/** The attributes of the kernel for a call, or undefined where tfjs must run it itself. */
function planCell(cell: LstmCell, inputs: tf.Tensor[]): { hard: boolean } | undefined {
  // The gradient of a gradient needs operations that have one.
  const isPlain = tf.engine().state.gradientDepth <= 1 && tf.getKernel('LstmCell', tf.getBackend());
  if (!isPlain || cell.dropout > 0 || cell.recurrentDropout > 0) return undefined;
  const fits = inputs.length === 3 && inputs.every((x) => x.rank === 2 && x.dtype === 'float32');
  const gate = cell.recurrentActivation.getClassName();
  const isKnown = gate === 'sigmoid' || gate === 'hardSigmoid';
  if (!fits || !isKnown || cell.activation.getClassName() !== 'tanh') return undefined;
  return { hard: gate === 'hardSigmoid' };
}

/** Has the cells of LSTMs in tf.layers run as two products and one kernel, on backends that have it. */
export function fuseCells(): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const lstmCell = classNameMap.LSTMCell?.[0];
  if (!lstmCell) return;
  tf.registerGradient(lstmGradient);
  repair(
    lstmCell.prototype as unknown as LstmCell,
    'call',
    (original) =>
      function call(this: LstmCell, inputs: tf.Tensor[], options: unknown) {
        const attributes = planCell(this, inputs);
        if (!attributes) return original.call(this, inputs, options);
        return tf.tidy(() => {
          const [x, h, c] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
          const products = tf.add(
            tf.matMul(x, this.kernel.read()),
            tf.matMul(h, this.recurrentKernel.read()),
          );
          const z = this.useBias ? tf.add(products, this.bias.read()) : products;
          const outputs = tf.engine().runKernel('LstmCell', { z, c }, attributes) as tf.Tensor[];
          return [outputs[0]!, outputs[0]!, outputs[1]!];
        });
      },
  );
}
