import type * as tf from '@tensorflow/tfjs';
import { elementBytes } from '../backend.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { runSliced } from '../sliced.js';

/** What a unit of a cell takes, in nanoseconds: five functions with exponentials. */
const unitCost = 5;

interface CellAttributes {
  /** Whether the gates are `hardSigmoid`; `sigmoid` otherwise. */
  readonly hard: boolean;
}

interface LstmInputs {
  /** What the gates are taken of: input, forget, new and output, side by side. */
  readonly z: tf.TensorInfo;
  /** The carry before the step. */
  readonly c: tf.TensorInfo;
}

interface LstmGradientInputs extends LstmInputs {
  readonly next: tf.TensorInfo;
  readonly dh: tf.TensorInfo;
  readonly dNext: tf.TensorInfo;
}

/** The output and the carry of a step. */
const lstmCell = defineKernel<LstmInputs, CellAttributes>('LstmCell', (call) => {
  const { inputs, attrs, backend } = call;
  const { z, c } = inputs;
  const [rows, units] = c.shape as [number, number];
  const [from, carry] = [backend.pointer(z), backend.pointer(c)];
  const outputs = [backend.makeOutput(c.shape, 'float32'), backend.makeOutput(c.shape, 'float32')];
  const [output, next] = outputs.map((tensor) => backend.pointer(tensor));
  runSliced(backend, 'lstm', rows, { cost: units * unitCost }, (begin, end) => {
    const offset = begin * units * elementBytes;
    const places = [from + 4 * offset, carry + offset, output! + offset, next! + offset];
    return [...places, end - begin, units, Number(attrs.hard)];
  });
  return outputs;
});

/** The gradients of both inputs. */
const lstmCellGrad = defineKernel<LstmGradientInputs, CellAttributes>('LstmCellGrad', (call) => {
  const { inputs, attrs, backend } = call;
  const { dh, dNext, z, c, next } = inputs;
  const [rows, units] = c.shape as [number, number];
  const [from, ...sources] = [z, dh, dNext, c, next].map((tensor) => backend.pointer(tensor));
  const outputs = [backend.makeOutput(z.shape, 'float32'), backend.makeOutput(c.shape, 'float32')];
  const [dz, dc] = outputs.map((tensor) => backend.pointer(tensor));
  runSliced(backend, 'lstmGradient', rows, { cost: 2 * units * unitCost }, (begin, end) => {
    const offset = begin * units * elementBytes;
    const [dOutput, dCarry, carry, after] = sources.map((source) => source + offset);
    const read = [dOutput!, dCarry!, from! + 4 * offset, carry!, after!];
    return [...read, dz! + 4 * offset, dc! + offset, end - begin, units, Number(attrs.hard)];
  });
  return outputs;
});

/** Cells of recurrent networks; see `src/recurrent.ts`. */
export const recurrentKernels: readonly SimdKernel[] = [lstmCell, lstmCellGrad];
