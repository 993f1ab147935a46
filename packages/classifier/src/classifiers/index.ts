export {
  type Candidate,
  type CrossValidation,
  type CrossValidationOptions,
  crossValidate,
  type RatedCandidate,
  selectClassifier,
} from './cross-validation.js';
export {
  KnnClassifier,
  type KnnClassifierOptions,
  type KnnEngine,
  type KnnWeights,
  type SavedKnn,
} from './knn-classifier.js';
export {
  type ClassPair,
  NearestMeanClassifier,
  type SavedNearestMean,
} from './nearest-mean.js';
export * from './svm/index.js';
