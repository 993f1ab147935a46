import { readFile, stat } from 'node:fs/promises';

/**
 * The bytes of a file that somebody named. A folder, pipe, socket or device is refused before it is
 * opened: what it gives may never end, or never begin.
 *
 * @param options - `maxBytes`: the most that the file may have; default 1 GiB.
 * @throws Error whose message completes "… cannot be read: ".
 */
export async function readPlainFile(
  path: string,
  options: { readonly maxBytes?: number } = {},
): Promise<Uint8Array> {
  const { maxBytes = 2 ** 30 } = options;
  try {
    const stats = await stat(path);
    const kind = kindOf(stats);
    if (kind !== 'file') throw new Error(`it is a ${kind}`);
    if (stats.size > maxBytes) {
      throw new Error(`it has ${stats.size} bytes, more than the ${maxBytes} that are allowed`);
    }
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(reasons[code ?? ''] ?? message, { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission is denied',
};

/** What `stat` of Node tells, in so far as {@link kindOf} asks: a type of our own needs no `@types/node`. */
interface Kinds {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** What lies at a path. */
export function kindOf(stats: Kinds): 'file' | 'folder' | 'pipe' | 'socket' | 'device' {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isFIFO()) return 'pipe';
  return stats.isSocket() ? 'socket' : 'device';
}
