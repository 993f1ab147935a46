export { writeFileAtomic } from './atomic-files.js';
export { loadDataset } from './datasets.js';
export { findModelFile } from './find-model-file.js';
export { loadFitted, saveFitted } from './fitted-files.js';
export { makeFolder } from './make-folder.js';
export { listLabelledPictures, readPicture, readPictureFolder } from './pictures.js';
export { type RenderPngOptions, renderPng } from './png.js';
export { readPlainFile } from './read-plain-file.js';
