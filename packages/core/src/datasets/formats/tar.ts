import { unpackTar } from 'modern-tar';
import { checkOptions, type OptionChecks, wholeNumber } from '../../checks/index.js';
import { DataFormatError } from '../../errors.js';
import { Work } from '../../work.js';
import { describeBytes, formatError, type ParseOptions, parseChecks } from './bytes.js';

/** Options of `parseTar`. */
export interface ParseTarOptions extends ParseOptions {
  /** The most files and folders that the archive may have. Default 65,536. */
  readonly maxEntries?: number;
}

const parseTarChecks: OptionChecks<ParseTarOptions> = {
  ...parseChecks,
  maxEntries: wholeNumber(0),
};

/**
 * The plain files of a tar archive by name; folders, links and devices are left out. A `.tar.gz` goes
 * through `gunzip` first, which bounds its size.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the archive is cut short or corrupt, or has too many entries.
 */
export async function parseTar(
  bytes: Uint8Array,
  options: ParseTarOptions = {},
): Promise<Map<string, Uint8Array>> {
  checkOptions(options, parseTarChecks);
  const { source = 'tar', maxEntries = 65_536 } = options;
  const work = new Work(options);
  if (bytes.length < 1024 || bytes.length % 512 !== 0) {
    throw formatError(
      source,
      `a tar archive has whole blocks of 512 bytes, two at least, but ${describeBytes(bytes.length)} came; the file is cut short or of another format.`,
      { offset: bytes.length },
    );
  }
  const files = new Map<string, Uint8Array>();
  let entries = 0;
  let stopped: { readonly reason: unknown } | undefined;
  const reach = (done: number) =>
    work.reach(done).catch((reason: unknown) => {
      stopped = { reason };
      throw reason;
    });
  work.begin('unpacking', bytes.length);
  try {
    const unpacked = await unpackTar(slicesOf(bytes, reach), {
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
    if (stopped) throw stopped.reason;
    if (DataFormatError.isInstance(cause)) throw cause;
    throw formatError(
      source,
      `the tar archive is cut short or corrupt: ${(cause as Error).message}; fetch the file again.`,
      { cause },
    );
  }
  return files;
}

/** Given whole, an archive is unpacked without a turn for others. */
function slicesOf(
  bytes: Uint8Array,
  reach: (done: number) => Promise<void>,
): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    async pull(controller) {
      await reach(offset);
      if (offset === bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(offset, offset + sliceBytes));
      offset = Math.min(bytes.length, offset + sliceBytes);
    },
  });
}

const sliceBytes = 2 ** 18;
