import {
  checkOptions,
  type OptionChecks,
  oneOf,
  pairOf,
  text,
  wholeNumber,
} from '../checks/index.js';
import { InvalidArgumentError, ShapeError } from '../errors.js';
import { Work, type WorkOptions, workChecks } from '../work.js';
import { createDataset, type Dataset } from './dataset.js';
import { type CsvTable, parseCsv } from './formats/csv.js';
import { decodePictureChecks } from './formats/picture-format.js';
import { type Picture, resizePicture, toGray, toRgb } from './pictures.js';

/** Options of `readPictureFolder`. */
export interface PictureFolderOptions extends WorkOptions {
  /** What the data are. Default: the name of the folder. */
  readonly name?: string;
  /** Every picture is brought to this size; without it all must have the size of the first. */
  readonly size?: readonly [height: number, width: number];
  /** 1 for grey, 3 for colour. Default 3. */
  readonly channels?: 1 | 3;
  /** The most pixels that a picture may have by its header. Default 100,000,000. */
  readonly maxPixels?: number;
}

/** @throws InvalidArgumentError for an option that is unknown or cannot be used. */
export function checkPictureFolderOptions(options: PictureFolderOptions): void {
  checkOptions(options, pictureFolderChecks);
}

const pictureFolderChecks: OptionChecks<PictureFolderOptions> = {
  ...workChecks,
  name: text,
  size: pairOf(wholeNumber(1)),
  channels: oneOf(1, 3),
  maxPixels: decodePictureChecks.maxPixels,
};

/** A picture file that stands in a table with what is known about it. */
export interface LabelledPicture<Location> {
  /** The name in the table. */
  readonly file: string;
  /** Give it to `readPicture`: a path in Node, a `File` in the browser. */
  readonly location: Location;
  /** The other fields of its line, by the names of the columns. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Options of `listLabelledPictures`. */
export interface LabelledPicturesOptions extends WorkOptions {
  /** Name of the table. Default `'labels.csv'`. */
  readonly table?: string;
  /** The column that has the names of the pictures. Default `'file'`. */
  readonly fileColumn?: string;
}

/** @throws InvalidArgumentError for an option that is unknown or cannot be used. */
export function checkLabelledPicturesOptions(options: LabelledPicturesOptions): void {
  checkOptions(options, labelledPicturesChecks);
}

const labelledPicturesChecks: OptionChecks<LabelledPicturesOptions> = {
  ...workChecks,
  table: text,
  fileColumn: text,
};

/** A picture that is yet to be read, and its class. */
export interface PictureEntry {
  readonly file: string;
  readonly className: string;
  read(): Promise<Picture>;
}

/** The names of files that `readPictureFolder` takes for pictures. */
export const pictureFileName = /\.(png|jpe?g|webp)$/i;

/**
 * Reads pictures one after another into a dataset, whose classes are in alphabetical order.
 *
 * @throws ShapeError when the sizes differ and no `size` is given.
 */
export async function collectPictures(
  entries: readonly PictureEntry[],
  options: PictureFolderOptions & { readonly name: string },
): Promise<Dataset> {
  const { name, channels = 3 } = options;
  const classNames = [...new Set(entries.map(({ className }) => className))].sort();
  if (entries.length === 0) {
    throw new InvalidArgumentError(
      `${name}: folders of pictures (.png, .jpg, .webp) were expected, one folder a class, but there are none.`,
    );
  }
  let size = options.size;
  let images: Uint8Array | undefined;
  const work = new Work(options);
  work.begin('reading', entries.length);
  for (const [i, entry] of entries.entries()) {
    const read = await entry.read();
    size ??= [read.height, read.width];
    if (!options.size && (read.height !== size[0] || read.width !== size[1])) {
      throw new ShapeError(
        `${entry.file} has ${read.width}x${read.height} pixels, but ${entries[0]!.file} ${size[1]}x${size[0]}; give a size to bring them to.`,
      );
    }
    const picture = (channels === 1 ? toGray : toRgb)(resizePicture(read, size[1], size[0]));
    images ??= new Uint8Array(entries.length * picture.data.length);
    images.set(picture.data, i * picture.data.length);
    await work.reach(i + 1);
  }
  const labels = Int32Array.from(entries, ({ className }) => classNames.indexOf(className));
  return createDataset({ name, shape: [...size!, channels], images: images!, labels, classNames });
}

/**
 * The lines of a table of pictures, each as an object.
 *
 * @throws DataFormatError when the table cannot be read.
 * @throws InvalidArgumentError when it has no such column, or names a file outside of its folder.
 */
export async function readPictureTable(
  bytes: Uint8Array,
  source: string,
  fileColumn: string,
  options: WorkOptions,
): Promise<{ readonly file: string; readonly fields: Readonly<Record<string, string>> }[]> {
  const { signal, onProgress } = options;
  const table: CsvTable = await parseCsv(bytes, { source, header: true, signal, onProgress });
  const { header = [], rows } = table;
  if (!header.includes(fileColumn)) {
    throw new InvalidArgumentError(
      `Expected a column named \`${fileColumn}\` in ${source}, got ${header.join(', ')}. Name the column of the files so in the first line.`,
    );
  }
  return rows.map((row) => {
    const fields = Object.fromEntries(header.map((column, i) => [column, row[i]!]));
    const { [fileColumn]: file, ...others } = fields;
    if (!file || file.split(/[\\/]/).includes('..') || /^([\\/]|[A-Za-z]:)/.test(file)) {
      throw new InvalidArgumentError(
        `${source}: a file in the table's folder was expected, but ${JSON.stringify(file)} came.`,
      );
    }
    return { file, fields: others };
  });
}
