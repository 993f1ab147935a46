export { type Matrix, matrixOf, matrixOfDataset } from './matrix.js';
export {
  type EpochRecord,
  type FitOptions,
  Perceptron,
  type PerceptronJson,
  type PerceptronMethod,
  type PerceptronOptions,
  type PerceptronTraining,
} from './perceptron.js';
