import type { Picture } from '@nn-lab/core/datasets';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { listLabelledPictures, readPicture } from '@nn-lab/core/node';
import { validateClockTime } from '../time.js';
import type { TimedPictures } from '../timed-pictures.js';

/** Reads a folder of pictures whose `labels.csv` has their times: columns file, hour, minute. */
export async function readTimedPictures(
  folder: string,
  signal: AbortSignal,
): Promise<TimedPictures> {
  const rows = await listLabelledPictures(folder, { signal });
  if (rows.length === 0) {
    throw new InvalidArgumentError(`Expected pictures in ${folder}/labels.csv, got none.`);
  }
  const times = rows.map(({ fields, file }) => {
    const time = { hour: Number(fields.hour) % 12, minute: Number(fields.minute) };
    try {
      validateClockTime(time);
    } catch (cause) {
      throw new InvalidArgumentError(
        `Expected columns hour and minute with a time for ${file} in ${folder}/labels.csv, got '${fields.hour}' and '${fields.minute}'.`,
        { cause },
      );
    }
    return time;
  });
  const pictures: Picture[] = [];
  // One after the other: decoding takes the time, and thousands of open files are too many.
  for (const { location } of rows) {
    signal.throwIfAborted();
    pictures.push(await readPicture(location));
  }
  return { pictures, times };
}
