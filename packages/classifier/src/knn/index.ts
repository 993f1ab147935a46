export {
  type ExactNeighboursOptions,
  exactNeighbours,
  type Neighbours,
} from './neighbours.js';
