import type { SimdKernel } from '../kernel.js';
import { updateKernels } from './apply-update.js';
import { arrangeKernels } from './arrange.js';
import { batchNormKernels } from './batch-norm.js';
import { binaryKernels } from './binary.js';
import { castKernels } from './cast.js';
import { centeredKernels } from './centered.js';
import { conv2dKernels } from './conv2d.js';
import { createKernels } from './create.js';
import { depthwiseKernels } from './depthwise-conv2d.js';
import { dilationKernels } from './dilation2d.js';
import { einsumKernels } from './einsum.js';
import { gatherKernels } from './gather.js';
import { gradientKernels } from './gradient.js';
import { identityKernels } from './identity.js';
import { lossGradientKernels } from './loss-gradient.js';
import { matmulKernels } from './matmul.js';
import { poolKernels } from './pool.js';
import { recurrentKernels } from './recurrent.js';
import { reduceKernels } from './reduce.js';
import { resizeKernels } from './resize.js';
import { transposeKernels } from './transpose.js';
import { unaryKernels } from './unary.js';

/** Every kernel that the `simd` backend has code of its own for; each file lists its own. */
export const nativeKernels: readonly SimdKernel[] = [
  ...identityKernels,
  ...castKernels,
  ...createKernels,
  ...unaryKernels,
  ...binaryKernels,
  ...reduceKernels,
  ...batchNormKernels,
  ...centeredKernels,
  ...gradientKernels,
  ...lossGradientKernels,
  ...recurrentKernels,
  ...transposeKernels,
  ...arrangeKernels,
  ...gatherKernels,
  ...resizeKernels,
  ...conv2dKernels,
  ...depthwiseKernels,
  ...dilationKernels,
  ...matmulKernels,
  ...einsumKernels,
  ...poolKernels,
  ...updateKernels,
];
