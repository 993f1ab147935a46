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
export * from './pca/index.js';
export * from './quality/index.js';
export type { SavedFloats, SavedModel } from './saved.js';
