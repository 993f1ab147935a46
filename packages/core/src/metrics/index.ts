export { type BootstrapOptions, bootstrapInterval, type Interval } from './bootstrap.js';
export { accuracy, argMax, perClassAccuracy, topKAccuracy } from './classification.js';
export {
  type ConfusionMatrix,
  type ConfusionMatrixJson,
  confusionMatrix,
} from './confusion-matrix.js';
export { cyclicError, timeErrorMinutes } from './cyclic-error.js';
export {
  type ErrorSummary,
  type SummarizeErrorsOptions,
  summarizeErrors,
} from './error-summary.js';
export { meanAbsoluteError, meanSquaredError } from './regression.js';
