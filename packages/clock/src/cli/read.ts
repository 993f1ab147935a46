import {
  backendOptions,
  defineCommand,
  formatPercent,
  pathArgument,
  startBackend,
} from '@nn-lab/core/cli';
import { readPicture } from '@nn-lab/core/node';
import { modelOption, openReader } from './model-option.js';

export const readCommand = defineCommand({
  name: 'read',
  summary: 'read the time from pictures',
  description:
    'Reads the time from PNG, JPEG or WebP pictures of any size. The dial should fill 60 to 95 % of the middle square of the picture.',
  arguments: [pathArgument('picture', 'PNG, JPEG or WebP files', { existing: 'file', many: true })],
  options: [modelOption, ...backendOptions],
  examples: [{ args: 'read photo.jpg', does: 'read one clock' }],
  async run({ options, arguments: { picture: paths }, log, result }) {
    const pictures = await Promise.all(paths.map((path) => readPicture(path)));
    await startBackend(options, log);
    const reader = await openReader(options.model);
    try {
      const readings = await reader.readAll(pictures);
      const lines = readings.map(
        ({ text, probability }, i) => `${paths[i]}: ${text} (${formatPercent(probability)} sure)`,
      );
      const document = readings.map((reading, i) => ({ file: paths[i], ...reading }));
      result({ readings: document }, lines.join('\n'));
    } finally {
      reader.dispose();
    }
  },
});
