import { checkOptions, type OptionChecks, wholeNumber } from '../../checks/index.js';
import { crc32 } from '../../crc32.js';
import { Work } from '../../work.js';
import { ByteReader, byteLimit, describeBytes, type ParseOptions, parseChecks } from './bytes.js';
import { inflateWhole, unpackedLimit } from './inflate.js';

/** Options of `unzip` and `parseNpz`. */
export interface UnzipOptions extends ParseOptions {
  /**
   * The most bytes that all files together may have when unpacked. Default 256 MiB, or 16 times the
   * size of the archive where that is more.
   */
  readonly maxBytes?: number;
  /** The most files that the archive may have. Default 65,536. */
  readonly maxEntries?: number;
}

export const unzipChecks: OptionChecks<UnzipOptions> = {
  ...parseChecks,
  maxBytes: byteLimit,
  maxEntries: wholeNumber(0),
};

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
}

const endSignature = 0x06054b50;
const directorySignature = 0x02014b50;
const fileSignature = 0x04034b50;

/**
 * The files of a zip archive, stored or deflated, checksums verified, by name; folders are left out.
 * (PKWARE's APPNOTE 6.3; no encryption, no archive of 4 GiB or more.)
 *
 * fflate's `unzipSync` allocates what the archive says and checks no checksum, so the directory is
 * read here.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the bytes are no whole and sound archive, or exceed a limit.
 */
export async function unzip(
  bytes: Uint8Array,
  options: UnzipOptions = {},
): Promise<Map<string, Uint8Array>> {
  checkOptions(options, unzipChecks);
  return readZip(bytes, options, new Work(options));
}

/** The same as a part of other work. */
export async function readZip(
  bytes: Uint8Array,
  options: Pick<UnzipOptions, 'source' | 'maxBytes' | 'maxEntries'>,
  work: Work,
): Promise<Map<string, Uint8Array>> {
  const { source = 'zip', maxBytes = unpackedLimit(bytes.length), maxEntries = 65_536 } = options;
  const reader = new ByteReader(bytes, source, 'a zip archive');
  const entries = readDirectory(reader, maxEntries);
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > maxBytes) {
    throw reader.error(
      `the archive unpacks to ${describeBytes(total)}, more than the ${describeBytes(maxBytes)} that are allowed (maxBytes).`,
      0,
    );
  }
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (entry.name.endsWith('/') && entry.size === 0) continue;
    if (files.has(entry.name)) throw reader.error(`the archive has two files named ${entry.name}.`);
    files.set(entry.name, await readEntry(reader, entry, work));
  }
  return files;
}

function readDirectory(reader: ByteReader, maxEntries: number): ZipEntry[] {
  const end = findEnd(reader);
  reader.offset = end + 10;
  const count = reader.uint16('end of directory', true);
  const size = reader.uint32('end of directory', true);
  const start = reader.uint32('end of directory', true);
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    throw reader.error('archives of 4 GiB or 65,535 files and more (zip64) cannot be read.', end);
  }
  if (count > maxEntries) {
    throw reader.error(
      `the archive has ${count} files, more than the ${maxEntries} that are allowed (maxEntries).`,
      end,
    );
  }
  if (start + size > end) {
    throw reader.error(`the archive's directory would end past it; fetch the file again.`, end);
  }
  reader.offset = start;
  return Array.from({ length: count }, () => readDirectoryEntry(reader));
}

/** Offset of the end record: the last of the archive, before a comment of at most 65,535 bytes. */
function findEnd(reader: ByteReader): number {
  const { bytes } = reader;
  for (let at = bytes.length - 22; at >= 0 && at >= bytes.length - 22 - 0xffff; at--) {
    if (
      bytes[at] === 0x50 &&
      bytes[at + 1] === 0x4b &&
      bytes[at + 2] === 0x05 &&
      bytes[at + 3] === 0x06 &&
      at + 22 + bytes[at + 20]! + 256 * bytes[at + 21]! === bytes.length
    ) {
      return at;
    }
  }
  throw reader.error(
    `no end record of a zip archive (signature ${endSignature.toString(16)}) was found in ${describeBytes(bytes.length)}; the file is cut short or of another format.`,
    bytes.length,
  );
}

function readDirectoryEntry(reader: ByteReader): ZipEntry {
  const at = reader.offset;
  if (reader.uint32('directory', true) !== directorySignature) {
    throw reader.error(`the archive's directory is corrupt; fetch the file again.`, at);
  }
  reader.take(4, 'directory');
  const flags = reader.uint16('directory', true);
  const method = reader.uint16('directory', true);
  reader.take(4, 'directory');
  const crc = reader.uint32('directory', true);
  const packedSize = reader.uint32('directory', true);
  const size = reader.uint32('directory', true);
  const nameLength = reader.uint16('directory', true);
  const otherLength = reader.uint16('directory', true) + reader.uint16('directory', true);
  reader.take(8, 'directory');
  const offset = reader.uint32('directory', true);
  const name = new TextDecoder().decode(reader.take(nameLength, 'directory'));
  reader.take(otherLength, 'directory');
  if (flags & 1)
    throw reader.error(`${name} is encrypted; unpack the archive with its password first.`, at);
  return { name, method, crc, packedSize, size, offset };
}

async function readEntry(reader: ByteReader, entry: ZipEntry, work: Work): Promise<Uint8Array> {
  reader.offset = entry.offset;
  if (reader.uint32('file header', true) !== fileSignature) {
    throw reader.error(
      `no file header is where the directory has ${entry.name}; fetch the file again.`,
      entry.offset,
    );
  }
  reader.take(22, 'file header');
  const nameLength = reader.uint16('file header', true);
  reader.take(nameLength + reader.uint16('file header', true), 'file header');
  const packed = reader.take(entry.packedSize, `file ${entry.name}`);
  const source = `${reader.source}/${entry.name}`;
  let content: Uint8Array;
  if (entry.method === 0) content = packed;
  else if (entry.method === 8)
    content = await inflateWhole(packed, 'deflate-raw', { source, maxBytes: entry.size }, work);
  else {
    throw reader.error(
      `${entry.name} is packed by method ${entry.method}; only stored and deflated files can be read.`,
      entry.offset,
    );
  }
  let crc = 0;
  await work.stage('checking', content.length, (begin, end) => {
    crc = crc32(content.subarray(begin, end), crc);
  });
  if (content.length !== entry.size || crc !== entry.crc) {
    throw reader.error(
      `${entry.name} is not what the directory says (${describeBytes(entry.size)}, checksum ${entry.crc.toString(16)}); fetch the file again.`,
      entry.offset,
    );
  }
  return content;
}
