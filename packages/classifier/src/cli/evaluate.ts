import { backendOptions, defineCommand } from '@nn-lab/core/cli';
import { startBackend } from '@nn-lab/core/experiment';
import { formatPercent, formatTable } from '@nn-lab/core/format';
import { confusionMatrix } from '@nn-lab/core/metrics';
import { readDataset } from '../node/input.js';
import { readTrained } from '../node/trained-classifier.js';
import { datasetOptions } from './dataset-options.js';
import { modelOption } from './model-option.js';

export const evaluateCommand = defineCommand({
  name: 'evaluate',
  summary: 'test a trained classifier on the test rows of a data set',
  options: [modelOption, ...datasetOptions, ...backendOptions],
  async run({ options, log, signal, result }) {
    const { classifier, classNames } = await readTrained(options.model);
    const { test } = await readDataset(options.dataset, options.data, { log, signal });
    const backend = await startBackend(options, log);
    const predicted = await classifier.predict(test.x, { signal });
    const confusion = confusionMatrix(predicted, test.labels!, classNames);
    const { total, accuracy, recall, precision } = confusion;
    const correct = Math.round(accuracy * total);
    result(
      { dataset: options.dataset, backend: backend.name, correct, ...confusion.toJSON() },
      `${correct} of ${total} right (${formatPercent(accuracy, 2)})\n\n${formatTable(
        classNames.map((name, label) => [
          name,
          formatPercent(recall[label]!),
          formatPercent(precision[label]!),
        ]),
        { header: ['class', 'found', 'right when said'] },
      )}`,
    );
  },
});
