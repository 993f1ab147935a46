export {
  type SavedUmap,
  Umap,
  type UmapEngine,
  type UmapFitOptions,
  type UmapOptions,
  type UmapProgress,
  UmapRun,
  type UmapStartOptions,
  type UmapTransformOptions,
} from './umap.js';
