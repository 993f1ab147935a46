// Every exported function of the module: re-exports only, one line a file.
export { matmul, matmulScratch } from './matmul';
export {
  convolve, convolveFilter, convolveFilterScratch, convolveScratch, filterStrips, packedFilterBytes, packFilter,
} from './conv2d';
export {
  packedWinogradBytes, packWinograd, packWinogradScratch, winograd, winogradBlocks, winogradFilter, winogradFilterScratch,
  winogradScratch,
} from './winograd';
export * from './unary';
export {
  erfGradient, geluGradient, geluTanhGradient, leakyReluGradient, multiplyStep, relu6Gradient, sigmoidGradient,
  tanhGradient,
} from './activation-gradient';
export * from './binary';
export * from './reduce';
export * from './transform';
export * from './normalise';
export * from './resize';
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient, depthwiseScratch, repeatChannels, sumChannels } from './depthwise';
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient, maxPoolPlaces, maxPoolPlacesGradient } from './pool';
export { gruOutput, gruOutputGradient, gruReset, gruResetGradient, lstm, lstmGradient } from './recurrent';
export * from './optimizers';
export * from './loss-gradient';
