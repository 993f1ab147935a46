import {
  backendOptions,
  defineCommand,
  integerOption,
  pathOption,
  seedOption,
} from '@nn-lab/core/cli';
import type { Picture } from '@nn-lab/core/datasets';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { startBackend } from '@nn-lab/core/experiment';
import { listLabelledPictures, readPicture } from '@nn-lab/core/node';
import { evaluateReader, renderTimedPictures, type TimedPictures } from '../evaluate.js';
import { describeEvaluation, evaluationDocument } from '../evaluation-text.js';
import { validateClockTime } from '../time.js';
import { modelOption, openReader } from './model-option.js';

export const evaluateCommand = defineCommand({
  name: 'evaluate',
  summary: 'measure a reader on fresh rendered clocks, or on labelled pictures',
  description:
    'Measures a trained reader: on freshly rendered clocks, or with --pictures on a folder of pictures with a labels.csv (columns file, hour, minute).',
  options: [
    modelOption,
    integerOption('count', 'rendered pictures', { default: 2000, minimum: 1, maximum: 1_000_000 }),
    seedOption,
    pathOption('pictures', 'folder of pictures with a labels.csv', {
      placeholder: 'DIR',
      existing: 'folder',
    }),
    ...backendOptions,
  ],
  async run({ options, log, progress, signal, result }) {
    const backend = await startBackend(options, log);
    const reader = await openReader(options.model);
    try {
      const test = options.pictures
        ? await readTimedPictures(options.pictures, signal)
        : await renderTimedPictures(options.count, {
            seed: options.seed,
            stream: 'evaluation',
            signal,
          });
      const shown = progress('Reading', test.pictures.length, { unit: 'picture' });
      const evaluation = await evaluateReader(reader, test, {
        signal,
        onProgress: ({ done }) => {
          shown.update(done);
        },
      });
      shown.stop();
      result(
        {
          model: options.model ?? 'pretrained',
          backend: backend.name,
          ...evaluationDocument(evaluation),
        },
        describeEvaluation(evaluation),
      );
    } finally {
      reader.dispose();
    }
  },
});

async function readTimedPictures(folder: string, signal: AbortSignal): Promise<TimedPictures> {
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
