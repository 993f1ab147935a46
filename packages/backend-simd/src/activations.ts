import * as tf from '@tensorflow/tfjs';
import { defineGradient, runKernel } from './gradients/gradient.js';
import { repair } from './repairs.js';

/** The share of the normal distribution below x. */
const shareBelow = (x: tf.Tensor) => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));

const density = (x: tf.Tensor) =>
  tf.mul(1 / Math.sqrt(2 * Math.PI), tf.exp(tf.mul(-0.5, tf.square(x))));

const geluSlope = (x: tf.Tensor) => tf.add(shareBelow(x), tf.mul(x, density(x)));

function geluTanhSlope(x: tf.Tensor): tf.Tensor {
  const [scale, share] = [Math.sqrt(2 / Math.PI), 0.044715];
  const cube = tf.mul(tf.square(x), x);
  const t = tf.tanh(tf.mul(scale, tf.add(x, tf.mul(share, cube))));
  const inner = tf.mul(scale, tf.add(1, tf.mul(3 * share, tf.square(x))));
  const outer = tf.mul(tf.mul(0.5, x), tf.sub(1, tf.square(t)));
  return tf.add(tf.mul(0.5, tf.add(1, t)), tf.mul(outer, inner));
}

/** An activation of tf.layers that tfjs composes of many kernels. */
interface FusedActivation {
  /** The kernel, and with `Grad` at its end that of the gradient. */
  readonly kernelName: string;
  /** The derivative, made of operations that have gradients. */
  readonly slope: (x: tf.Tensor) => tf.Tensor;
}

/** By their names in tf.layers. */
const fusedActivations: Readonly<Record<string, FusedActivation>> = {
  gelu: { kernelName: 'Gelu', slope: geluSlope },
  gelu_new: { kernelName: 'GeluTanh', slope: geluTanhSlope },
};

interface Activation {
  apply(x: tf.Tensor): tf.Tensor;
}

/** Has activations of tf.layers run as one kernel, on backends that have it. */
export function fuseActivations(): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  for (const [name, { kernelName, slope }] of Object.entries(fusedActivations)) {
    const activation = classNameMap[name]?.[0];
    if (!activation) continue;
    tf.registerGradient(
      defineGradient(kernelName, { inputs: ['x'] }, (dy, [x]) => ({
        x: () =>
          tf.engine().state.gradientDepth === 0
            ? runKernel(`${kernelName}Grad`, { dy, x: x! })
            : tf.mul(dy, slope(x!)),
      })),
    );
    repair(
      activation.prototype as Activation,
      'apply',
      (original) =>
        function apply(this: Activation, x: tf.Tensor) {
          const isFused = x.dtype === 'float32' && tf.getKernel(kernelName, tf.getBackend());
          return isFused ? runKernel(kernelName, { x }) : original.call(this, x);
        },
    );
  }
}
