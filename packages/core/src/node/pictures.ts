import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
import { readPlainFile } from './read-plain-file.js';

/**
 * Reads a PNG, JPEG or WebP picture, whatever its file is called, and turns it upright by its Exif
 * orientation. Grey pictures have one channel, pictures of which some pixel is transparent four, all
 * others three.
 *
 * @param picture - A path, an address (`file:`, `http:` or `https:`, as text or `URL`), or the bytes of
 * the file.
 * @throws InvalidArgumentError when the file cannot be opened, or the address does not give it.
 * @throws DataFormatError when it is no such picture, cut short, corrupt or too large.
 */
export async function readPicture(
  picture: string | URL | Uint8Array,
  options: DecodePictureOptions = {},
): Promise<Picture> {
  // Not by instanceof: bytes and URLs may be of another realm, such as jsdom's.
  if (ArrayBuffer.isView(picture)) return decodePicture(picture, options);
  const source = String(picture);
  return decodePicture(await readSource(source), { source, ...options });
}

function readSource(source: string): Promise<Uint8Array> {
  if (/^https?:/i.test(source)) return fetchPicture(source);
  return readNamedFile(/^file:/i.test(source) ? fileURLToPath(source) : source, 'picture');
}

/**
 * Reads a folder of folders of pictures: `<folder>/<class>/<picture>.png` (or `.jpg`, `.webp`).
 *
 * @returns A dataset whose classes are the inner folders in alphabetical order, their pictures in
 * alphabetical order.
 * @throws InvalidArgumentError when there is no such folder or no picture in it.
 * @throws ShapeError when the sizes differ and no `size` is given.
 * @throws DataFormatError when a picture cannot be read.
 */
export async function readPictureFolder(
  folder: string,
  options: PictureFolderOptions = {},
): Promise<Dataset> {
  checkPictureFolderOptions(options);
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw new InvalidArgumentError(
      `A folder of pictures was expected at ${folder}, but it cannot be read: ${cause.message}.`,
      { cause },
    );
  });
  const classes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const files = await Promise.all(
    classes.sort().map(async (className) => {
      const names = (await readdir(join(folder, className))).sort();
      return names
        .filter((name) => pictureFileName.test(name))
        .map((name) => ({ className, file: join(folder, className, name) }));
    }),
  );
  const { maxPixels } = options;
  const pictures = files.flat().map((entry) => ({
    ...entry,
    read: () => readPicture(entry.file, maxPixels === undefined ? {} : { maxPixels }),
  }));
  return collectPictures(pictures, { name: basename(folder), ...options });
}

/**
 * Reads the table of a folder of pictures: a CSV file with names of columns, a line a picture.
 *
 * @returns The pictures in the order of the table, not yet read.
 * @throws InvalidArgumentError when the table cannot be opened or has no column of files.
 * @throws DataFormatError when the table is no CSV file.
 */
export async function listLabelledPictures(
  folder: string,
  options: LabelledPicturesOptions = {},
): Promise<LabelledPicture<string>[]> {
  checkLabelledPicturesOptions(options);
  const { table = 'labels.csv', fileColumn = 'file' } = options;
  const path = join(folder, table);
  const bytes = await readNamedFile(path, 'table');
  const rows = await readPictureTable(bytes, path, fileColumn, options);
  return rows.map((row) => ({ ...row, location: join(folder, row.file) }));
}

async function readNamedFile(path: string, what: string): Promise<Uint8Array> {
  try {
    return await readPlainFile(path);
  } catch (cause) {
    throw new InvalidArgumentError(
      `The ${what} ${path} cannot be read: ${(cause as Error).message}; give the path of a file that can be read.`,
      { cause },
    );
  }
}
