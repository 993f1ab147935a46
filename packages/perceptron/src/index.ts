export { type Matrix, matrixOf } from '@nn-lab/core/tables';
export {
  type EpochRecord,
  type FitOptions,
  Perceptron,
  type PerceptronMethod,
  type PerceptronOptions,
  type PerceptronTraining,
  type SavedPerceptron,
} from './perceptron.js';
