import { setFlagsFromString } from 'node:v8';
import { nodeThreads } from './node/thread-host.js';
import {
  registerSimdBackend as register,
  type SimdBackendOptions,
  useSimdBackend as use,
} from './register.js';
import { supportsRelaxedSimd } from './wasm.js';

export * from './index.js';
export { nodeThreads as threadHost };

/** As in the main entry; with the threads of Node, and on Node 20 with the faster kernels too. */
export function registerSimdBackend(options: SimdBackendOptions = {}): void {
  allowRelaxedSimd(options);
  register(options, nodeThreads);
}

/** As in the main entry; with the threads of Node, and on Node 20 with the faster kernels too. */
export function useSimdBackend(options: SimdBackendOptions = {}): Promise<void> {
  allowRelaxedSimd(options);
  return use(options, nodeThreads);
}

/** Node 20 has relaxed SIMD behind a flag of V8, which works until the module is compiled. */
function allowRelaxedSimd(options: SimdBackendOptions): void {
  if (options.relaxed === false || supportsRelaxedSimd()) return;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
}
