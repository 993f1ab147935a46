export { useBackend } from './browser/backend.js';
export { batchesInThread, serveBatches } from './browser/batches-in-thread.js';
export { createCheckpointStore } from './browser/checkpoints.js';
export * from './browser/files.js';
export { loadModel, saveModel } from './browser/model-files.js';
export * from './index.js';
