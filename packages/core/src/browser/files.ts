export { loadDataset } from './datasets.js';
export { loadFitted, saveFitted } from './fitted-files.js';
export { listLabelledPictures, readPicture, readPictureFolder } from './pictures.js';
