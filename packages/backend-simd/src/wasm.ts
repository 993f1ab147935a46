import { SimdBackendError } from './errors.js';
import { plain, relaxed } from './generated/kernels.js';

/** The functions of the compiled kernels: addresses and counts in, see `assembly/`. */
export type KernelExports = Readonly<Record<string, (...parameters: number[]) => number>>;

/** Compiled kernels, ready to be instantiated over any number of memories. */
export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  /** True where multiply and add are fused (relaxed SIMD). */
  readonly relaxed: boolean;
}

const compiled = new Map<boolean, Promise<CompiledKernels>>();

/** True if this runtime can run the faster kernels, which use relaxed SIMD. */
export function supportsRelaxedSimd(): boolean {
  return WebAssembly.validate(decodeBase64(relaxed));
}

/**
 * Compiles the kernels once a process.
 *
 * @param wanted true for relaxed SIMD, false for plain, undefined for the best this runtime has.
 * @throws SimdBackendError if the runtime lacks SIMD, or relaxed SIMD was asked for and is lacking.
 */
export function compileKernels(wanted: boolean | undefined): Promise<CompiledKernels> {
  const useRelaxed = wanted ?? supportsRelaxedSimd();
  let pending = compiled.get(useRelaxed);
  if (!pending) {
    pending = compile(useRelaxed);
    compiled.set(useRelaxed, pending);
    pending.catch(() => compiled.delete(useRelaxed));
  }
  return pending;
}

/** Binds compiled kernels to a memory. */
export function instantiateKernels(
  kernels: CompiledKernels,
  memory: WebAssembly.Memory,
): KernelExports {
  const instance = new WebAssembly.Instance(kernels.module, { env: { memory } });
  return instance.exports as unknown as KernelExports;
}

async function compile(useRelaxed: boolean): Promise<CompiledKernels> {
  try {
    const module = await WebAssembly.compile(decodeBase64(useRelaxed ? relaxed : plain));
    return { module, relaxed: useRelaxed };
  } catch (cause) {
    throw new SimdBackendError(
      useRelaxed
        ? 'This runtime lacks relaxed SIMD for WebAssembly (Node 22 and Chrome 114 have it; import ' +
            "'@nn-lab/backend-simd/node' on Node 20): leave out the option `relaxed`."
        : 'This runtime lacks SIMD for WebAssembly: Node 16.4, Chrome 91, Firefox 89 and ' +
            'Safari 16.4 or later have it.',
      { cause },
    );
  }
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
