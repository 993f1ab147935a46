export type { Classifier, SavedFloats, SavedModel } from '@nn-lab/core/models';
export { type Matrix, matrixOf, takeRows } from '@nn-lab/core/tables';
export * from './classifiers/index.js';
export { classifierKinds, mapKinds } from './fitted.js';
export * from './maps/index.js';
export * from './neighbors/index.js';
