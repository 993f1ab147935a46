export {
  type ApproximateNeighborsOptions,
  approximateNeighbors,
} from './approximate-neighbors.js';
export type { Metric } from './metrics.js';
export {
  type ExactNeighborsOptions,
  exactNeighbors,
  type Neighbors,
} from './neighbors.js';
