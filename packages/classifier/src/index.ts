export * from './classifiers/index.js';
export type { Fitted } from './fitted.js';
export * from './maps/index.js';
export {
  type Matrix,
  matrixOf,
  matrixOfDataset,
  takeRows,
  type ValidateMatrixOptions,
  validateLabels,
  validateMatrix,
} from './matrix.js';
export * from './neighbors/index.js';
export type { SavedFloats, SavedModel } from './saved.js';
