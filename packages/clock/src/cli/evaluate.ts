import {
  backendOptions,
  defineCommand,
  integerOption,
  pathOption,
  seedOption,
} from '@nn-lab/core/cli';
import { startBackend } from '@nn-lab/core/experiment';
import { evaluateReader } from '../evaluate.js';
import { describeEvaluation, evaluationDocument } from '../evaluation-text.js';
import { readTimedPictures } from '../node/read-timed-pictures.js';
import { renderTimedPictures } from '../timed-pictures.js';
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
