export { type ConvolutionAlgorithm, SimdBackend, type SimdMemoryInfo } from './backend.js';
export { SimdBackendError, SimdMemoryError } from './errors.js';
export {
  backendName,
  kernelsInFallback,
  registerSimdBackend,
  type SimdBackendOptions,
  useSimdBackend,
} from './register.js';
export {
  type Call,
  type Scratch,
  type StartedThread,
  type StartThreadsOptions,
  startThreads,
  type ThreadEvents,
  type ThreadHost,
  type ThreadPool,
  type WasmFunctions,
} from './threads/pool.js';
export {
  type CompiledWasm,
  type CompileWasmOptions,
  compileWasm,
  type WasmBuilds,
} from './wasm.js';
