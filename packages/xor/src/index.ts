export { type LazySearchOptions, searchLazily } from './lazy-search.js';
export {
  buildSigmoidNetwork,
  type LabelledCases,
  type NetworkTraining,
  type SigmoidNetwork,
  type TrainNetworkOptions,
  trainNetwork,
} from './network.js';
export {
  type Initialisation,
  type MeasureSuccessOptions,
  measureSuccess,
  type SuccessMeasurement,
} from './success-rate.js';
export { type TrainXorOptions, trainXor, type XorTrace, type XorTraining } from './train-xor.js';
export {
  deltaRuleStep,
  gradMse,
  misclassifiedCases,
  mse,
  xorNet,
  xorOutputs,
} from './xor-net.js';
