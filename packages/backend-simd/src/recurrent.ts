import * as tf from '@tensorflow/tfjs';
import { defineGradients } from './gradients/gradient.js';
import { repair } from './repairs.js';

/** A weight of a layer, whose types tfjs hides. */
interface Weight {
  read(): tf.Tensor;
}

/** What a cell of tf.layers has. */
interface Cell {
  readonly activation: tf.serialization.Serializable;
  readonly recurrentActivation: tf.serialization.Serializable;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly units: number;
  readonly useBias: boolean;
  readonly kernel: Weight;
  readonly recurrentKernel: Weight;
  readonly bias: Weight;
  call(inputs: tf.Tensor[], options: unknown): tf.Tensor[];
}

interface Attributes extends tf.NamedAttrMap {
  /** Whether the gates are `hardSigmoid`; `sigmoid` otherwise. */
  readonly hard: boolean;
}

function runKernel(name: string, inputs: tf.NamedTensorMap, attributes: Attributes): tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attributes) as tf.Tensor[];
}

/** The weighted inputs of a step, with the bias if there is one. */
function weighted({ useBias, bias }: Cell, products: tf.Tensor): tf.Tensor {
  return useBias ? tf.add(products, bias.read()) : products;
}

/** A step of an LSTM, from the input, the output before and the carry, to outputs and carry. */
function runLstm(cell: Cell, [x, h, c]: tf.Tensor[], attributes: Attributes): tf.Tensor[] {
  const products = tf.add(
    tf.matMul(x!, cell.kernel.read()),
    tf.matMul(h!, cell.recurrentKernel.read()),
  );
  const z = weighted(cell, products);
  const [output, carry] = runKernel('LstmCell', { z, c: c! }, attributes);
  return [output!, output!, carry!];
}

/** A step of a GRU, from the input and the output before. */
function runGru(cell: Cell, inputs: tf.Tensor[], attributes: Attributes): tf.Tensor[] {
  const h = inputs[1]!;
  const x = weighted(cell, tf.matMul(inputs[0]!, cell.kernel.read()));
  const [gates, fresh] = tf.split(cell.recurrentKernel.read(), [2 * cell.units, cell.units], 1);
  const inner = tf.matMul(h, gates!);
  const [reset] = runKernel('GruReset', { x, inner, h }, attributes);
  const recurrent = tf.matMul(reset!, fresh!);
  const [output] = runKernel('GruOutput', { x, inner, recurrent, h }, attributes);
  return [output!, output!];
}

/** Cells of tf.layers, by their class names: how many tensors they take, and what runs them. */
const cells: Readonly<Record<string, { inputs: number; kernelName: string; run: typeof runGru }>> =
  {
    LSTMCell: { inputs: 3, kernelName: 'LstmCell', run: runLstm },
    GRUCell: { inputs: 2, kernelName: 'GruOutput', run: runGru },
  };

const gradients: readonly tf.GradConfig[] = [
  defineGradients(
    'LstmCell',
    { inputs: ['z', 'c'], outputs: [false, true] },
    ([dh, dNext], saved, attributes) => {
      const [z, c, next] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const inputs = { dh: dh!, dNext: dNext!, z, c, next };
      const [dz, dc] = runKernel('LstmCellGrad', inputs, attributes);
      return { z: () => dz!, c: () => dc! };
    },
  ),
  defineGradients('GruReset', { inputs: ['x', 'inner', 'h'] }, ([dy], saved, attributes) => {
    const [x, inner, h] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [dx, dInner, dh] = runKernel('GruResetGrad', { dy: dy!, x, inner, h }, attributes);
    return { x: () => dx!, inner: () => dInner!, h: () => dh! };
  }),
  defineGradients(
    'GruOutput',
    { inputs: ['x', 'inner', 'recurrent', 'h'] },
    ([dy], saved, attributes) => {
      const [x, inner, recurrent, h] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const inputs = { dy: dy!, x, inner, recurrent, h };
      const [dx, dInner, dRecurrent, dh] = runKernel('GruOutputGrad', inputs, attributes);
      return { x: () => dx!, inner: () => dInner!, recurrent: () => dRecurrent!, h: () => dh! };
    },
  ),
];

/** The attributes of the kernels for a call, or undefined where tfjs must run it itself. */
function planCell(cell: Cell, inputs: tf.Tensor[], count: number): Attributes | undefined {
  if (cell.dropout > 0 || cell.recurrentDropout > 0) return undefined;
  const fits =
    inputs.length === count && inputs.every((x) => x.rank === 2 && x.dtype === 'float32');
  const gate = cell.recurrentActivation.getClassName();
  const isKnown = gate === 'sigmoid' || gate === 'hardSigmoid';
  if (!fits || !isKnown || cell.activation.getClassName() !== 'tanh') return undefined;
  return { hard: gate === 'hardSigmoid' };
}

/** Has the cells of LSTMs and GRUs in tf.layers run as few kernels, on backends that have them. */
export function fuseCells(): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  for (const gradient of gradients) tf.registerGradient(gradient);
  for (const [className, { inputs: count, kernelName, run }] of Object.entries(cells)) {
    const cellClass = classNameMap[className]?.[0];
    if (!cellClass) continue;
    repair(
      cellClass.prototype as unknown as Cell,
      'call',
      (original) =>
        function call(this: Cell, inputs: tf.Tensor[], options: unknown) {
          // The gradient of a gradient needs operations that have one.
          const isFirst = tf.engine().state.gradientDepth <= 1;
          const isFused = isFirst && tf.getKernel(kernelName, tf.getBackend());
          const attributes = isFused ? planCell(this, inputs, count) : undefined;
          if (!attributes) return original.call(this, inputs, options);
          return tf.tidy(() => run(this, inputs, attributes));
        },
    );
  }
}
