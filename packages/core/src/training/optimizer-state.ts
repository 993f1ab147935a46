import * as tf from '@tensorflow/tfjs';
import { InvalidArgumentError } from '../errors.js';

/** Everything an optimizer has learnt, by reference: read it before the next step. */
export interface OptimizerState {
  readonly className: string;
  readonly iterations: number;
  /** Slots and counters. The names say where each belongs. */
  readonly tensors: readonly { readonly name: string; readonly tensor: tf.Tensor }[];
}

/**
 * Where each optimizer of tfjs keeps its state: arrays of slot variables, one for each trained
 * variable and made at the first step, and scalar variables. `getWeights` and `setWeights` of tfjs
 * lose the scalars (and recompute Adam's from powers, with other last bits), and two optimizers
 * lack them altogether.
 */
const stateFields: Readonly<
  Record<string, { slots: readonly string[]; scalars: readonly string[] }>
> = {
  SGD: { slots: [], scalars: [] },
  Momentum: { slots: ['accumulations'], scalars: [] },
  RMSProp: {
    slots: ['accumulatedMeanSquares', 'accumulatedMoments', 'accumulatedMeanGrads'],
    scalars: [],
  },
  Adam: {
    slots: ['accumulatedFirstMoment', 'accumulatedSecondMoment'],
    scalars: ['accBeta1', 'accBeta2'],
  },
  AdamW: {
    slots: ['accumulatedFirstMoment', 'accumulatedSecondMoment'],
    scalars: ['accBeta1', 'accBeta2'],
  },
  Adamax: {
    slots: ['accumulatedFirstMoment', 'accumulatedWeightedInfNorm'],
    scalars: ['iteration', 'accBeta1'],
  },
  Adagrad: { slots: ['accumulatedGrads'], scalars: [] },
  Adadelta: { slots: ['accumulatedGrads', 'accumulatedUpdates'], scalars: [] },
};

interface Slot {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

type OptimizerFields = Record<string, unknown> & { iterations_: number };

/** @throws InvalidArgumentError when the state of such an optimizer cannot be captured. */
export function requireKnownOptimizer(optimizer: tf.Optimizer): void {
  const className = optimizer.getClassName();
  if (!Object.hasOwn(stateFields, className)) {
    throw new InvalidArgumentError(
      `Checkpoints need an optimizer whose state is known (${Object.keys(stateFields).join(', ')}), but got ${className}. Make one with createOptimizer, or train without checkpoints.`,
    );
  }
}

export function captureOptimizer(optimizer: tf.Optimizer): OptimizerState {
  requireKnownOptimizer(optimizer);
  const className = optimizer.getClassName();
  const fields = optimizer as unknown as OptimizerFields;
  const { slots, scalars } = stateFields[className]!;
  return {
    className,
    iterations: optimizer.iterations,
    tensors: [
      ...slots.flatMap((field) =>
        ((fields[field] as Slot[] | undefined) ?? []).map((slot, index) => ({
          name: `${field}/${index}`,
          tensor: slot.variable as tf.Tensor,
        })),
      ),
      ...scalars.map((field) => ({ name: field, tensor: fields[field] as tf.Tensor })),
    ],
  };
}

/**
 * Puts a captured state into an optimizer of the same class that trains the same variables. The
 * tensors are copied, not taken.
 */
export function restoreOptimizer(
  optimizer: tf.Optimizer,
  state: OptimizerState,
  variables: readonly tf.Variable[],
): void {
  requireKnownOptimizer(optimizer);
  const fields = optimizer as unknown as OptimizerFields;
  const { slots, scalars } = stateFields[optimizer.getClassName()]!;
  const saved = new Map(state.tensors.map(({ name, tensor }) => [name, tensor]));
  for (const field of slots) {
    for (const slot of (fields[field] as Slot[] | undefined) ?? []) slot.variable.dispose();
    const restored: Slot[] = [];
    for (const [index, variable] of variables.entries()) {
      const tensor = saved.get(`${field}/${index}`);
      if (!tensor) break;
      restored.push({
        originalName: `${variable.name}/${field}`,
        variable: tf.variable(tensor, false),
      });
    }
    fields[field] = restored;
  }
  for (const field of scalars) {
    const tensor = saved.get(field);
    if (tensor) (fields[field] as tf.Variable).assign(tensor as never);
  }
  fields.iterations_ = state.iterations;
}
