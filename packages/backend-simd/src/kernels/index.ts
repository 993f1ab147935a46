import type { SimdKernel } from '../kernel.js';

/** Every kernel that the `simd` backend has code of its own for; each file lists its own. */
export const nativeKernels: readonly SimdKernel[] = [];
