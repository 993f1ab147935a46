import * as tf from '@tensorflow/tfjs';
import { arrangeGradients } from './arrange.js';
import { elementwiseGradients } from './elementwise.js';
import { imageGradients } from './images.js';
import { normalizationGradients } from './normalization.js';
import { placeGradients } from './places.js';
import { productGradients } from './products.js';
import { reductionGradients } from './reductions.js';
import { windowGradients } from './windows.js';

let isComplete = false;

/**
 * Registers the gradients that tfjs lacks or has wrong. tfjs has one list for all backends: these are
 * made of operations and kernels that every backend has, and hold on each of them.
 */
export function completeGradients(): void {
  if (isComplete) return;
  isComplete = true;
  const gradients = [
    ...elementwiseGradients,
    ...reductionGradients,
    ...productGradients,
    ...normalizationGradients,
    ...arrangeGradients,
    ...placeGradients,
    ...windowGradients,
    ...imageGradients,
  ];
  for (const gradient of gradients) tf.registerGradient(gradient);
}
