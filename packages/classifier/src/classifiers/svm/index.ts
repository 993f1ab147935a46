export type { SvmKernel } from './kernels.js';
export { type SavedSvm, SvmClassifier, type SvmClassifierOptions } from './svm-classifier.js';
