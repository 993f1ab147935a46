import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointStore, storeOver } from '../training/index.js';
import { isUnfinishedFile, unfinishedFileOf, writeFileAtomic } from './atomic-files.js';
import {
  checkpointFileOf,
  checkpointNumberOf,
  isCheckpointFile,
  listCheckpoints,
} from './checkpoint-files.js';
import { makeFolder } from './make-folder.js';

/**
 * Keeps the last two checkpoints of a run in a folder, as `checkpoint-000001.nnlab` and so on. The
 * folder is made with the first; what a killed process left unfinished in it is cleared away then.
 */
export function createCheckpointStore(folder: string): CheckpointStore {
  let cleared = false;
  const pathOf = (number: number) => join(folder, checkpointFileOf(number));
  return storeOver({
    list: async () => (await listCheckpoints(folder)).map(checkpointNumberOf),
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
    if (isUnfinishedFile(name) && isCheckpointFile(unfinishedFileOf(name))) {
      await rm(join(folder, name), { force: true });
    }
  }
}
