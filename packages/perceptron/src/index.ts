export { type Matrix, matrixOf } from '@nn-lab/core/tables';
export {
  type EpochRecord,
  type FitOptions,
  Perceptron,
  type PerceptronJson,
  type PerceptronMethod,
  type PerceptronOptions,
  type PerceptronTraining,
} from './perceptron.js';
