import * as tf from '@tensorflow/tfjs';
import { fuseActivations } from './activations.js';
import { type ConvolutionAlgorithm, SimdBackend } from './backend.js';
import { SimdBackendError } from './errors.js';
import { type FallbackCall, plainKernelNames, runInFallback } from './fallback.js';
import * as builds from './generated/kernels.js';
import { completeGradients } from './gradients/complete.js';
import { fuseGradients } from './gradients/fuse.js';
import { Heap } from './heap.js';
import { nativeKernels } from './kernels/index.js';
import { fuseOptimizers } from './optimizers.js';
import { fuseCells } from './recurrent.js';
import { repairComplexMoves, repairOptionalInputs, repairTapes } from './repairs.js';
import { startThreads, type ThreadHost } from './threads/pool.js';
import { compileWasm } from './wasm.js';

/** The name under which the backend is registered: `tf.setBackend('simd')`. */
export const backendName = 'simd';

/** Options of {@link useSimdBackend} and {@link registerSimdBackend}. */
export interface SimdBackendOptions {
  /**
   * How many threads compute, 1 to 256, the one that calls included. Default: as many as there are
   * processor cores. There is one where memory cannot be shared: in pages that are not cross-origin
   * isolated. The results are the same bytes with any number.
   */
  readonly threads?: number;
  /**
   * Whether multiply and add are fused (relaxed SIMD), which is up to twice as fast and rounds once
   * instead of twice. Default: where the runtime can.
   */
  readonly relaxed?: boolean;
  /** Bytes that the tensors may take, from 16 MiB to 4 GiB. Default: 4 GiB. */
  readonly maximumMemory?: number;
  /**
   * How convolutions with 3x3 filters and stride 1 are computed. `winograd` takes a quarter of the
   * multiplications where that is faster, and rounds about twice as much; `direct` never does.
   * Default: `winograd`.
   */
  readonly convolution?: ConvolutionAlgorithm;
}

const optionNames = ['threads', 'relaxed', 'maximumMemory', 'convolution'] as const;

let registeredOptions: SimdBackendOptions | undefined;
let liveBackend: SimdBackend | undefined;
/** Why the last start failed: tfjs prints that and says no more than that it did. */
let startError: unknown;
/** The calls of useSimdBackend so far, one after another: tfjs starts one backend at a time. */
let uses: Promise<unknown> = Promise.resolve();

/**
 * Registers the `simd` backend and its kernels with tfjs; `tf.setBackend('simd')` starts it. From
 * then on tfjs's optimizers take one kernel for each variable while `simd` is the current backend,
 * with the same results. Again with the same options, or with none, it does nothing, unless the
 * backend failed to start or was disposed: then it is registered anew.
 *
 * @param host what starts threads in this runtime; the entries for Node and browsers bring theirs.
 * @throws SimdBackendError if an option is wrong, or differs from those of the running backend.
 *
 * @example
 * registerSimdBackend();
 * await tf.setBackend('simd');
 */
export function registerSimdBackend(options: SimdBackendOptions = {}, host?: ThreadHost): void {
  validate(options);
  const known = tf.findBackendFactory(backendName) !== null;
  if (known && registeredOptions) {
    const disposed = backendName in tf.engine().registry && !liveBackend;
    const usable = !disposed && startError === undefined;
    if (usable && agrees(options, registeredOptions)) return;
    if (liveBackend) {
      throw new SimdBackendError(
        'The simd backend runs already with other options: call useSimdBackend once, ' +
          "or tf.removeBackend('simd') first.",
      );
    }
    tf.removeBackend(backendName);
  }
  registeredOptions = options;
  startError = undefined;
  registerKernels();
  completeGradients();
  fuseGradients(backendName);
  fuseActivations();
  fuseCells();
  fuseOptimizers();
  repairTapes();
  repairOptionalInputs();
  repairComplexMoves();
  let starting: Promise<SimdBackend> | undefined;
  const factory = () => {
    // tfjs asks again when its backend is set anew during the start.
    starting ??= start(options, host, () => tf.findBackendFactory(backendName) === factory);
    return starting.finally(() => {
      starting = undefined;
    });
  };
  tf.registerBackend(backendName, factory, 0);
}

/**
 * Registers the `simd` backend, starts it and makes it the current one. Calls that overlap share one
 * start. When it fails, the backend that was current before is current again.
 *
 * @param host what starts threads in this runtime; the entries for Node and browsers bring theirs.
 * @throws SimdBackendError if an option is wrong, or differs from those of the running backend, or
 *   the runtime lacks SIMD.
 *
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { useSimdBackend } from '@nn-lab/backend-simd';
 * await useSimdBackend();
 * tf.getBackend(); // 'simd'
 */
