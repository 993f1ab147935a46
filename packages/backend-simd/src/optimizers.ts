import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from './backend.js';

type Gradients = Parameters<tf.Optimizer['applyGradients']>[0];

/** What tfjs keeps for each variable: an array of these, by the variable's position. */
interface Slot {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

/** Where tfjs keeps a kind of slot, and how it names and begins one. */
interface SlotField {
  readonly field: string;
  readonly suffix: string;
  readonly initialValue?: (optimizer: never) => number;
}

/** How the step of an optimizer maps to one kernel for each variable. */
interface FusedUpdate<Fields> {
  readonly kernelName: string;
  readonly slots: readonly SlotField[];
  /** Scalars that the kernel takes after the slots. */
  readonly scalars?: (optimizer: Fields) => tf.Tensor[];
  readonly numbers: (optimizer: Fields) => number[];
  /** What changes once a step, after the variables. */
  readonly advance?: (optimizer: Fields) => void;
}

/** What every optimizer of tfjs has, though its types hide it. */
interface OptimizerFields {
  readonly learningRate: number;
  readonly epsilon: number;
  incrementIterations(): void;
}

interface GradientDescentFields extends OptimizerFields {
  /** The negative learning rate. */
  readonly c: tf.Tensor;
}

interface MomentumFields extends GradientDescentFields {
  readonly m: tf.Tensor;
  readonly useNesterov: boolean;
}

interface AdamFields extends OptimizerFields {
  readonly beta1: number;
  readonly beta2: number;
  readonly accBeta1: tf.Variable;
  readonly accBeta2: tf.Variable;
}

interface AdamaxFields extends AdamFields {
  readonly decay: number;
  readonly iteration: tf.Variable;
}

interface RmspropFields extends OptimizerFields {
  readonly decay: number;
  readonly momentum: number;
  readonly centered: boolean;
}

interface AdagradFields extends OptimizerFields {
  readonly initialAccumulatorValue: number;
}

interface AdadeltaFields extends OptimizerFields {
  readonly rho: number;
}

const gradientDescent: FusedUpdate<GradientDescentFields> = {
  kernelName: 'ApplyGradientDescent',
  slots: [],
  scalars: ({ c }) => [c],
  numbers: () => [],
};

const momentum: FusedUpdate<MomentumFields> = {
  kernelName: 'ApplyMomentum',
  slots: [{ field: 'accumulations', suffix: 'momentum' }],
  scalars: ({ c, m }) => [c, m],
  numbers: ({ useNesterov }) => [Number(useNesterov)],
};

const adam: FusedUpdate<AdamFields> = {
  kernelName: 'ApplyAdam',
  slots: [
    { field: 'accumulatedFirstMoment', suffix: 'm' },
    { field: 'accumulatedSecondMoment', suffix: 'v' },
  ],
  scalars: ({ accBeta1, accBeta2 }) => [accBeta1, accBeta2],
  numbers: ({ beta1, beta2, epsilon, learningRate }) => [
    ...[beta1, 1 - beta1, beta2, 1 - beta2],
    ...[epsilon, -learningRate],
  ],
  advance({ accBeta1, accBeta2, beta1, beta2 }) {
    accBeta1.assign(tf.mul(accBeta1, beta1));
    accBeta2.assign(tf.mul(accBeta2, beta2));
  },
};

const adamax: FusedUpdate<AdamaxFields> = {
  kernelName: 'ApplyAdaMax',
  slots: [
    { field: 'accumulatedFirstMoment', suffix: 'm' },
    { field: 'accumulatedWeightedInfNorm', suffix: 'v' },
  ],
  scalars({ learningRate, iteration, decay, accBeta1 }) {
    const rate = tf.div(-learningRate, tf.add(tf.mul(iteration, decay), 1));
    return [tf.div(rate, tf.sub(1, accBeta1))];
  },
  numbers: ({ beta1, beta2, epsilon }) => [beta1, 1 - beta1, beta2, epsilon],
  advance({ iteration, accBeta1, beta1 }) {
    iteration.assign(tf.add(iteration, 1));
    accBeta1.assign(tf.mul(accBeta1, beta1));
  },
};

const rmsprop: FusedUpdate<RmspropFields> = {
  kernelName: 'ApplyRMSProp',
  slots: [
    { field: 'accumulatedMeanSquares', suffix: 'rms' },
    { field: 'accumulatedMoments', suffix: 'momentum' },
  ],
  numbers: ({ decay, momentum, epsilon, learningRate }) => [
    ...[decay, 1 - decay, momentum],
    ...[epsilon, learningRate],
  ],
};

const centeredRmsprop: FusedUpdate<RmspropFields> = {
  kernelName: 'ApplyCenteredRMSProp',
  slots: [...rmsprop.slots, { field: 'accumulatedMeanGrads', suffix: 'mg' }],
  numbers: rmsprop.numbers,
};

const adagrad: FusedUpdate<AdagradFields> = {
  kernelName: 'ApplyAdagrad',
  slots: [
    {
      field: 'accumulatedGrads',
      suffix: 'accumulator',
      initialValue: ({ initialAccumulatorValue }: AdagradFields) => initialAccumulatorValue,
    },
  ],
  numbers: ({ learningRate }) => [tf.backend().epsilon(), -learningRate],
};

const adadelta: FusedUpdate<AdadeltaFields> = {
  kernelName: 'ApplyAdadelta',
  slots: [
    { field: 'accumulatedGrads', suffix: 'accum_grad' },
    { field: 'accumulatedUpdates', suffix: 'accum_var' },
  ],
  numbers: ({ rho, epsilon, learningRate }) => [rho, 1 - rho, epsilon, -learningRate],
};

/** Marks a method that is replaced, for this copy of the package and for any other. */
const replaced = Symbol.for('nn-lab.backend-simd.fused-update');

/**
 * Lets the optimizers of tfjs, and classes derived from them, change each variable by one kernel
 * where the current backend has it, instead of by up to fourteen. State, names and numbers stay
 * tfjs's to the last bit; on other backends, and for tensors that are not all float32 and of the
 * variable's shape, its own code runs. Again it does nothing.
 */
export function fuseOptimizers(): void {
  replace(tf.SGDOptimizer, () => gradientDescent);
  replace(tf.MomentumOptimizer, () => momentum);
  replace(tf.AdamOptimizer, () => adam);
  replace(tf.AdamaxOptimizer, () => adamax);
  replace(tf.RMSPropOptimizer, ({ centered }) => (centered ? centeredRmsprop : rmsprop));
  replace(tf.AdagradOptimizer, () => adagrad);
  replace(tf.AdadeltaOptimizer, () => adadelta);
}

function replace<Fields extends OptimizerFields>(
  { prototype }: { readonly prototype: tf.Optimizer },
  updateOf: (optimizer: RmspropFields) => FusedUpdate<Fields>,
): void {
  const original = prototype.applyGradients;
  if (replaced in original) return;
  function applyGradients(this: tf.Optimizer, gradients: Gradients): void {
    const fields = this as unknown as Fields;
    const update = updateOf(this as unknown as RmspropFields);
    const steps = planSteps(fields, gradients, update);
    if (steps) applySteps(fields, steps, update);
    else original.call(this, gradients);
  }
  Object.defineProperty(prototype, 'applyGradients', {
    value: Object.assign(applyGradients, { [replaced]: true }),
    ...{ writable: true, configurable: true },
  });
}

interface Step {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly gradient: tf.Tensor | null | undefined;
}

/** What is to be done, or undefined where tfjs must do it itself. */
function planSteps<Fields>(
  optimizer: Fields,
  gradients: Gradients,
  { kernelName, slots }: FusedUpdate<Fields>,
): Step[] | undefined {
  if (!tf.getKernel(kernelName, tf.getBackend())) return undefined;
  const named = Array.isArray(gradients)
    ? gradients
    : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
  const steps: Step[] = [];
  for (const [index, { name, tensor: gradient }] of named.entries()) {
    const variable = tf.engine().registeredVariables[name];
    if (variable?.dtype !== 'float32') return undefined;
    if (gradient && !isLike(gradient, variable)) return undefined;
    for (const { field } of slots) {
      const slot = slotsOf(optimizer, field)[index];
      if (slot && !isLike(slot.variable, variable)) return undefined;
    }
    steps.push({ name, variable, gradient });
  }
  return steps;
}

function isLike({ dtype, shape }: tf.Tensor, variable: tf.Variable): boolean {
  return dtype === 'float32' && tf.util.arraysEqual(shape, variable.shape);
}

function slotsOf(optimizer: unknown, field: string): (Slot | undefined)[] {
  return (optimizer as Record<string, (Slot | undefined)[]>)[field]!;
}

function applySteps<Fields extends OptimizerFields>(
  optimizer: Fields,
  steps: readonly Step[],
  update: FusedUpdate<Fields>,
): void {
  const { kernelName, slots, scalars, numbers, advance } = update;
  tf.tidy(() => {
    const shared = scalars?.(optimizer) ?? [];
    const attributes = { numbers: numbers(optimizer) };
    for (const [index, step] of steps.entries()) {
      const { variable, gradient } = step;
      const own = slots.map((slot) => slotAt(optimizer, slot, index, step));
      if (!gradient) continue;
      for (const changed of [variable, ...own]) makeSoleOwner(changed);
      const inputs = [variable, gradient, ...own, ...shared];
      tf.engine().runKernel(
        kernelName,
        inputs as unknown as tf.NamedTensorMap,
        attributes as unknown as tf.NamedAttrMap,
      );
    }
    advance?.(optimizer);
  });
  optimizer.incrementIterations();
}

/** The slot of a variable, made as tfjs makes it if there is none yet. */
function slotAt(
  optimizer: OptimizerFields,
  { field, suffix, initialValue }: SlotField,
  index: number,
  { name, variable }: Step,
): tf.Variable {
  const slots = slotsOf(optimizer, field);
  const value = initialValue?.(optimizer as never) ?? 0;
  slots[index] ??= {
    originalName: `${name}/${suffix}`,
    variable: tf.tidy(() => tf.fill(variable.shape, value).variable(false)),
  };
  return slots[index].variable;
}

/** Gives a variable data of its own if another tensor (a clone, a view) looks at them too. */
function makeSoleOwner(variable: tf.Variable): void {
  if ((tf.backend() as SimdBackend).isSoleOwner(variable)) return;
  tf.tidy(() => variable.assign(tf.tensor(variable.dataSync(), variable.shape, 'float32')));
}
