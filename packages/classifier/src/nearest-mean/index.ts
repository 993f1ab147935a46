export {
  type ClassPair,
  NearestMeanClassifier,
  type SavedNearestMean,
} from './nearest-mean.js';
