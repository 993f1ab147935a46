export {
  type Augmentation,
  type AugmentationContext,
  composeAugmentations,
  type RandomBrightnessOptions,
  type RandomCutoutOptions,
  type RandomFlipOptions,
  type RandomRotateScaleOptions,
  type RandomShiftOptions,
  randomBrightness,
  randomCutout,
  randomFlip,
  randomRotateScale,
  randomShift,
} from './augmentations.js';
export {
  classCounts,
  createDataset,
  type Dataset,
  type DatasetContents,
  type ImagesToFloat32Options,
  imagesToFloat32,
  type SplitDatasetOptions,
  shuffleDataset,
  splitDataset,
  takeDataset,
  type UnlabeledDataset,
  type UnlabeledDatasetContents,
} from './dataset.js';
export { type EmbeddedDigits, loadEmbeddedDigits } from './digits16.js';
export type { ParseOptions } from './formats/bytes.js';
export { type CifarRecords, type ParseCifarOptions, parseCifar } from './formats/cifar.js';
export {
  type ClassLabels,
  type CsvTable,
  classLabelsOf,
  type NumberTable,
  type ParseCsvOptions,
  type ParseLabelCsvOptions,
  type ParseNumberCsvOptions,
  parseCsv,
  parseLabelCsv,
  parseNumberCsv,
} from './formats/csv.js';
export type { CsvDelimiter } from './formats/csv-records.js';
export { type IdxArray, parseIdx } from './formats/idx.js';
export { gunzip, type InflateOptions, inflate, isGzip } from './formats/inflate.js';
export { decodeJpeg } from './formats/jpeg.js';
export { type NpyArray, parseNpy } from './formats/npy.js';
export { parseNpz } from './formats/npz.js';
export {
  type DecodePictureOptions,
  type PictureFormat,
  sniffPictureFormat,
} from './formats/picture-format.js';
export { decodePng, encodePng } from './formats/png.js';
export { type ParseTarOptions, parseTar } from './formats/tar.js';
export { decodeWebp } from './formats/webp.js';
export { type UnzipOptions, unzip } from './formats/zip.js';
export {
  assembleDataset,
  type DatasetAttempt,
  type DatasetContent,
  DatasetNotFoundError,
  type DatasetSource,
  describeOrigin,
  type LoadDatasetOptions,
  type LoadedDataset,
} from './load-dataset.js';
export {
  type DatasetDescription,
  type DatasetFile,
  type DatasetName,
  describeDataset,
} from './named-datasets.js';
export type {
  LabelledPicture,
  LabelledPicturesOptions,
  PictureFolderOptions,
} from './picture-dataset.js';
export {
  createPicture,
  cropPicture,
  type FlattenOptions,
  type PadToSquareOptions,
  type Picture,
  padToSquare,
  resizePicture,
  toGray,
  toRgb,
} from './pictures.js';
