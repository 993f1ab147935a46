import * as tf from '@tensorflow/tfjs';
import { SimdBackend } from './backend.js';
import { SimdBackendError } from './errors.js';
import { type FallbackCall, plainKernelNames, runInFallback } from './fallback.js';
import { nativeKernels } from './kernels/index.js';
import { compileKernels } from './wasm.js';

/** The name under which the backend is registered: `tf.setBackend('simd')`. */
export const backendName = 'simd';

/** Options of {@link useSimdBackend} and {@link registerSimdBackend}. */
export interface SimdBackendOptions {
  /**
   * Whether multiply and add are fused (relaxed SIMD), which is up to twice as fast and rounds once
   * instead of twice. Default: where the runtime can.
   */
  readonly relaxed?: boolean;
  /** Bytes that the tensors may take, from 16 MiB to 4 GiB. Default: 4 GiB. */
  readonly maximumMemory?: number;
}

interface StartOptions {
  readonly relaxed: boolean | undefined;
  readonly maximumMemory: number | undefined;
}

let registeredOptions: StartOptions | undefined;
let liveBackend: SimdBackend | undefined;
/** Why the last start failed: tfjs prints that and says no more than that it did. */
let startError: unknown;

/**
 * Registers the `simd` backend and its kernels with tfjs; `tf.setBackend('simd')` starts it. Again
 * with the same options it does nothing.
 *
 * @throws SimdBackendError if an option is wrong, or differs from those of the running backend.
 *
 * @example
 * registerSimdBackend();
 * await tf.setBackend('simd');
 */
export function registerSimdBackend(options: SimdBackendOptions = {}): void {
  const { relaxed, maximumMemory } = validate(options);
  const known = tf.findBackendFactory(backendName) !== null;
  if (known && registeredOptions) {
    const same =
      registeredOptions.relaxed === relaxed && registeredOptions.maximumMemory === maximumMemory;
    if (same) return;
    if (liveBackend) {
      throw new SimdBackendError(
        'The simd backend runs already with other options: call useSimdBackend once, ' +
          "or tf.removeBackend('simd') first.",
      );
    }
    tf.removeBackend(backendName);
  }
  registeredOptions = { relaxed, maximumMemory };
  registerKernels();
  tf.registerBackend(backendName, () => start({ relaxed, maximumMemory }), 0);
}

/**
 * Registers the `simd` backend, starts it and makes it the current one.
 *
 * @throws SimdBackendError if an option is wrong or the runtime lacks SIMD.
 *
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { useSimdBackend } from '@nn-lab/backend-simd';
 * await useSimdBackend();
 * tf.getBackend(); // 'simd'
 */
export async function useSimdBackend(options: SimdBackendOptions = {}): Promise<void> {
  registerSimdBackend(options);
  if (!liveBackend) await compileKernels(options.relaxed);
  if (!(await tf.setBackend(backendName))) {
    throw (
      startError ??
      new SimdBackendError('tfjs gave up on starting the simd backend: another was set meanwhile.')
    );
  }
}

/**
 * The kernels, in alphabetical order, that run as plain JavaScript because the `simd` backend has no
 * code of its own for them. A native kernel may still use the plain one for a rare dtype.
 */
export function kernelsInFallback(): string[] {
  const native = new Set(nativeKernels.map(({ kernelName }) => kernelName));
  return plainKernelNames()
    .filter((kernelName) => !native.has(kernelName))
    .sort();
}

async function start({ relaxed, maximumMemory }: StartOptions): Promise<SimdBackend> {
  startError = undefined;
  try {
    const backend: SimdBackend = new SimdBackend(await compileKernels(relaxed), {
      ...(maximumMemory === undefined ? {} : { maximumMemory }),
      onDispose: () => {
        if (liveBackend === backend) liveBackend = undefined;
      },
    });
    liveBackend = backend;
    return backend;
  } catch (error) {
    startError = error;
    throw error;
  }
}

function validate(options: SimdBackendOptions): SimdBackendOptions {
  const { relaxed, maximumMemory } = options;
  if (relaxed !== undefined && typeof relaxed !== 'boolean') {
    throw new SimdBackendError(`relaxed must be true or false, got ${String(relaxed)}.`);
  }
  if (
    maximumMemory !== undefined &&
    !(Number.isFinite(maximumMemory) && maximumMemory >= 2 ** 24 && maximumMemory <= 2 ** 32)
  ) {
    throw new SimdBackendError(
      'maximumMemory must be a number of bytes from 2**24 (16 MiB) to 2**32 (4 GiB), ' +
        `got ${String(maximumMemory)}.`,
    );
  }
  return options;
}

function registerKernels(): void {
  for (const { kernelName, kernelFunc } of nativeKernels) {
    register(kernelName, kernelFunc as unknown as tf.KernelFunc);
  }
  for (const kernelName of kernelsInFallback()) {
    register(kernelName, (call) => runInFallback(kernelName, call as FallbackCall));
  }
}

function register(kernelName: string, kernelFunc: tf.KernelFunc): void {
  if (tf.getKernel(kernelName, backendName)) return;
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}
