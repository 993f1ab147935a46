import { crc32 } from '../crc32.js';
import { DataFormatError } from '../errors.js';
import type { RunProgress, RunSignature, StoredTensor, TrainingState } from './training-state.js';

/*
 * A checkpoint is, little-endian:
 *   8 bytes   "nnlabck1"
 *   4 bytes   length of the header, padding included
 *   4 bytes   CRC-32 of everything from byte 16 on
 *   header    JSON, padded with spaces to a multiple of 8
 *   values    of each tensor in the header's order, each padded with zeros to a multiple of 8
 */
const magic = 'nnlabck1';
const headerStart = 16;
const alignment = 8;

const arrayTypes = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;
type ArrayType = keyof typeof arrayTypes;

interface TensorEntry {
  readonly name: string;
  readonly type: ArrayType;
  readonly shape: readonly number[];
}

/** One file of bytes from a training state. */
export function encodeCheckpoint(state: TrainingState): Uint8Array {
  const tensors = state.tensors.map(
    ({ name, shape, values }): TensorEntry => ({ name, shape, type: typeOf(values) }),
  );
  const { signature, progress } = state;
  const json = JSON.stringify({ signature, progress, tensors }, markNonFinite);
  const header = new TextEncoder().encode(json);
  const headerLength = padded(header.length);
  const valuesLength = state.tensors.reduce(
    (sum, { values }) => sum + padded(values.byteLength),
    0,
  );

  const bytes = new Uint8Array(headerStart + headerLength + valuesLength);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(magic));
  view.setUint32(8, headerLength, true);
  bytes.fill(0x20, headerStart, headerStart + headerLength);
  bytes.set(header, headerStart);
  let offset = headerStart + headerLength;
  for (const { values } of state.tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += padded(values.byteLength);
  }
  view.setUint32(12, crc32(bytes.subarray(headerStart)), true);
  return bytes;
}

/**
 * Reads a checkpoint back, after checking that it is whole. The values are views of `bytes` where
 * their alignment allows.
 *
 * @param source the file or name that the bytes came from, for the error.
 * @throws DataFormatError when the bytes are not a checkpoint, or a damaged one.
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): TrainingState {
  const fail = (what: string, offset: number, cause?: unknown) =>
    new DataFormatError(
      `${source} cannot be resumed from: ${what}. Delete it to use the checkpoint before it, or train without resuming.`,
      { source, offset, cause },
    );
  if (bytes.length < headerStart || ascii(bytes, 0, 8) !== magic) {
    throw fail('it is not a checkpoint of nn-lab (version 1)', 0);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(8, true);
  if (headerStart + headerLength > bytes.length) {
    throw fail(`its header should be ${headerLength} bytes, but the file ends before`, 8);
  }
  if (crc32(bytes.subarray(headerStart)) !== view.getUint32(12, true)) {
    throw fail('its checksum does not match, so it is damaged or cut short', 12);
  }

  let header: { signature?: unknown; progress?: unknown; tensors?: unknown };
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(
      bytes.subarray(headerStart, headerStart + headerLength),
    );
    header = JSON.parse(json, unmarkNonFinite);
  } catch (cause) {
    throw fail('its header is not JSON', headerStart, cause);
  }
  const { signature, progress, tensors } = header ?? {};
  if (!isRecord(signature) || !isProgress(progress) || !Array.isArray(tensors)) {
    throw fail('its header lacks a signature, the progress or the tensors', headerStart);
  }

  let offset = headerStart + headerLength;
  const stored: StoredTensor[] = [];
  for (const entry of tensors) {
    if (!isTensorEntry(entry)) throw fail('its list of tensors is malformed', headerStart);
    const ArrayOf = arrayTypes[entry.type];
    const size = entry.shape.reduce((product, length) => product * length, 1);
    const byteLength = size * ArrayOf.BYTES_PER_ELEMENT;
    if (!Number.isSafeInteger(byteLength) || offset + byteLength > bytes.length) {
      throw fail(`the values of ${entry.name} [${entry.shape}] do not fit into it`, offset);
    }
    const start = bytes.byteOffset + offset;
    const aligned = start % ArrayOf.BYTES_PER_ELEMENT === 0;
    const values = aligned
      ? new ArrayOf(bytes.buffer as ArrayBuffer, start, size)
      : new ArrayOf(bytes.slice(offset, offset + byteLength).buffer as ArrayBuffer);
    stored.push({ name: entry.name, shape: entry.shape, values });
    offset += padded(byteLength);
  }
  if (offset !== bytes.length) throw fail('it holds more bytes than its header says', offset);
  return {
    signature: signature as unknown as RunSignature,
    progress: progress as unknown as RunProgress,
    tensors: stored,
  };
}

function typeOf(values: StoredTensor['values']): ArrayType {
  if (values instanceof Float32Array) return 'float32';
  return values instanceof Int32Array ? 'int32' : 'uint8';
}

function padded(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/** JSON has no NaN and no infinities, which a metric may well be. */
function markNonFinite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? { notFinite: `${value}` } : value;
}

function unmarkNonFinite(_key: string, value: unknown): unknown {
  return isRecord(value) && typeof value.notFinite === 'string' ? Number(value.notFinite) : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isProgress(progress: unknown): boolean {
  if (!isRecord(progress)) return false;
  const { epoch, batch, step, examples, averageUpdates, optimizerIterations } = progress;
  return (
    [epoch, batch, step, examples, averageUpdates, optimizerIterations].every(
      (count) => Number.isSafeInteger(count) && (count as number) >= 0,
    ) &&
    isRecord(progress.sums) &&
    Array.isArray(progress.history)
  );
}

function isTensorEntry(entry: unknown): entry is TensorEntry {
  if (!isRecord(entry)) return false;
  const { name, type, shape } = entry;
  return (
    typeof name === 'string' &&
    Object.hasOwn(arrayTypes, type as string) &&
    Array.isArray(shape) &&
    shape.every((length) => Number.isSafeInteger(length) && length >= 0)
  );
}
