import {
  arrayOf,
  checkOptions,
  flag,
  type OptionChecks,
  positiveNumber,
  text,
} from '../checks/index.js';
import { DataFormatError, NnLabError } from '../errors.js';
import { Work, type WorkOptions, workChecks } from '../work.js';
import { createDataset, type Dataset } from './dataset.js';
import { copyInParts, formatError } from './formats/bytes.js';
import { type CifarRecords, parseCifar } from './formats/cifar.js';
import { parseNumberCsv } from './formats/csv.js';
import { parseIdx } from './formats/idx.js';
import { parseTar } from './formats/tar.js';
import { type DatasetDescription, type DatasetName, describeDataset } from './named-datasets.js';

/** One file that a dataset was read from. */
export interface DatasetSource {
  /** Name of the file, or `'embedded'`. */
  readonly file: string;
  /** Where it lies, when it was read from a disk. */
  readonly path?: string;
  /** Where it came from, when it was fetched. */
  readonly url?: string;
  /** Its SHA-256, in hexadecimal. */
  readonly sha256: string;
  /** It is the official file, or has the official content. */
  readonly official: boolean;
}

/** A named dataset, divided as its makers divide it. */
export interface LoadedDataset {
  readonly train: Dataset;
  readonly test: Dataset;
  /** The files that were read. */
  readonly sources: readonly DatasetSource[];
  /** For people: why it is not from the folder in which the user keeps datasets. */
  readonly note?: string;
}

/** Where a named dataset is from, in a few words for people. */
export function describeOrigin(name: DatasetName, { sources }: LoadedDataset): string {
  if (sources[0]?.file === 'embedded') return `${name} (embedded, made of MNIST)`;
  const official = sources.every((source) => source.official);
  if (name === 'digits16') return official ? "the course's digits" : `${name} (own files)`;
  return official ? name : `${name} (not the official files)`;
}

/** Options of `loadDataset`. */
export interface LoadDatasetOptions extends WorkOptions {
  /**
   * Where your own files are: in Node a folder (default: the environment variable `NN_LAB_DATA`), in
   * the browser a base address. The files may lie there or in a folder named as the dataset; where
   * they do not, that is an error.
   */
  readonly data?: string;
  /**
   * Where downloads are kept: in Node a folder (default: the user's cache folder), in the browser the
   * name of a Cache (default `'nn-lab'`); `false` keeps nothing.
   */
  readonly cache?: string | false;
  /** Fetches files that are nowhere else. Default `true`. */
  readonly download?: boolean;
  /** Addresses to use instead of the official ones; a file's name is appended. */
  readonly mirrors?: readonly string[];
  /**
   * Gives an address up after as many milliseconds without a byte, or with fewer than 4 KiB a second.
   * Default 30,000.
   */
  readonly idleTimeout?: number;
}

/** @throws InvalidArgumentError for an option that is unknown or cannot be used. */
export function checkLoadDatasetOptions(options: LoadDatasetOptions): void {
  checkOptions(options, loadDatasetChecks);
}

const loadDatasetChecks: OptionChecks<LoadDatasetOptions> = {
  ...workChecks,
  data: text,
  cache: {
    expected: 'a string or false',
    accepts: (value): value is string | false => typeof value === 'string' || value === false,
  },
  download: flag,
  mirrors: arrayOf(text),
  idleTimeout: positiveNumber,
};

/** A named dataset is in none of the places where it is looked for. */
export class DatasetNotFoundError extends NnLabError {
  override readonly name = 'DatasetNotFoundError';
  protected static override readonly brand = 'DatasetNotFoundError';
  /** Each place, and why it did not serve. */
  readonly tried: readonly DatasetAttempt[];

  constructor(message: string, tried: readonly DatasetAttempt[]) {
    super(message);
    this.tried = tried;
  }
}

/** @param help - What the user can do, as a clause. */
export function notFoundError(
  { name }: DatasetDescription,
  tried: readonly DatasetAttempt[],
  help: string,
): DatasetNotFoundError {
  const places = tried.map(({ place, reason }) => `${place} (${reason})`).join('; ');
  return new DatasetNotFoundError(
    `The dataset ${name} was not found. Tried: ${places}. To have it: ${help}.`,
    tried,
  );
}

/** One place where a dataset was looked for in vain. */
export interface DatasetAttempt {
  readonly place: string;
  readonly reason: string;
}

/** The bytes of one file of a dataset, uncompressed. */
export interface DatasetContent {
  readonly bytes: Uint8Array;
  /** Where they are from, for messages. */
  readonly source: string;
}

/**
 * Makes a named dataset of the contents of its files.
 *
 * @param contents - For every `role` of one of the dataset's layouts, the bytes that are in the file.
 * @throws DataFormatError when a file is not what it should be, or the files do not belong together.
 */
export async function assembleDataset(
  name: DatasetName,
  contents: ReadonlyMap<string, DatasetContent>,
  options: WorkOptions = {},
): Promise<{ readonly train: Dataset; readonly test: Dataset }> {
  checkOptions(options, workChecks);
  const description = describeDataset(name);
  if (name === 'cifar-10') return assembleCifar(description, contents, options);
  const read = name === 'digits16' ? digits16Part : idxPart;
  const part = (images: string, labels: string) =>
    read(description, content(contents, images), content(contents, labels), options);
  return {
    train: await part('trainImages', 'trainLabels'),
    test: await part('testImages', 'testLabels'),
  };
}

