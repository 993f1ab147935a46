import { checkOptions, type OptionChecks, oneOf } from '../../checks/index.js';
import { Work } from '../../work.js';
import { ByteReader, describeBytes, type ParseOptions, parseChecks } from './bytes.js';

/** The records of a file in the binary layout of CIFAR-10 or CIFAR-100. */
export interface CifarRecords {
  readonly count: number;
  /** `count * 32 * 32 * 3` bytes, NHWC. */
  readonly images: Uint8Array;
  /** The class of each image: of 10, or the fine one of 100. */
  readonly labels: Uint8Array;
  /** CIFAR-100's class of 20 of each image. */
  readonly coarseLabels?: Uint8Array;
}

/** Options of `parseCifar`. */
export interface ParseCifarOptions extends ParseOptions {
  /** How many classes: 10 (a record is label and pixels) or 100 (coarse label, fine label, pixels). Default 10. */
  readonly classes?: 10 | 100;
}

const parseCifarChecks: OptionChecks<ParseCifarOptions> = {
  ...parseChecks,
  classes: oneOf(10, 100),
};

const plane = 32 * 32;

/**
 * Reads a `.bin` file of CIFAR-10 or CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html) and
 * turns its planes of red, green and blue into interleaved pixels.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the bytes are no whole number of records, or a label is out of range.
 */
export async function parseCifar(
  bytes: Uint8Array,
  options: ParseCifarOptions = {},
): Promise<CifarRecords> {
  checkOptions(options, parseCifarChecks);
  const { source = 'cifar', classes = 10 } = options;
  const reader = new ByteReader(bytes, source, 'a CIFAR file');
  const labelBytes = classes === 100 ? 2 : 1;
  const recordBytes = labelBytes + 3 * plane;
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    throw reader.error(
      `a CIFAR-${classes} file is made of records of ${describeBytes(recordBytes)}, but ${describeBytes(bytes.length)} came; fetch the file again.`,
      bytes.length - (bytes.length % recordBytes),
    );
  }
  const count = bytes.length / recordBytes;
  const images = new Uint8Array(count * 3 * plane);
  const labels = new Uint8Array(count);
  const coarseLabels = new Uint8Array(classes === 100 ? count : 0);
  const readRecord = (i: number) => {
    const start = i * recordBytes;
    const label = bytes[start + labelBytes - 1]!;
    const coarse = classes === 100 ? bytes[start]! : 0;
    if (label >= classes || coarse >= 20) {
      throw reader.error(
        `record ${i} has the label ${coarse >= 20 ? `${coarse} of 20` : `${label} of ${classes}`} classes; is it a CIFAR-${classes} file?`,
        start,
      );
    }
    labels[i] = label;
    if (classes === 100) coarseLabels[i] = coarse;
    const red = start + labelBytes;
    for (let pixel = 0, target = i * 3 * plane; pixel < plane; pixel++, target += 3) {
      images[target] = bytes[red + pixel]!;
      images[target + 1] = bytes[red + plane + pixel]!;
      images[target + 2] = bytes[red + 2 * plane + pixel]!;
    }
  };
  await new Work(options).stage('parsing', count, (begin, end) => {
    for (let i = begin; i < end; i++) readRecord(i);
  });
  return classes === 100 ? { count, images, labels, coarseLabels } : { count, images, labels };
}
