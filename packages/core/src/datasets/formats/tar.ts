import { unpackTar } from 'modern-tar';
import { DataFormatError } from '../../errors.js';
import { describeBytes, formatError, type ParseOptions } from './bytes.js';

/** Options of `parseTar`. */
export interface ParseTarOptions extends ParseOptions {
  /** The most files and folders that the archive may have. Default 65,536. */
  readonly maxEntries?: number;
}

/**
 * The plain files of a tar archive by name; folders, links and devices are left out. A `.tar.gz` goes
 * through `gunzip` first, which bounds its size.
 *
 * @throws DataFormatError when the archive is cut short or corrupt, or has too many entries.
 */
export async function parseTar(
  bytes: Uint8Array,
  options: ParseTarOptions = {},
): Promise<Map<string, Uint8Array>> {
  const { source = 'tar', maxEntries = 65_536 } = options;
  if (bytes.length < 1024 || bytes.length % 512 !== 0) {
    throw formatError(
      source,
      `a tar archive has whole blocks of 512 bytes, two at least, but ${describeBytes(bytes.length)} came; the file is cut short or of another format.`,
      { offset: bytes.length },
    );
  }
  const files = new Map<string, Uint8Array>();
  let entries = 0;
  try {
    const unpacked = await unpackTar(bytes, {
      strict: true,
      filter: (header) => {
        if (++entries > maxEntries) {
          throw formatError(
            source,
            `the archive has more than the ${maxEntries} entries that are allowed (maxEntries).`,
          );
        }
        return header.type === 'file';
      },
    });
    for (const { header, data } of unpacked) {
      if (!data || data.length !== header.size) throw new Error(`${header.name} is cut short`);
      files.set(header.name.replace(/^\.\//, ''), data);
    }
  } catch (cause) {
    if (DataFormatError.isInstance(cause)) throw cause;
    throw formatError(
      source,
      `the tar archive is cut short or corrupt: ${(cause as Error).message}; fetch the file again.`,
      { cause },
    );
  }
  return files;
}
