import {
  backendOptions,
  defineCommand,
  picturesArgument,
  readNamedPictures,
} from '@nn-lab/core/cli';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { startBackend } from '@nn-lab/core/experiment';
import { formatPercent, printableLine } from '@nn-lab/core/format';
import type { TimedReading } from '../method.js';
import { modelOption, openReader } from './model-option.js';

export const readCommand = defineCommand({
  name: 'read',
  summary: 'read the time from pictures',
  description:
    'Reads the time from PNG, JPEG or WebP pictures of any size. The dial should fill 60 to 95 % of the middle square of the picture.',
  arguments: [picturesArgument],
  options: [modelOption, ...backendOptions],
  examples: [{ args: 'read photo.jpg', does: 'read one clock' }],
  async run({ options, arguments: { picture: names }, log, signal, result }) {
    await startBackend(options, log);
    const reader = await openReader(options.model);
    const readings: (TimedReading & { readonly file: string })[] = [];
    const errors: { readonly file: string; readonly error: Error }[] = [];
    try {
      for await (const read of readNamedPictures(names)) {
        signal.throwIfAborted();
        if ('error' in read) {
          errors.push({ file: read.name, error: read.error });
          continue;
        }
        const [reading] = await reader.readAll([read.picture]);
        readings.push({ file: read.name, ...reading! });
      }
    } finally {
      reader.dispose();
    }
    const [failed] = errors;
    if (failed && readings.length + errors.length === 1) throw failed.error;
    for (const { error } of errors) log.warn(error.message);
    const lines = readings.map(
      ({ file, text, probability }) =>
        `${printableLine(file)}: ${text} (${formatPercent(probability)} sure)`,
    );
    const unread = errors.map(({ file, error }) => ({ file, error: error.message }));
    result({ readings, ...(unread.length > 0 && { errors: unread }) }, lines.join('\n'));
    if (failed) {
      throw new InvalidArgumentError(
        `Read ${readings.length} of ${readings.length + errors.length} pictures; the others are named above.`,
      );
    }
  },
});
