export type { Initialization } from './initialization.js';
export * from './pca/index.js';
export * from './quality/index.js';
export * from './tsne/index.js';
export * from './umap/index.js';
