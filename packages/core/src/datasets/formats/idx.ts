import { checkOptions } from '../../checks/index.js';
import { Work } from '../../work.js';
import {
  alignedCopy,
  ByteReader,
  describeBytes,
  type ParseOptions,
  parseChecks,
  safeProduct,
} from './bytes.js';

/** The numbers of an idx file, in its own type, with the last extent changing fastest. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

const types = new Map<
  number,
  { size: number; array: new (buffer: ArrayBuffer) => IdxArray['data'] }
>([
  [0x08, { size: 1, array: Uint8Array }],
  [0x09, { size: 1, array: Int8Array }],
  [0x0b, { size: 2, array: Int16Array }],
  [0x0c, { size: 4, array: Int32Array }],
  [0x0d, { size: 4, array: Float32Array }],
  [0x0e, { size: 8, array: Float64Array }],
]);

/**
 * Reads an idx file, the format of MNIST (big-endian; http://yann.lecun.com/exdb/mnist/). A `.idx.gz`
 * goes through `gunzip` first.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the bytes are not exactly one idx file.
 */
export async function parseIdx(bytes: Uint8Array, options: ParseOptions = {}): Promise<IdxArray> {
  checkOptions(options, parseChecks);
  const reader = new ByteReader(bytes, options.source ?? 'idx', 'an idx file');
  const magic = reader.uint32('magic number');
  const type = types.get((magic >> 8) & 0xff);
  const dimensions = magic & 0xff;
  if (magic >>> 16 !== 0 || !type || dimensions === 0) {
    throw reader.error(
      `an idx file begins with 00 00, a type (08, 09, 0b to 0e) and a number of dimensions, but ${hex(bytes)} came; is it another format, or still compressed?`,
      0,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, i) => reader.uint32(`extent ${i}`));
  const count = safeProduct(shape);
  if (count === undefined || count * type.size !== reader.left) {
    throw reader.error(
      `an idx file of ${shape.join('x')} has ${count === undefined ? 'far too many numbers' : describeBytes(count * type.size)} after its header, but ${describeBytes(reader.left)} came; fetch the file again.`,
    );
  }
  const data = reader.take(reader.left, 'numbers');
  return {
    shape,
    data: new type.array(await alignedCopy(data, type.size, false, new Work(options))),
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
