export { loadDataset } from './datasets.js';
export { listLabelledPictures, readPicture, readPictureFolder } from './pictures.js';
