import { alignedCopy, ByteReader, describeBytes, type ParseOptions, safeProduct } from './bytes.js';

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

type Convert = (buffer: ArrayBuffer, reader: ByteReader) => NpyArray['data'];

const types: Readonly<Record<string, { readonly size: number; readonly convert: Convert }>> = {
  b1: { size: 1, convert: booleans },
  u1: { size: 1, convert: (buffer) => new Uint8Array(buffer) },
  i1: { size: 1, convert: (buffer) => new Int8Array(buffer) },
  u2: { size: 2, convert: (buffer) => new Uint16Array(buffer) },
  i2: { size: 2, convert: (buffer) => new Int16Array(buffer) },
  u4: { size: 4, convert: (buffer) => new Uint32Array(buffer) },
  i4: { size: 4, convert: (buffer) => new Int32Array(buffer) },
  u8: { size: 8, convert: (buffer, reader) => safeIntegers(new BigUint64Array(buffer), reader) },
  i8: { size: 8, convert: (buffer, reader) => safeIntegers(new BigInt64Array(buffer), reader) },
  f2: { size: 2, convert: (buffer) => Float32Array.from(new Uint16Array(buffer), halfToFloat) },
  f4: { size: 4, convert: (buffer) => new Float32Array(buffer) },
  f8: { size: 8, convert: (buffer) => new Float64Array(buffer) },
};

/**
 * Reads a `.npy` file of format version 1 to 3, either byte order, C or Fortran order
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @throws DataFormatError when the bytes are not exactly one such file, when its type is none of the
 * booleans, integers and floats of up to 64 bits, or when a 64-bit integer is beyond ±(2^53 - 1).
 */
export function parseNpy(bytes: Uint8Array, options: ParseOptions = {}): NpyArray {
  const reader = new ByteReader(bytes, options.source ?? 'npy', 'a .npy file');
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
  const data = type.convert(alignedCopy(numbers, type.size, match[1] !== '>'), reader);
  return {
    shape,
    dtype: match[2]!,
    data: fortranOrder && shape.length > 1 ? fromFortranOrder(data, shape) : data,
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

function booleans(buffer: ArrayBuffer, reader: ByteReader): Uint8Array {
  const values = new Uint8Array(buffer);
  const wrong = values.findIndex((value) => value > 1);
  if (wrong >= 0) {
    throw reader.error(
      `boolean ${wrong} is the byte ${values[wrong]}, but only 0 and 1 are booleans; save or fetch it again.`,
      reader.offset - values.length + wrong,
    );
  }
  return values;
}

function safeIntegers(values: BigUint64Array | BigInt64Array, reader: ByteReader): Float64Array {
  const numbers = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]!);
    if (!Number.isSafeInteger(value)) {
      throw reader.error(
        `integer ${i} is ${values[i]}, beyond what a JavaScript number holds exactly; save it as float64 or a narrower integer.`,
        reader.offset - 8 * (values.length - i),
      );
    }
    numbers[i] = value;
  }
  return numbers;
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

function fromFortranOrder<T extends NpyArray['data']>(data: T, shape: readonly number[]): T {
  const ordered = data.slice() as T;
  const position = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  let stride = 1;
  for (const extent of shape) {
    strides.push(stride);
    stride *= extent;
  }
  let source = 0;
  for (let target = 0; target < data.length; target++) {
    ordered[target] = data[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return ordered;
}
