// Every exported function of the module: re-exports only, one line a file.
export { attract } from './attraction';
export { buildTree, repelTree, sortByCell } from './barnes-hut';
export { convolveRows, gatherForces, spreadCharges, transformCharges, transformPotential } from './interpolation';
export { descend } from './descent';
export { repelEach, repelExact } from './exact';
export { layOut } from './layout';
export { findNearest, nearestScratch } from './nearest';
