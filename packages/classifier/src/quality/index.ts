export {
  continuity,
  type MapQuality,
  type MapQualityOptions,
  mapQuality,
  neighbourRecall,
  trustworthiness,
} from './measures.js';
