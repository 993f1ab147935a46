import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and its parents; one that is there already is fine.
 *
 * Node's own `mkdir` with `recursive` never returns where the system answers "no such folder" to
 * making one inside a folder that exists, as `/proc` does.
 *
 * @throws the operating system's error, with the `path` that could not be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  try {
    await mkdir(folder);
  } catch (error) {
    if (await isFolder(folder)) return;
    const parent = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error;
    await makeFolder(parent);
    try {
      await mkdir(folder);
    } catch (again) {
      if (!(await isFolder(folder))) throw again;
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
