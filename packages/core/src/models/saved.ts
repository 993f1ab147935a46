import { crc32 } from '../crc32.js';
import { DataFormatError } from '../errors.js';

const format = 'nn-lab';
const version = 1;

/** What every saved model begins with. */
export interface SavedModel<Type extends string = string> {
  readonly format: typeof format;
  readonly version: typeof version;
  /** What it is a model of: `pca`, `knn`, `perceptron`, ... */
  readonly type: Type;
  /** CRC-32 of the type and the content, so that damage shows. */
  readonly checksum: number;
}

/** Numbers as text: base64 of their bytes, little-endian. */
export interface SavedFloats {
  readonly length: number;
  readonly base64: string;
}

/** Puts the heading of a saved model before its content, plain values for `JSON.stringify`. */
export function savedModel<const Type extends string, Content extends object>(
  type: Type,
  content: Content,
): SavedModel<Type> & Content {
  return { format, version, type, checksum: checksumOf({ type, ...content }), ...content };
}

/**
 * Checks the heading of a saved model, and that it is whole.
 *
 * @param source - Where it is from, for the error.
 * @throws DataFormatError when it is no saved model, one of another kind or of a version that is not
 * known, or damaged.
 */
export function readSaved<Saved extends SavedModel>(
  json: unknown,
  type: Saved['type'],
  source: string,
): Saved {
  const found = savedTypeOf(json, source);
  if (found !== type) {
    throw new DataFormatError(
      `${source}: expected a saved ${type}, got a saved ${found}. Load it as what it is.`,
      { source },
    );
  }
  const { format: _, version: __, checksum, ...content } = json as SavedModel;
  if (checksumOf(content) !== checksum) {
    throw damagedModel(source, 'its content does not fit its check sum');
  }
  return json as Saved;
}

/** What kind of model was saved. @throws DataFormatError when it is none of nn-lab's. */
export function savedTypeOf(json: unknown, source: string): string {
  const saved = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (saved.format !== format || typeof saved.type !== 'string') {
    const found =
      typeof saved.format === 'string' && saved.format !== format
        ? `the format ${JSON.stringify(saved.format)}`
        : 'something else';
    throw new DataFormatError(
      `${source}: expected a model that this package saved, with format '${format}', got ${found}.`,
      { source },
    );
  }
  if (saved.version !== version) {
    throw new DataFormatError(
      `${source}: expected version ${version} of the format, got ${JSON.stringify(saved.version)}. Save it anew, or use the release that saved it.`,
      { source },
    );
  }
  return saved.type;
}

/** The error of a saved model that cannot be what was saved. */
export function damagedModel(source: string, why: string, cause?: unknown): DataFormatError {
  return new DataFormatError(`${source}: the saved model is damaged: ${why}. Save it anew.`, {
    source,
    cause,
  });
}

/** Numbers as text. */
export function encodeFloats(values: Float32Array | Float64Array | Int32Array): SavedFloats {
  const bytes = littleEndian(new Uint8Array(values.slice().buffer), values.BYTES_PER_ELEMENT);
  let text = '';
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return { length: values.length, base64: btoa(text) };
}

/**
 * The numbers that {@link encodeFloats} wrote.
 *
 * @param ArrayType - Of what type they were: `Float32Array`, `Float64Array` or `Int32Array`.
 * @param source - Where they are from, for the error.
 * @param length - How many there must be.
 * @throws DataFormatError when they are damaged, not finite or of another number.
 */
export function decodeFloats<T extends Float32Array | Float64Array | Int32Array>(
  saved: SavedFloats,
  ArrayType: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
  source: string,
  length?: number,
): T {
  const damaged = (why: string, cause?: unknown) => damagedModel(source, why, cause);
  if (typeof saved?.base64 !== 'string') throw damaged('numbers are missing');
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.from(atob(saved.base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw damaged('its numbers are not base64', cause);
  }
  const expected = length ?? saved.length;
  if (saved.length !== expected || bytes.length !== expected * ArrayType.BYTES_PER_ELEMENT) {
    throw damaged(
      `expected ${expected} numbers, got ${bytes.length / ArrayType.BYTES_PER_ELEMENT}`,
    );
  }
  const values = new ArrayType(littleEndian(bytes, ArrayType.BYTES_PER_ELEMENT).buffer);
  if (!values.every(Number.isFinite)) throw damaged('a number is not finite');
  return values;
}

/**
 * The values of a matrix that {@link encodeFloats} wrote, in the precision that they had.
 *
 * @throws as {@link decodeFloats}.
 */
export function decodeRows(
  saved: SavedFloats,
  source: string,
  length?: number,
): Float32Array | Float64Array {
  // Base64 has four characters for three bytes: 5.3 or 10.7 a number, and up to 3 to fill up.
  const isDouble = saved?.base64?.length > 8 * saved?.length;
  return decodeFloats<Float32Array | Float64Array>(
    saved,
    isDouble ? Float64Array : Float32Array,
    source,
    length,
  );
}

/** @throws DataFormatError unless the value is a whole number of at least `minimum`. */
export function requireSavedCount(value: unknown, minimum: number, source: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < minimum) {
    throw damagedModel(
      source,
      `expected a whole number from ${minimum}, got ${JSON.stringify(value)}`,
    );
  }
  return value as number;
}

/** Bytes of this machine's numbers as little-endian ones, or back. */
function littleEndian(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  const native = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (native) return bytes;
  for (let start = 0; start < bytes.length; start += width) {
    bytes.subarray(start, start + width).reverse();
  }
  return bytes;
}

/** Of the text that `JSON.stringify` gives, in parts: that of a large model is too long to have twice. */
function checksumOf(value: unknown): number {
  const encoder = new TextEncoder();
  let sum = 0;
  const add = (text: string) => {
    for (let start = 0; start < text.length; start += 0x10000) {
      sum = crc32(encoder.encode(text.slice(start, start + 0x10000)), sum);
    }
  };
  const visit = (part: unknown) => {
    if (typeof part === 'string') {
      add('"');
      add(part);
    } else if (typeof part === 'object' && part !== null) {
      add(Array.isArray(part) ? '[' : '{');
      for (const [key, item] of Object.entries(part)) {
        if (item === undefined) continue;
        add(`${key}:`);
        visit(item);
      }
      add('}');
    } else {
      add(JSON.stringify(part));
    }
    add(',');
  };
  visit(value);
  return sum;
}
