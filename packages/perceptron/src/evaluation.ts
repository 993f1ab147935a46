import { formatPercent, formatTable } from '@nn-lab/core/format';
import { type ConfusionMatrix, confusionMatrix, perClassAccuracy } from '@nn-lab/core/metrics';
import type { LabeledRows } from '@nn-lab/core/tables';
import type { WorkOptions } from '@nn-lab/core/work';
import type { Perceptron } from './perceptron.js';

/** How well a perceptron does on rows. */
export interface Evaluation {
  readonly correct: number;
  readonly total: number;
  readonly perClass: Float64Array;
  readonly matrix: ConfusionMatrix;
}

export async function evaluate(
  perceptron: Perceptron,
  rows: LabeledRows,
  options: WorkOptions,
): Promise<Evaluation> {
  const predicted = await perceptron.predict(rows.x, options);
  const { labels, classNames } = rows;
  let correct = 0;
  for (const [row, label] of labels.entries()) if (predicted[row] === label) correct++;
  return {
    correct,
    total: labels.length,
    perClass: perClassAccuracy(predicted, labels, classNames.length),
    matrix: confusionMatrix(predicted, labels, classNames),
  };
}

/** As it is written to metrics. */
export function evaluationDocument({ correct, total, perClass, matrix }: Evaluation) {
  return {
    correct,
    total,
    accuracy: correct / total,
    perClass: Array.from(perClass),
    confusion: matrix.toJSON().counts,
  };
}

/** For people. */
export function describeEvaluation({ correct, total, perClass, matrix }: Evaluation): string {
  const rows = Array.from(perClass, (share, label) => [
    matrix.classNames[label]!,
    formatPercent(share),
  ]);
  return `${correct} of ${total} right (${formatPercent(correct / total, 2)})\n\n${formatTable(rows, { header: ['class', 'right'] })}`;
}
