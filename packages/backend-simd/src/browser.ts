import { browserThreads } from './browser/thread-host.js';
import {
  registerSimdBackend as register,
  type SimdBackendOptions,
  useSimdBackend as use,
} from './register.js';

export * from './index.js';
export { browserThreads as threadHost };

/** As in the main entry; with web workers where the page is cross-origin isolated. */
export function registerSimdBackend(options: SimdBackendOptions = {}): void {
  register(options, browserThreads);
}

/** As in the main entry; with web workers where the page is cross-origin isolated. */
export function useSimdBackend(options: SimdBackendOptions = {}): Promise<void> {
  return use(options, browserThreads);
}
