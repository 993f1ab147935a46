export { threadHost } from '@nn-lab/backend-simd/node';
export { loadDataset, loadFitted, saveFitted, useBackend } from '@nn-lab/core/node';
export * from './index.js';
export { type ClassifierTrainingOptions, classifierTraining } from './node/classifier-training.js';
export { type MappingOptions, mapping } from './node/mapping.js';
export { classifierReproduction, type ReproduceClassifierOptions } from './node/reproduction.js';
