import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The file of a trained model where a person says it is: the file itself, in a run's folder, or in a
 * model's folder. Whoever reads the file says what is wrong with it.
 *
 * @param path a file; a run's folder, with the model in its `model/`; or a model's folder.
 * @param name what the file is called in folders.
 * @returns undefined when there is nothing at `path`.
 *
 * @example
 * ```ts
 * await findModelFile('runs/clock/quick'); // 'runs/clock/quick/model/model.json'
 * ```
 */
export async function findModelFile(
  path: string,
  name = 'model.json',
): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return found && path;
  const inRun = join(path, 'model', name);
  const isRun = await stat(inRun).then(
    () => true,
    () => false,
  );
  return isRun ? inRun : join(path, name);
}
