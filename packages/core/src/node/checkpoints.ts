import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointStore, storeOver } from '../training/index.js';
import { isUnfinishedFile, writeFileAtomic } from './atomic-files.js';
import { makeFolder } from './make-folder.js';

/**
 * Keeps the last two checkpoints of a run in a folder, as `checkpoint-000001.nnlab` and so on. The
 * folder is made with the first; what a killed process left unfinished in it is cleared away then.
 */
export function createCheckpointStore(folder: string): CheckpointStore {
  let cleared = false;
  const pathOf = (number: number) =>
    join(folder, `checkpoint-${String(number).padStart(6, '0')}.nnlab`);
  return storeOver({
    async list() {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      return names
        .flatMap((name) => /^checkpoint-(\d{6,12})\.nnlab$/.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    },
    nameOf: pathOf,
    read: (number) => readFile(pathOf(number)),
    async write(number, bytes) {
      if (!cleared) await clearUnfinished(folder);
      cleared = true;
      await writeFileAtomic(pathOf(number), bytes);
    },
    remove: (number) => rm(pathOf(number), { force: true }),
  });
}

async function clearUnfinished(folder: string): Promise<void> {
  await makeFolder(folder);
  for (const name of await readdir(folder)) {
    if (isUnfinishedFile(name)) await rm(join(folder, name), { force: true });
  }
}
