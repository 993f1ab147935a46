export * from './index.js';
export { useBackend } from './node/backend.js';
export { batchesInThread, serveBatches } from './node/batches-in-thread.js';
export { createCheckpointStore } from './node/checkpoints.js';
export * from './node/files.js';
export { loadModel, modelFileNames, saveModel } from './node/model-files.js';
