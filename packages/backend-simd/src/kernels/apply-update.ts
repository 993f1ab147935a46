import * as tf from '@tensorflow/tfjs';
import { elementBytes } from '../backend.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { sliceFor } from '../slices.js';

/** Slices end at whole blocks of 64 bytes: vectors that reach past an end would meet another slice. */
const elementsOfBlock = 64 / elementBytes;

/** What a kernel of {@link updateKernels} takes beside its tensors. */
interface UpdateAttributes {
  /** The numbers of the optimizer, in the order of the parameters of its function. */
  readonly numbers: readonly number[];
}

/**
 * A kernel that changes its inputs: the variable, its gradient and the `slots` that the optimizer
 * keeps for it, all of one shape, followed by scalars. It has no output.
 *
 * @param cost what an element takes, in nanoseconds: roots and divisions count most.
 */
function update(kernelName: string, functionName: string, slots: number, cost: number): SimdKernel {
  const streams = 2 + slots;
  return defineKernel<tf.TensorInfo[], UpdateAttributes>(
    kernelName,
    ({ inputs, attrs: { numbers }, backend }) => {
      const addresses = inputs.map((tensor) => backend.pointer(tensor));
      const count = tf.util.sizeFromShape(inputs[0]!.shape);
      const slices = sliceFor(backend.threads, count, { cost, multiple: elementsOfBlock });
      const calls = slices.map(({ begin, end }) => [
        ...addresses.slice(0, streams).map((address) => address + begin * elementBytes),
        ...addresses.slice(streams),
        ...numbers,
        end - begin,
      ]);
      backend.run(functionName, calls);
      return [];
    },
  );
}

/**
 * Steps of optimizers, named for TensorFlow's operations. tfjs knows nothing of them: it is
 * `src/optimizers.ts` that calls them.
 */
export const updateKernels: readonly SimdKernel[] = [
  update('ApplyGradientDescent', 'applyGradientDescent', 0, 0.25),
  update('ApplyMomentum', 'applyMomentum', 1, 0.35),
  update('ApplyAdam', 'applyAdam', 2, 1.2),
  update('ApplyAdaMax', 'applyAdaMax', 2, 1),
  update('ApplyRMSProp', 'applyRMSProp', 2, 1),
  update('ApplyCenteredRMSProp', 'applyCenteredRMSProp', 3, 1.2),
  update('ApplyAdagrad', 'applyAdagrad', 1, 0.7),
  update('ApplyAdadelta', 'applyAdadelta', 2, 1.2),
];
