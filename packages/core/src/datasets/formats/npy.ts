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

/** The numbers of a NumPy array in C order (the last extent changes fastest), in their own type where JavaScript has it. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's name of the type in the file, without byte order: `'u1'`, `'f4'`, ... */
  readonly dtype: string;
  /** Booleans are 0 and 1 of a `Uint8Array`, half floats come as `Float32Array`, 64-bit integers as `Float64Array`. */
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array;
}

type Convert = (
  buffer: ArrayBuffer,
  reader: ByteReader,
  work: Work,
) => NpyArray['data'] | Promise<NpyArray['data']>;

const types: Readonly<Record<string, { readonly size: number; readonly convert: Convert }>> = {
  b1: { size: 1, convert: booleans },
  u1: { size: 1, convert: (buffer) => new Uint8Array(buffer) },
  i1: { size: 1, convert: (buffer) => new Int8Array(buffer) },
  u2: { size: 2, convert: (buffer) => new Uint16Array(buffer) },
  i2: { size: 2, convert: (buffer) => new Int16Array(buffer) },
  u4: { size: 4, convert: (buffer) => new Uint32Array(buffer) },
  i4: { size: 4, convert: (buffer) => new Int32Array(buffer) },
  u8: { size: 8, convert: (buffer, ...rest) => safeIntegers(new BigUint64Array(buffer), ...rest) },
  i8: { size: 8, convert: (buffer, ...rest) => safeIntegers(new BigInt64Array(buffer), ...rest) },
  f2: { size: 2, convert: halfFloats },
  f4: { size: 4, convert: (buffer) => new Float32Array(buffer) },
  f8: { size: 8, convert: (buffer) => new Float64Array(buffer) },
};

/**
 * Reads a `.npy` file of format version 1 to 3, either byte order, C or Fortran order
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the bytes are not exactly one such file, when its type is none of the
 * booleans, integers and floats of up to 64 bits, or when a 64-bit integer is beyond ±(2^53 - 1).
 */
export async function parseNpy(bytes: Uint8Array, options: ParseOptions = {}): Promise<NpyArray> {
  checkOptions(options, parseChecks);
  return readNpy(bytes, options.source ?? 'npy', new Work(options));
}

/** The same as a part of other work. */
export async function readNpy(bytes: Uint8Array, source: string, work: Work): Promise<NpyArray> {
  const reader = new ByteReader(bytes, source, 'a .npy file');
  const { descr, fortranOrder, shape } = readHeader(reader);

  const match = /^([<>|=]?)([biuf][1248])$/.exec(descr);
  const type = match && types[match[2]!];
  if (!match || !type) {
    throw reader.error(
      `its type is '${descr.slice(0, 40)}', but only booleans, integers and floats of up to 64 bits can be read; convert it with array.astype(...) before saving.`,
    );
  }
  const count = safeProduct(shape);
  if (count === undefined || count * type.size !== reader.left) {
    throw reader.error(
      `an array of shape (${shape.join(', ')}) and type ${match[2]} has ${count === undefined ? 'far too many numbers' : describeBytes(count * type.size)} after its header, but ${describeBytes(reader.left)} came; save or fetch it again.`,
    );
  }
  const numbers = reader.take(reader.left, 'numbers');
  const buffer = await alignedCopy(numbers, type.size, match[1] !== '>', work);
  const data = await type.convert(buffer, reader, work);
  return {
    shape,
    dtype: match[2]!,
    data: fortranOrder && shape.length > 1 ? await fromFortranOrder(data, shape, work) : data,
  };
}

