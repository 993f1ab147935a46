import { dataOption, defineCommand, pathOption } from '@nn-lab/core/cli';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { printableLine } from '@nn-lab/core/format';
import { findModelFile, loadFitted } from '@nn-lab/core/node/files';
import { describeEvaluation, evaluate, evaluationDocument } from '../evaluation.js';
import { loadRows } from '../node/load-rows.js';
import { Perceptron } from '../perceptron.js';
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
    const path = await findModelFile(options.model);
    if (path === undefined) {
      throw new InvalidArgumentError(
        `${options.model}: there is no trained perceptron. Train one with \`npx @nn-lab/perceptron train\`, or give the path of one with --model.`,
      );
    }
    const perceptron = await loadFitted(path, [Perceptron]);
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
