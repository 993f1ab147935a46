export { type Matrix, matrixOf, takeRows } from '@nn-lab/core/tables';
export * from './classifiers/index.js';
export type { Fitted } from './fitted.js';
export * from './maps/index.js';
export * from './neighbors/index.js';
export type { SavedFloats, SavedModel } from './saved.js';
