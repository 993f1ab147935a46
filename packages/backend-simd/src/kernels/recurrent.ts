import type * as tf from '@tensorflow/tfjs';
import { elementBytes } from '../backend.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { runSliced } from '../sliced.js';

/** What a unit of a cell takes, in nanoseconds: a few functions with exponentials. */
const unitCost = 5;

interface CellAttributes {
  /** Whether the gates are `hardSigmoid`; `sigmoid` otherwise. */
  readonly hard: boolean;
}

/**
 * A kernel (...inputs, ...outputs, rows, units, hard) of tensors that have a row for each of a batch.
 *
 * @param inputNames in the order of the function's parameters; the last one has `units` columns.
 * @param outputsLike the inputs that the outputs have the shapes of.
 */
function cellKernel(
  kernelName: string,
  functionName: string,
  inputNames: readonly string[],
  outputsLike: readonly string[],
): SimdKernel {
  return defineKernel<Record<string, tf.TensorInfo>, CellAttributes>(kernelName, (call) => {
    const { inputs, attrs, backend } = call;
    const [rows, units] = inputs[inputNames.at(-1)!]!.shape as [number, number];
    const sources = inputNames.map((name) => backend.pointer(inputs[name]!));
    const outputs = outputsLike.map((name) => backend.makeOutput(inputs[name]!.shape, 'float32'));
    const addresses = [...sources, ...outputs.map((tensor) => backend.pointer(tensor))];
    const strides = [...inputNames, ...outputsLike].map(
      (name) => inputs[name]!.shape[1]! * elementBytes,
    );
    const cost = outputs.length * units * unitCost;
    runSliced(backend, functionName, rows, { cost }, (begin, end) => [
      ...addresses.map((address, index) => address + begin * strides[index]!),
      ...[end - begin, units, Number(attrs.hard)],
    ]);
    return outputs;
  });
}

/** Cells of recurrent networks and their gradients; see `src/recurrent.ts`. */
export const recurrentKernels: readonly SimdKernel[] = [
  cellKernel('LstmCell', 'lstm', ['z', 'c'], ['c', 'c']),
  cellKernel('LstmCellGrad', 'lstmGradient', ['dh', 'dNext', 'z', 'next', 'c'], ['z', 'c']),
  cellKernel('GruReset', 'gruReset', ['x', 'inner', 'h'], ['h']),
  cellKernel('GruResetGrad', 'gruResetGradient', ['dy', 'x', 'inner', 'h'], ['x', 'inner', 'h']),
  cellKernel('GruOutput', 'gruOutput', ['x', 'inner', 'recurrent', 'h'], ['h']),
  cellKernel(
    'GruOutputGrad',
    'gruOutputGradient',
    ['dy', 'x', 'inner', 'recurrent', 'h'],
    ['x', 'inner', 'recurrent', 'h'],
  ),
];