export function useSimdBackend(options: SimdBackendOptions = {}, host?: ThreadHost): Promise<void> {
  const used = uses.then(() => use(options, host));
  uses = used.catch(() => {});
  return used;
}

async function use(options: SimdBackendOptions, host: ThreadHost | undefined): Promise<void> {
  registerSimdBackend(options, host);
  const previous = tf.engine().backendName;
  if (await tf.setBackend(backendName)) {
    // tfjs mixes up two backends when another is set during the start: the name is that one's then.
    if (tf.getBackend() !== backendName) await tf.setBackend(backendName);
    return;
  }
  const error =
    startError ??
    new SimdBackendError(
      'tfjs gave up on starting the simd backend: it was removed or another was set meanwhile. Call useSimdBackend again.',
    );
  if (previous && tf.findBackendFactory(previous)) await tf.setBackend(previous);
  throw error;
}

/**
 * The kernels, in alphabetical order, that run as plain JavaScript because the `simd` backend has no
 * code of its own for them. A native kernel may still use the plain one for a rare dtype.
 */
export function kernelsInFallback(): string[] {
  const native = new Set(
    nativeKernels.filter(({ isPlain }) => !isPlain).map(({ kernelName }) => kernelName),
  );
  return plainKernelNames()
    .filter((kernelName) => !native.has(kernelName))
    .sort();
}

async function start(
  options: SimdBackendOptions,
  host: ThreadHost | undefined,
  isRegistered: () => boolean,
): Promise<SimdBackend> {
  startError = undefined;
  try {
    const backend = await startBackend(options, host);
    if (!isRegistered()) {
      backend.dispose();
      throw new SimdBackendError('The simd backend was removed while it was starting.');
    }
    liveBackend = backend;
    return backend;
  } catch (error) {
    if (isRegistered()) startError = error;
    throw error;
  }
}

async function startBackend(
  options: SimdBackendOptions,
  host: ThreadHost | undefined,
): Promise<SimdBackend> {
  const { threads = host?.cores ?? 1, maximumMemory, convolution = 'winograd' } = options;
  const shared = threads > 1 && host?.canShare === true;
  const { module, relaxed } = await compileWasm(builds, { relaxed: options.relaxed, shared });
  const heap = new Heap({ shared, ...(maximumMemory === undefined ? {} : { maximumMemory }) });
  const pool = await startThreads(module, heap.memory, { threads, host });
  const backend: SimdBackend = new SimdBackend({
    ...{ heap, pool, relaxed, convolution },
    onDispose: () => {
      if (liveBackend === backend) liveBackend = undefined;
    },
  });
  return backend;
}

function validate(options: SimdBackendOptions): void {
  const { threads, relaxed, maximumMemory, convolution, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new SimdBackendError(
      `Unknown option \`${unknown}\`. The options are \`${optionNames.join('`, `')}\`.`,
    );
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 256)) {
    throw new SimdBackendError(
      `threads must be a whole number from 1 to 256, got ${String(threads)}.`,
    );
  }
  if (relaxed !== undefined && typeof relaxed !== 'boolean') {
    throw new SimdBackendError(`relaxed must be true or false, got ${String(relaxed)}.`);
  }
  if (convolution !== undefined && convolution !== 'winograd' && convolution !== 'direct') {
    throw new SimdBackendError(
      `convolution must be 'winograd' or 'direct', got ${String(convolution)}.`,
    );
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
}

/** Whether what is asked for is what is registered or, by now, running; what is left out is. */
function agrees(options: SimdBackendOptions, registered: SimdBackendOptions): boolean {
  const { threads, relaxed, convolution } = liveBackend ?? {};
  const known = { threads, relaxed, convolution, maximumMemory: undefined };
  return optionNames.every(
    (name) =>
      options[name] === undefined ||
      options[name] === registered[name] ||
      options[name] === known[name],
  );
}

function registerKernels(): void {
  for (const { kernelName, kernelFunc, takesDeferred } of nativeKernels) {
    register(kernelName, kernelFunc as unknown as tf.KernelFunc, takesDeferred);
  }
  for (const kernelName of kernelsInFallback()) {
    register(kernelName, (call) => runInFallback(kernelName, call as FallbackCall));
  }
}

function register(kernelName: string, run: tf.KernelFunc, takesDeferred = false): void {
  if (tf.getKernel(kernelName, backendName)) return;
  const settled: tf.KernelFunc = (call) => {
    (call.backend as SimdBackend).settle(call.inputs);
    return run(call);
  };
  const kernel = takesDeferred ? run : settled;
  const kernelFunc: tf.KernelFunc = (call) => (call.backend as SimdBackend).attempt(kernel, call);
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}
