export * from './index.js';
export { writeFileAtomic } from './node/atomic-files.js';
export { useBackend } from './node/backend.js';
export { createCheckpointStore } from './node/checkpoints.js';
export { loadDataset } from './node/datasets.js';
export { makeFolder } from './node/make-folder.js';
export { loadModel, saveModel } from './node/model-files.js';
export { listLabelledPictures, readPicture, readPictureFolder } from './node/pictures.js';
export { type RenderPngOptions, renderPng } from './node/png.js';
