export { SimdBackend, type SimdMemoryInfo } from './backend.js';
export { SimdBackendError, SimdMemoryError } from './errors.js';
export {
  backendName,
  kernelsInFallback,
  registerSimdBackend,
  type SimdBackendOptions,
  useSimdBackend,
} from './register.js';
