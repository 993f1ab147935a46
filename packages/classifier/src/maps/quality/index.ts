export {
  continuity,
  type MapQuality,
  type MapQualityOptions,
  mapQuality,
  neighborRecall,
  trustworthiness,
} from './measures.js';
