export { loadDataset, loadFitted, saveFitted } from '@nn-lab/core/node/files';
export * from './index.js';
export { type PerceptronTrainingOptions, perceptronTraining } from './node/perceptron-training.js';
export { perceptronReproduction, type ReproducePerceptronOptions } from './node/reproduction.js';
