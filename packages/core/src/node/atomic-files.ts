import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file whole or not at all: into a temporary file in the same folder, flushed to the disk,
 * then renamed. A reader sees the old content or the new content and nothing between, even when the
 * process is killed or the disk fills up. The folder must exist.
 *
 * A temporary file that is still open when the process exits (`process.exit`, a second Ctrl-C) is
 * removed on the way out.
 *
 * @throws the operating system's error, with `path` set to the file that was to be written.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`);
  trackUnfinished(temporary);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (error instanceof Error && 'code' in error) Object.assign(error, { path });
    throw error;
  } finally {
    unfinished.delete(temporary);
  }
}

/** The name that {@link writeFileAtomic} gives a file it has not finished. */
export function isUnfinishedFile(name: string): boolean {
  return /^\..+\.[0-9a-f]{8}\.part$/.test(basename(name));
}

/** The name of the file that an {@link isUnfinishedFile unfinished} one was to become. */
export function unfinishedFileOf(name: string): string {
  return basename(name).slice(1, -'.01234567.part'.length);
}

const unfinished = new Set<string>();
let watchingExit = false;

function trackUnfinished(path: string): void {
  unfinished.add(path);
  if (watchingExit) return;
  watchingExit = true;
  process.on('exit', () => {
    for (const file of unfinished) {
      try {
        rmSync(file, { force: true });
      } catch {
        // The process is leaving: there is nobody left to tell.
      }
    }
  });
}
