export { createRandom, type Random, type Shufflable } from './random.js';
export { RandomState, type Size } from './random-state.js';
