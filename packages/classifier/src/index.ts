export type { Classifier } from './classifier.js';
export type { Fitted } from './fitted.js';
export * from './knn/index.js';
export {
  type Matrix,
  matrixOf,
  matrixOfDataset,
  takeRows,
  type ValidateMatrixOptions,
  validateLabels,
  validateMatrix,
} from './matrix.js';
export type { Metric } from './metrics.js';
export * from './nearest-mean/index.js';
export * from './pca/index.js';
export * from './quality/index.js';
export * from './reproduce/index.js';
export type { SavedFloats, SavedModel } from './saved.js';
export * from './selection/index.js';
export * from './svm/index.js';
export * from './tsne/index.js';
export * from './umap/index.js';