function content(contents: ReadonlyMap<string, DatasetContent>, role: string): DatasetContent {
  const found = contents.get(role);
  if (!found) throw new DataFormatError(`The file of ${role} is missing.`, { source: role });
  return found;
}

async function idxPart(
  { name, shape, classNames }: DatasetDescription,
  images: DatasetContent,
  labels: DatasetContent,
  options: WorkOptions,
): Promise<Dataset> {
  const pixels = await parseIdx(images.bytes, { ...options, source: images.source });
  const classes = await parseIdx(labels.bytes, { ...options, source: labels.source });
  const [count, height, width] = pixels.shape;
  if (
    pixels.shape.length !== 3 ||
    height !== shape[0] ||
    width !== shape[1] ||
    !(pixels.data instanceof Uint8Array)
  ) {
    throw mislabelled(images, `byte images of ${shape[0]}x${shape[1]}`, pixels.shape.join('x'));
  }
  if (classes.shape.length !== 1 || !(classes.data instanceof Uint8Array)) {
    throw mislabelled(labels, 'one byte an image', classes.shape.join('x'));
  }
  if (classes.shape[0] !== count) {
    throw mislabelled(
      labels,
      `${count} labels, as ${images.source} has images`,
      `${classes.shape[0]}`,
    );
  }
  checkLabels(labels, classes.data, classNames.length);
  return createDataset({ name, shape, images: pixels.data, labels: classes.data, classNames });
}

async function digits16Part(
  { name, classNames }: DatasetDescription,
  images: DatasetContent,
  labels: DatasetContent,
  options: WorkOptions,
): Promise<Dataset> {
  const parse = ({ bytes, source }: DatasetContent) =>
    parseNumberCsv(bytes, { ...options, source, labels: false });
  const pixels = await parse(images);
  const classes = await parse(labels);
  if (pixels.columns !== 256) {
    throw mislabelled(images, '256 numbers a line', `${pixels.columns}`);
  }
  const values = new Float32Array(pixels.values.length);
  await new Work(options).inParts(values.length, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const value = pixels.values[i]!;
      if (value < -1 || value > 1) {
        throw mislabelled(
          images,
          'grey values from -1 to 1',
          `${value} in line ${Math.floor(i / 256) + 1}, column ${(i % 256) + 1}`,
        );
      }
      values[i] = value;
    }
  });
  if (classes.columns !== 1 || classes.rows !== pixels.rows) {
    throw mislabelled(
      labels,
      `${pixels.rows} lines of one number, as ${images.source} has lines`,
      `${classes.rows} lines of ${classes.columns}`,
    );
  }
  checkLabels(labels, classes.values, classNames.length);
  return createDataset({
    name,
    shape: [16, 16, 1],
    images: values,
    labels: Uint8Array.from(classes.values),
    classNames,
    range: [-1, 1],
  });
}

async function assembleCifar(
  { name, shape, classNames }: DatasetDescription,
  contents: ReadonlyMap<string, DatasetContent>,
  options: WorkOptions,
): Promise<{ train: Dataset; test: Dataset }> {
  const work = new Work(options);
  const archive = contents.get('archive');
  const files = archive
    ? await parseTar(archive.bytes, { ...options, source: archive.source })
    : new Map([...contents].map(([role, { bytes }]) => [role, bytes]));
  const records = async (file: string): Promise<CifarRecords> => {
    const name = [...files.keys()].find((key) => key === file || key.endsWith(`/${file}`));
    if (!name) {
      const source = archive?.source ?? file;
      throw formatError(
        source,
        `${file} is missing; is it the binary version of CIFAR-10? It has ${[...files.keys()].slice(0, 8).join(', ') || 'no files'}.`,
      );
    }
    const source = archive ? `${archive.source}/${name}` : contents.get(name)!.source;
    const parsed = await parseCifar(files.get(name)!, { ...options, source });
    files.delete(name);
    return parsed;
  };
  const part = async (parts: readonly CifarRecords[]): Promise<Dataset> => {
    const count = parts.reduce((sum, { count }) => sum + count, 0);
    const images = new Uint8Array(count * 3072);
    const labels = new Uint8Array(count);
    let offset = 0;
    for (const records of parts) {
      await copyInParts(records.images, images, offset * 3072, work);
      labels.set(records.labels, offset);
      offset += records.count;
    }
    return createDataset({ name, shape, images, labels, classNames });
  };
  const batches: CifarRecords[] = [];
  for (const batch of [1, 2, 3, 4, 5]) batches.push(await records(`data_batch_${batch}.bin`));
  return { train: await part(batches), test: await part([await records('test_batch.bin')]) };
}

function checkLabels(file: DatasetContent, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw mislabelled(file, `labels from 0 to ${classes - 1}`, `${label} at position ${i}`);
    }
  }
}

function mislabelled({ source }: DatasetContent, expected: string, found: string): DataFormatError {
  return formatError(source, `${expected} were expected, but ${found} came; is it the right file?`);
}
