import type { RunDevice } from '@nn-lab/core/experiment';
import { formatDuration, formatQuantity, formatTable } from '@nn-lab/core/format';
import { type Svg, scatterChart } from '@nn-lab/core/plot';
import { deviceFacts, type Report } from '@nn-lab/core/report';
import type { Matrix } from '@nn-lab/core/tables';
import { mapWarnings } from './course/index.js';
import type { MapQuality } from './maps/quality/index.js';

/** The classes of the rows of a map, where they are known. */
export interface MapLabels {
  readonly labels: Int32Array | undefined;
  readonly classNames: readonly string[];
}

/** From so many points on they are drawn small. */
const manyPoints = 5000;

/** A map as a chart, a color a class. */
export function drawMap(
  { rows, values }: Matrix,
  { labels, classNames }: MapLabels,
  title: string,
  subtitle: string,
): Svg {
  const column = (at: number) =>
    Float32Array.from({ length: rows }, (_, row) => values[2 * row + at]!);
  return scatterChart(
    { x: column(0), y: column(1), ...(labels ? { categories: labels } : {}) },
    {
      title,
      subtitle,
      height: 620,
      ...(rows > manyPoints ? { radius: 1, opacity: 0.5 } : {}),
      ...(labels ? { categoryNames: classNames } : {}),
    },
  );
}

/** A map as CSV: `x,y,label`, or `x,y` without classes. */
export function mapTable({ rows, values }: Matrix, { labels, classNames }: MapLabels): string {
  const names = classNames.map((name) =>
    /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name,
  );
  const lines = Array.from({ length: rows }, (_, row) => {
    const place = `${values[2 * row]},${values[2 * row + 1]}`;
    return labels ? `${place},${names[labels[row]!]}` : place;
  });
  return `${labels ? 'x,y,label' : 'x,y'}\n${lines.join('\n')}\n`;
}

/** How a map was made. */
export interface MapFacts {
  readonly title: string;
  /** What was mapped. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly quality: MapQuality & { readonly k: number; readonly judged: number };
  readonly seconds: number;
  readonly seed: number;
  readonly device: RunDevice;
}

/** The report of a map. */
export function mapReport(
  picture: Svg,
  { title, name, rows, columns, quality, seconds, seed, device }: MapFacts,
): Report {
  const { trustworthiness, continuity, recall } = quality;
  return {
    title,
    subtitle: `${name}; seed ${seed}`,
    summary: [
      { label: 'Trustworthiness', value: trustworthiness.toFixed(3) },
      { label: 'Continuity', value: continuity.toFixed(3) },
      { label: 'Neighbor recall', value: recall.toFixed(3) },
    ],
    sections: [
      { title: 'Map', blocks: [{ kind: 'figures', figures: [{ picture }] }] },
      { title: 'How to read it', blocks: [{ kind: 'text', text: mapWarnings.join('\n\n') }] },
      {
        title: 'How it was made',
        blocks: [
          {
            kind: 'facts',
            facts: [
              ['Rows', rows],
              ['Values a row', columns],
              [
                'Measured by',
                `${formatQuantity(quality.k, 'neighbor')} of ${formatQuantity(quality.judged, 'row')}`,
              ],
              ['Time', formatDuration(seconds)],
              ['Seed', seed],
              ...deviceFacts(device),
            ],
          },
        ],
      },
    ],
  };
}

/** The quality of a map, for people. */
export function describeMap(
  { trustworthiness, continuity, recall }: MapQuality,
  seconds: number,
): string {
  return formatTable([
    ['trustworthiness', trustworthiness.toFixed(3)],
    ['continuity', continuity.toFixed(3)],
    ['neighbor recall', recall.toFixed(3)],
    ['time', formatDuration(seconds)],
  ]);
}