function readHeader(reader: ByteReader): { descr: string; fortranOrder: boolean; shape: number[] } {
  const magic = reader.take(6, 'magic number');
  if (!magicNumber.every((byte, i) => magic[i] === byte)) {
    throw reader.error(
      `a .npy file begins with the bytes 93 4e 55 4d 50 59; this is another format.`,
      0,
    );
  }
  const major = reader.uint8('version');
  reader.uint8('version');
  if (major < 1 || major > 3) {
    throw reader.error(`.npy format version ${major} is unknown; versions 1 to 3 can be read.`, 6);
  }
  const length = major === 1 ? reader.uint16('header', true) : reader.uint32('header', true);
  const start = reader.offset;
  const header = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(
    reader.take(length, 'header'),
  );
  // A literal of Python: NumPy writes single quotes, other programs double ones.
  const descr = /(['"])descr\1\s*:\s*u?(['"])(?<value>[^'"]*)\2/.exec(header)?.groups?.value;
  const order = /(['"])fortran_order\1\s*:\s*(?<value>True|False)/.exec(header)?.groups?.value;
  const shape = /(['"])shape\1\s*:\s*\((?<value>[\d\s,L]*)\)/.exec(header)?.groups?.value;
  if (descr === undefined || order === undefined || shape === undefined) {
    throw reader.error(
      `its header must give 'descr' (one plain type), 'fortran_order' and 'shape', but it is: ${header.trim().slice(0, 120)}`,
      start,
    );
  }
  const extents = shape.split(',').map((extent) => extent.trim().replace(/L$/, ''));
  if (extents.at(-1) === '') extents.pop();
  if (extents.some((extent) => !/^\d{1,15}$/.test(extent)) || extents.length > 32) {
    throw reader.error(`its header gives the shape (${shape.slice(0, 80)}), which is none.`, start);
  }
  return { descr, fortranOrder: order === 'True', shape: extents.map(Number) };
}

const magicNumber = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

async function booleans(buffer: ArrayBuffer, reader: ByteReader, work: Work): Promise<Uint8Array> {
  const values = new Uint8Array(buffer);
  await work.stage('converting', values.length, (begin, end) => {
    for (let i = begin; i < end; i++) {
      if (values[i]! <= 1) continue;
      throw reader.error(
        `boolean ${i} is the byte ${values[i]}, but only 0 and 1 are booleans; save or fetch it again.`,
        reader.offset - values.length + i,
      );
    }
  });
  return values;
}

async function safeIntegers(
  values: BigUint64Array | BigInt64Array,
  reader: ByteReader,
  work: Work,
): Promise<Float64Array> {
  const numbers = new Float64Array(values.length);
  await work.stage('converting', values.length, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const value = Number(values[i]!);
      if (!Number.isSafeInteger(value)) {
        throw reader.error(
          `integer ${i} is ${values[i]}, beyond what a JavaScript number holds exactly; save it as float64 or a narrower integer.`,
          reader.offset - 8 * (values.length - i),
        );
      }
      numbers[i] = value;
    }
  });
  return numbers;
}

async function halfFloats(
  buffer: ArrayBuffer,
  _reader: ByteReader,
  work: Work,
): Promise<Float32Array> {
  const halves = new Uint16Array(buffer);
  const floats = new Float32Array(halves.length);
  await work.stage('converting', halves.length, (begin, end) => {
    for (let i = begin; i < end; i++) floats[i] = halfToFloat(halves[i]!);
  });
  return floats;
}

/** IEEE 754 binary16 to a number. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

async function fromFortranOrder<T extends NpyArray['data']>(
  data: T,
  shape: readonly number[],
  work: Work,
): Promise<T> {
  const ordered = new (data.constructor as new (length: number) => T)(data.length);
  const position = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  let stride = 1;
  for (const extent of shape) {
    strides.push(stride);
    stride *= extent;
  }
  let source = 0;
  await work.stage('ordering', data.length, (begin, end) => {
    for (let target = begin; target < end; target++) {
      ordered[target] = data[source]!;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        source += strides[axis]!;
        if (++position[axis]! < shape[axis]!) break;
        source -= strides[axis]! * shape[axis]!;
        position[axis] = 0;
      }
    }
  });
  return ordered;
}
