export {
  firstRows,
  joinRows,
  type LabeledPictures,
  type LabeledRows,
  labeledRowsOf,
} from './labeled-rows.js';
export { validateClasses, validateLabels } from './labels.js';
export {
  checkMatrix,
  type Matrix,
  takeRows,
  type ValidateMatrixOptions,
  validateMatrix,
} from './matrix.js';
export {
  type MatrixSource,
  matrixOf,
  type ShapedNumbers,
  type TensorLike,
  withoutRounding,
} from './matrix-of.js';
