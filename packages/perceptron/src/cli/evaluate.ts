import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dataOption, defineCommand, pathOption } from '@nn-lab/core/cli';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { printableLine } from '@nn-lab/core/format';
import { describeEvaluation, evaluate, evaluationDocument } from '../evaluation.js';
import { loadRows } from '../node/load-rows.js';
import { loadPerceptron } from '../node.js';
import { datasetOption } from './dataset-option.js';

export const evaluateCommand = defineCommand({
  name: 'evaluate',
  summary: 'measure a saved perceptron on test rows',
  options: [
    pathOption('model', 'run folder, or file of a saved perceptron', {
      placeholder: 'PATH',
      default: 'runs/perceptron/averaged',
    }),
    datasetOption,
    dataOption,
  ],
  async run({ options, log, signal, result }) {
    const path = await modelFile(options.model);
    const perceptron = await loadPerceptron(path);
    const { test, origin } = await loadRows(options.dataset, options.data, {
      log,
      signal,
    });
    const evaluation = await evaluate(perceptron, test, { signal });
    result(
      { model: path, dataset: options.dataset, test: evaluationDocument(evaluation) },
      `${printableLine(`${path} on ${origin}`)}: ${describeEvaluation(evaluation)}`,
    );
  },
});

/** The file itself, or the one in a run's or a model's folder. */
async function modelFile(path: string): Promise<string> {
  const found = await stat(path).catch((cause) => {
    throw new InvalidArgumentError(
      `${path}: there is no trained perceptron. Train one with \`npx @nn-lab/perceptron train\`, or give the path of one with --model.`,
      { cause },
    );
  });
  if (!found.isDirectory()) return path;
  const inRun = join(path, 'model', 'model.json');
  const isRun = await stat(inRun).then(
    () => true,
    () => false,
  );
  return isRun ? inRun : join(path, 'model.json');
}
