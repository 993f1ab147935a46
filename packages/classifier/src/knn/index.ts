export {
  type ApproximateNeighboursOptions,
  approximateNeighbours,
} from './approximate-neighbours.js';
export {
  KnnClassifier,
  type KnnClassifierOptions,
  type KnnEngine,
  type KnnWeights,
  type SavedKnn,
} from './knn-classifier.js';
export {
  type ExactNeighboursOptions,
  exactNeighbours,
  type Neighbours,
} from './neighbours.js';
