export * from './backend.js';
export * from './datasets/index.js';
export * from './errors.js';
export * from './metrics/index.js';
export * from './plot/index.js';
export * from './random/index.js';
export * from './report/index.js';
export * from './training/index.js';
