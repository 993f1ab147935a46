import { SimdBackendError } from './errors.js';

/** A WebAssembly module as `tools/build-wasm.mjs` writes it: twice, in base64. */
export interface WasmBuilds {
  readonly plain: string;
  readonly relaxed: string;
}

/** Options of {@link compileWasm}. */
export interface CompileWasmOptions {
  /** True for relaxed SIMD, false for plain, undefined for the best that this runtime has. */
  readonly relaxed?: boolean | undefined;
  /** Whether threads share its memory. */
  readonly shared?: boolean;
}

/** A compiled module, ready to be instantiated over any number of memories. */
export interface CompiledWasm {
  readonly module: WebAssembly.Module;
  /** True where multiply and add are fused (relaxed SIMD). */
  readonly relaxed: boolean;
}

const compiled = new WeakMap<WasmBuilds, Map<string, Promise<CompiledWasm>>>();

/** True if this runtime can run modules that use relaxed SIMD. */
export function supportsRelaxedSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(relaxedProbe);
}

/**
 * Compiles a module once a process.
 *
 * @throws SimdBackendError if the runtime lacks SIMD, or relaxed SIMD was asked for and is lacking, or
 *   the page forbids WebAssembly.
 */
export function compileWasm(
  builds: WasmBuilds,
  { relaxed = supportsRelaxedSimd(), shared = false }: CompileWasmOptions = {},
): Promise<CompiledWasm> {
  const known = compiled.get(builds) ?? new Map<string, Promise<CompiledWasm>>();
  compiled.set(builds, known);
  const key = `${relaxed} ${shared}`;
  let pending = known.get(key);
  if (!pending) {
    pending = compile(builds, relaxed, shared);
    known.set(key, pending);
    pending.catch(() => known.delete(key));
  }
  return pending;
}

async function compile(
  builds: WasmBuilds,
  relaxed: boolean,
  shared: boolean,
): Promise<CompiledWasm> {
  const bytes = decodeBase64(relaxed ? builds.relaxed : builds.plain);
  if (!shared) unshareMemory(bytes);
  try {
    return { module: await WebAssembly.compile(bytes), relaxed };
  } catch (cause) {
    throw new SimdBackendError(await whyNotCompiled(relaxed), { cause });
  }
}

/** Why the runtime does not take a module; it may take none at all. */
async function whyNotCompiled(relaxed: boolean): Promise<string> {
  if (typeof WebAssembly !== 'object') {
    return 'This runtime has no WebAssembly: allow it in the settings, or start the program without flags that turn it off (--jitless).';
  }
  try {
    await WebAssembly.compile(emptyModule);
  } catch {
    return "The Content-Security-Policy of this page forbids WebAssembly: serve the page with 'wasm-unsafe-eval' among the sources of script-src in its header Content-Security-Policy.";
  }
  return relaxed
    ? 'This runtime lacks relaxed SIMD for WebAssembly (Node 22 and Chrome 114 have it; Node 20 ' +
        'has it with the flag --experimental-wasm-relaxed-simd): leave out the option `relaxed`.'
    : 'This runtime lacks SIMD for WebAssembly: Node 16.4, Chrome 91, Firefox 89 and ' +
        'Safari 16.4 or later have it.';
}

/** The import of `env.memory` up to its flags: name lengths, names, "a memory". */
const memoryImport = [3, ...utf8('env'), 6, ...utf8('memory'), 2];
const sharedWithMaximum = 3;
const ownWithMaximum = 1;

/** The builds import a shared memory; that it is shared is one bit of theirs. */
function unshareMemory(bytes: Uint8Array): void {
  const last = bytes.length - memoryImport.length;
  for (let start = 0; start < last; start++) {
    if (memoryImport.every((byte, index) => bytes[start + index] === byte)) {
      const flags = start + memoryImport.length;
      if (bytes[flags] === sharedWithMaximum) bytes[flags] = ownWithMaximum;
      return;
    }
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

const emptyModule = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** A module of one function, which computes a relaxed multiply-add. */
// biome-ignore format: sections
const relaxedProbe = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // type: () -> v128
  0x03, 0x02, 0x01, 0x00, // function 0 of that type
  0x0a, 0x13, 0x01, 0x11, 0x00, // code
  0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, // three i8x16.splat(0)
  0xfd, 0x85, 0x02, 0x0b, // f32x4.relaxed_madd
]);
