export { type Classifier, type ClassifierKind, largestOfRows } from './classifier.js';
export {
  type FittedKind,
  type FittedModel,
  type FittedOf,
  fittedOf,
  parseFitted,
  requireFitted,
} from './fitted.js';
export {
  damagedModel,
  decodeFloats,
  decodeRows,
  encodeFloats,
  readSaved,
  requireSavedCount,
  type SavedFloats,
  type SavedModel,
  savedModel,
  savedTypeOf,
} from './saved.js';
