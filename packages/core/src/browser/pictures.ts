import type { Dataset } from '../datasets/dataset.js';
import { fetchPicture } from '../datasets/fetch-picture.js';
import { decodePicture } from '../datasets/formats/decode-picture.js';
import type { DecodePictureOptions } from '../datasets/formats/picture-format.js';
import {
  checkLabelledPicturesOptions,
  checkPictureFolderOptions,
  collectPictures,
  type LabelledPicture,
  type LabelledPicturesOptions,
  type PictureFolderOptions,
  pictureFileName,
  readPictureTable,
} from '../datasets/picture-dataset.js';
import type { Picture } from '../datasets/pictures.js';
import { InvalidArgumentError } from '../errors.js';

/**
 * Reads a PNG, JPEG or WebP picture, whatever its file is called, and turns it upright by its Exif
 * orientation. Grey pictures have one channel, pictures of which some pixel is transparent four, all
 * others three.
 *
 * @param picture - An address, a `Blob` or `File`, or the bytes of the file.
 * @throws InvalidArgumentError when the address cannot be fetched.
 * @throws DataFormatError when it is no such picture, cut short, corrupt or too large.
 */
export async function readPicture(
  picture: string | URL | Blob | Uint8Array,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  const { bytes, source } = await readBytes(picture);
  return decodePicture(bytes, { source, ...options });
}

async function readBytes(
  picture: string | URL | Blob | Uint8Array,
): Promise<{ bytes: Uint8Array; source: string }> {
  if (ArrayBuffer.isView(picture)) return { bytes: picture, source: 'picture' };
  if (isBlob(picture)) {
    const source = 'name' in picture ? String(picture.name) : 'picture';
    return { bytes: await bytesOf(picture), source };
  }
  const url = String(picture);
  return { bytes: await fetchPicture(url), source: url };
}

/** Not by instanceof: what `fetch` gives in jsdom is no `Blob` of jsdom's. */
function isBlob(picture: string | URL | Blob): picture is Blob {
  return typeof picture === 'object' && 'size' in picture && 'type' in picture;
}

/** jsdom's blobs can be read by its `FileReader` only. */
async function bytesOf(blob: Blob): Promise<Uint8Array> {
  if ('arrayBuffer' in blob) return new Uint8Array(await blob.arrayBuffer());
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(new Uint8Array(reader.result as ArrayBuffer));
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}

/**
 * Reads pictures from a folder that the user chose (`<input type="file" webkitdirectory>`): the
 * folder of each picture is its class.
 *
 * @returns A dataset whose classes are the inner folders in alphabetical order, their pictures in
 * alphabetical order.
 * @throws InvalidArgumentError when there is no picture.
 * @throws ShapeError when the sizes differ and no `size` is given.
 * @throws DataFormatError when a picture cannot be read.
 */
export async function readPictureFolder(
  files: Iterable<File>,
  options: PictureFolderOptions = {},
): Promise<Dataset> {
  checkPictureFolderOptions(options);
  const { maxPixels } = options;
  const pictures = [...files]
    .map((file) => ({ file, path: file.webkitRelativePath.split('/') }))
    .filter(({ file, path }) => path.length >= 3 && pictureFileName.test(file.name))
    .sort((a, b) => (a.path.join('/') < b.path.join('/') ? -1 : 1));
  const name = pictures[0]?.path.at(-3) ?? 'pictures';
  const entries = pictures.map(({ file, path }) => ({
    file: path.join('/'),
    className: path.at(-2)!,
    read: () => readPicture(file, maxPixels === undefined ? {} : { maxPixels }),
  }));
  return collectPictures(entries, { name, ...options });
}

/**
 * Reads the table of pictures that the user chose: a CSV file with names of columns, a line a picture.
 *
 * @param files - The pictures and the table, as of `<input type="file" multiple>`.
 * @returns The pictures in the order of the table, not yet read.
 * @throws InvalidArgumentError when the table or a picture in it was not chosen, or it has no column of files.
 * @throws DataFormatError when the table is no CSV file.
 */
export async function listLabelledPictures(
  files: Iterable<File>,
  options: LabelledPicturesOptions = {},
): Promise<LabelledPicture<File>[]> {
  checkLabelledPicturesOptions(options);
  const { table = 'labels.csv', fileColumn = 'file' } = options;
  const byName = new Map([...files].map((file) => [file.name, file]));
  const chosen = (name: string): File => {
    const file = byName.get(name.split('/').at(-1)!);
    if (!file)
      throw new InvalidArgumentError(`The file ${name} is not among those chosen; choose it too.`);
    return file;
  };
  const bytes = await bytesOf(chosen(table));
  const rows = await readPictureTable(bytes, table, fileColumn, options);
  return rows.map((row) => ({ ...row, location: chosen(row.file) }));
}
