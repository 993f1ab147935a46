import { backendOptions, defineCommand, pathArgument, switchOption } from '@nn-lab/core/cli';
import { padToSquare, resizePicture, toGray, toRgb } from '@nn-lab/core/datasets';
import { startBackend } from '@nn-lab/core/experiment';
import { printableLine } from '@nn-lab/core/format';
import { readPicture } from '@nn-lab/core/node';
import { type Matrix, matrixOf } from '@nn-lab/core/tables';
import { readTable } from '../node/input.js';
import { readTrained, type TrainedClassifier } from '../node/trained-classifier.js';
import { modelOption } from './model-option.js';

export const classifyCommand = defineCommand({
  name: 'classify',
  summary: 'say what pictures, or the rows of a CSV file, are',
  description:
    'Classifies pictures (PNG, JPEG, WebP), scaled to what the classifier was trained on, or the rows of a CSV file. The digits are light on dark: for dark ink on white paper add --invert.',
  arguments: [pathArgument('input', 'pictures, or one CSV file', { existing: 'file', many: true })],
  options: [
    modelOption,
    switchOption('invert', 'exchange light and dark in pictures'),
    ...backendOptions,
  ],
  examples: [{ args: 'classify seven.png --invert', does: 'read a digit written with a dark pen' }],
  async run({ options, arguments: { input }, log, signal, result }) {
    const trained = await readTrained(options.model);
    const isTable = input.length === 1 && /\.csv$/i.test(input[0]!);
    const x = isTable
      ? (await readTable(input[0]!, { log, signal })).x
      : await readPictures(input, trained, options.invert);
    await startBackend(options, log);
    const predicted = await trained.classifier.predict(x, { signal });
    const rows = Array.from(predicted, (label, row) => ({
      ...(isTable ? { row } : { file: input[row]! }),
      label,
      name: trained.classNames[label] ?? String(label),
    }));
    result(
      { predictions: rows },
      rows
        .map(({ name, ...place }) =>
          printableLine(`${'file' in place ? place.file : place.row}: ${name}`),
        )
        .join('\n'),
    );
  },
});

async function readPictures(
  files: readonly string[],
  { shape, range }: TrainedClassifier,
  invert: boolean,
): Promise<Matrix> {
  const [height, width, channels] = shape;
  const [low, high] = range;
  const rows: Float32Array[] = [];
  for (const file of files) {
    const picture = padToSquare(await readPicture(file), { fill: invert ? 255 : 0 });
    const { data } = resizePicture((channels === 1 ? toGray : toRgb)(picture), width, height);
    rows.push(
      Float32Array.from(
        data,
        (value) => low + ((invert ? 255 - value : value) / 255) * (high - low),
      ),
    );
  }
  return matrixOf(rows);
}
