export { useBackend } from './browser/backend.js';
export { createCheckpointStore } from './browser/checkpoints.js';
export { loadDataset } from './browser/datasets.js';
export { loadModel, saveModel } from './browser/model-files.js';
export { listLabelledPictures, readPicture, readPictureFolder } from './browser/pictures.js';
export * from './index.js';
