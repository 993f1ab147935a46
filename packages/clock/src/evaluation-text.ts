import { formatPercent, formatTable } from '@nn-lab/core/format';
import type { ClockEvaluation } from './evaluate.js';

/** An evaluation as JSON documents have it, in minutes and shares. */
export function evaluationDocument({ summary }: ClockEvaluation) {
  return {
    pictures: summary.count,
    meanAbsoluteError: summary.mean,
    ...(summary.intervals ? { meanAbsoluteErrorInterval: summary.intervals.mean } : {}),
    medianAbsoluteError: summary.median,
    within: Object.fromEntries(summary.within.map(({ threshold, share }) => [threshold, share])),
    largestError: summary.max,
  };
}

/** An evaluation as a small table for people. */
export function describeEvaluation({ summary }: ClockEvaluation): string {
  const interval = summary.intervals?.mean;
  return formatTable([
    ['pictures', `${summary.count}`],
    [
      'mean error',
      `${summary.mean.toFixed(2)} min${interval ? ` (95 %: ${interval[0].toFixed(2)} to ${interval[1].toFixed(2)})` : ''}`,
    ],
    ['median error', `${summary.median.toFixed(1)} min`],
    ...summary.within.map(({ threshold, share }) => [
      `within ${threshold} min`,
      formatPercent(share),
    ]),
    ['largest error', `${summary.max.toFixed(0)} min`],
  ]);
}
