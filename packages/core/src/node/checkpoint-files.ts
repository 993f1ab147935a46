import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataFormatError } from '../errors.js';

const checkpointName = /^checkpoint-(\d{6,})\.nnlab$/;

/** Far more than any run makes: a larger number is not of a run. */
const largestNumber = 999_999_999;

/** Whether a file's name is that of a checkpoint. */
export function isCheckpointFile(name: string): boolean {
  return checkpointName.test(name) && name === checkpointFileOf(checkpointNumberOf(name));
}

/**
 * The names of the checkpoints in a folder, oldest first; none when there is no folder.
 *
 * @throws DataFormatError when something has the name of a checkpoint and cannot be one.
 */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const named = entries.filter(({ name }) => checkpointName.test(name));
  for (const entry of named) checkEntry(entry, join(folder, entry.name));
  return named
    .map(({ name }) => name)
    .filter(isCheckpointFile)
    .sort((a, b) => checkpointNumberOf(a) - checkpointNumberOf(b));
}

/** The file's name of the checkpoint of this number. */
export function checkpointFileOf(number: number): string {
  return `checkpoint-${String(number).padStart(6, '0')}.nnlab`;
}

/** The number in a checkpoint's name; NaN for the name of something else. */
export function checkpointNumberOf(name: string): number {
  return Number(checkpointName.exec(name)?.[1] ?? Number.NaN);
}

function checkEntry(entry: Dirent, source: string): void {
  const wrong = !entry.isFile()
    ? 'it is not a plain file'
    : checkpointNumberOf(entry.name) > largestNumber
      ? `its number is above ${largestNumber}`
      : undefined;
  if (wrong === undefined) return;
  throw new DataFormatError(
    `${source} is in the way: it has the name of a checkpoint, but ${wrong}. Move it away.`,
    { source },
  );
}
