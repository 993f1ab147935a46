export type { DescentFigures } from './optimization.js';
export type { RepulsionMethod } from './repulsion.js';
export {
  type SavedTsne,
  Tsne,
  type TsneFitOptions,
  type TsneOptions,
  type TsneProgress,
  TsneRun,
  type TsneTransformOptions,
} from './tsne.js';
