// Every exported function of the module: re-exports only, one line a file.
export { matmul, matmulScratch } from './matmul';
