import { InvalidArgumentError } from '../errors.js';
import { isSvg } from '../plot/svg.js';
import type {
  ComparisonBlock,
  ComparisonMeasure,
  ComparisonRow,
  ComparisonValue,
  FactsBlock,
  FiguresBlock,
  ReportBlock,
  ReportFigure,
  ReportImage,
  ReportSection,
  SummaryFigure,
  TableBlock,
  TextBlock,
} from './blocks.js';
import { dataUrl, escapeHtml } from './markup.js';
import { styles } from './styles.js';

/** What a report says. All texts are plain text; nothing in them is taken for HTML. */
export interface Report {
  readonly title: string;
  /** A lighter line below: what was run, on what, when. */
  readonly subtitle?: string;
  /** The few numbers that matter, in large type. */
  readonly summary?: readonly SummaryFigure[];
  readonly sections: readonly ReportSection[];
  /** A last line: versions, where the figures beside ours come from. */
  readonly footer?: string;
  /** The language of the texts. Default `en`. */
  readonly language?: string;
}

/**
 * Builds a page that holds everything it needs: no script, no address to load from, pictures
 * inline. It reads well on a screen (light and dark), a telephone and paper, and aloud.
 *
 * @returns an HTML document.
 * @throws InvalidArgumentError for a figure that is no chart of the plot room, or a row of the wrong length.
 */
export function buildReport(report: Report): string {
  const { title, subtitle, summary = [], sections, footer, language = 'en' } = report;
  const ids = sectionIds(sections);
  const parts = sections.map((section, index) => {
    const blocks = section.blocks.map((block) => renderBlock(block)).join('\n');
    const id = ids[index]!;
    return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeHtml(section.title)}</h2>\n${blocks}\n</section>`;
  });
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${styles}</style>
</head>
<body>
<div class="page">
<header>
<h1>${escapeHtml(title)}</h1>
${subtitle === undefined ? '' : `<p class="subtitle">${escapeHtml(subtitle)}</p>`}
${contents(sections, ids)}
</header>
<main>
${renderSummary(summary)}
${parts.join('\n')}
</main>
${footer === undefined ? '' : `<footer>${escapeHtml(footer)}</footer>`}
</div>
</body>
</html>
`;
}

function sectionIds(sections: readonly ReportSection[]): string[] {
  return sections.map(({ title }, index) => {
    const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    return ['section', String(index + 1), ...words].join('-');
  });
}

function contents(sections: readonly ReportSection[], ids: readonly string[]): string {
  if (sections.length < 3) return '';
  const items = sections.map(
    ({ title }, index) => `<li><a href="#${ids[index]}">${escapeHtml(title)}</a></li>`,
  );
  return `<nav aria-label="Contents"><ol>${items.join('')}</ol></nav>`;
}

function renderSummary(summary: readonly SummaryFigure[]): string {
  if (summary.length === 0) return '';
  const cards = summary.map(({ label, value, note, better = false }) => {
    const mark = better ? ` ${betterMark}` : '';
    const below = note === undefined && !better ? '' : `${escapeHtml(note ?? '')}${mark}`;
    return `<div${better ? ' class="better"' : ''}><dt>${escapeHtml(label)}</dt><dd class="value">${escapeHtml(value)}</dd>${below && `<dd class="note">${below}</dd>`}</div>`;
  });
  return `<dl class="summary">${cards.join('\n')}</dl>`;
}

const betterMark = '<span class="mark"><span aria-hidden="true">✓ </span>better</span>';

const unknown =
  '<span class="unknown"><span aria-hidden="true">–</span><span class="unseen">not measured</span></span>';

function renderBlock(block: ReportBlock): string {
  switch (block.kind) {
    case 'text':
      return renderText(block);
    case 'figures':
      return renderFigures(block);
    case 'table':
      return renderTable(block);
    case 'comparison':
      return renderComparison(block);
    case 'facts':
      return renderFacts(block);
  }
}

function renderText({ text }: TextBlock): string {
  return text
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) => `<p>${escapeHtml(paragraph.trim())}</p>`)
    .join('\n');
}

function renderFigures({ figures }: FiguresBlock): string {
  const all = figures.map(renderFigure).join('\n');
  return `<div class="figures${figures.length === 1 ? ' one' : ''}">${all}</div>`;
}

function renderFigure({ picture, caption, description = caption }: ReportFigure): string {
  const label = description === undefined ? '' : escapeHtml(description);
  const below = caption === undefined ? '' : `<figcaption>${escapeHtml(caption)}</figcaption>`;
  if (typeof picture === 'string') {
    if (!isSvg(picture)) {
      const given: string = picture;
      throw new InvalidArgumentError(
        `Expected a figure's picture to be a chart of @nn-lab/core/plot or the bytes of a picture, got ${JSON.stringify(given.slice(0, 40))}.`,
      );
    }
    return `<figure><div class="picture">${picture}</div>${below}</figure>`;
  }
  const { type, bytes, pixelated = false, width } = picture;
  if (!imageTypes.includes(type)) {
    throw new InvalidArgumentError(
      `Expected a picture's \`type\` to be ${imageTypes.join(', ')}, got ${JSON.stringify(type)}.`,
    );
  }
  const size = width === undefined ? '' : ` width="${Math.round(width)}"`;
  const look = pixelated ? ' class="pixelated"' : '';
  return `<figure><div class="picture"><img src="${dataUrl(type, bytes)}" alt="${label}"${size}${look}></div>${below}</figure>`;
}

const imageTypes: readonly ReportImage['type'][] = ['image/png', 'image/jpeg', 'image/webp'];

function renderTable({ caption, columns, rows }: TableBlock): string {
  const numeric = columns.map(
    (_, column) => rows.length > 0 && rows.every((row) => isNumeric(row[column])),
  );
  const side = (column: number) => (numeric[column] ? ' class="number"' : '');
  const head = columns.map(
    (name, column) => `<th scope="col"${side(column)}>${escapeHtml(name)}</th>`,
  );
  const body = rows.map((row) => {
    checkLength(row.length, columns.length, 'cells', 'column');
    const cells = row.map((cell, column) => {
      const text = escapeHtml(String(cell));
      return column === 0 && !numeric[0]
        ? `<th scope="row">${text}</th>`
        : `<td${side(column)}>${text}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return scrollable(
    caption,
    `<thead><tr>${head.join('')}</tr></thead>\n<tbody>${body.join('\n')}</tbody>`,
  );
}

function renderComparison(block: ComparisonBlock): string {
  const { caption, measures, rows, other = 'Course' } = block;
  const head = `<thead><tr><th scope="col" rowspan="2">Experiment</th>${measures
    .map((measure) => {
      const unit = measure.unit === undefined ? '' : `, ${measure.unit}`;
      return `<th scope="colgroup" colspan="3" class="measure first-of-measure">${escapeHtml(measure.name + unit)}</th>`;
    })
    .join('')}</tr><tr>${measures
    .map(
      () =>
        `<th scope="col" class="number first-of-measure">Ours</th><th scope="col" class="verdict"><span class="unseen">Verdict</span></th><th scope="col" class="number">${escapeHtml(other)}</th>`,
    )
    .join('')}</tr></thead>`;
  const body = rows.map((row) => comparisonRow(row, measures));
  const groups = `<colgroup></colgroup>${measures.map(() => '<colgroup span="3"></colgroup>').join('')}`;
  return scrollable(caption, `${groups}${head}\n<tbody>${body.join('\n')}</tbody>`);
}

function comparisonRow(
  { name, note, values }: ComparisonRow,
  measures: readonly ComparisonMeasure[],
): string {
  checkLength(values.length, measures.length, 'values', 'measure');
  const label = note === undefined ? '' : `<span class="row-note">${escapeHtml(note)}</span>`;
  const cells = measures.map((measure, index) => comparisonCells(values[index]!, measure));
  return `<tr><th scope="row">${escapeHtml(name)}${label}</th>${cells.join('')}</tr>`;
}

function comparisonCells(
  { ours, spread, other }: ComparisonValue,
  { better, digits = 2 }: ComparisonMeasure,
): string {
  const shown = (value: number | undefined) =>
    value === undefined ? unknown : decimals(value, digits);
  const after =
    ours === undefined || spread === undefined
      ? ''
      : ` <span class="spread">± ${decimals(spread, digits)}</span>`;
  const isBetter = ours !== undefined && other !== undefined && beats(ours, other, better, digits);
  return `<td class="number ours first-of-measure">${shown(ours)}${after}</td><td class="verdict">${isBetter ? betterMark : ''}</td><td class="number other">${shown(other)}</td>`;
}

/** Compares what is shown: two numbers that look the same are the same. */
function beats(ours: number, other: number, better: 'lower' | 'higher', digits: number): boolean {
  const difference = Number(ours.toFixed(digits)) - Number(other.toFixed(digits));
  return better === 'lower' ? difference < 0 : difference > 0;
}

function renderFacts({ facts }: FactsBlock): string {
  const items = facts.map(
    ([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(String(value))}</dd>`,
  );
  return `<dl class="facts">${items.join('\n')}</dl>`;
}

/** A wide table scrolls by itself; the keyboard can reach it. */
function scrollable(caption: string | undefined, table: string): string {
  const label = escapeHtml(caption ?? 'Table');
  const heading = caption === undefined ? '' : `<caption>${escapeHtml(caption)}</caption>`;
  return `<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>${heading}${table}</table></div>`;
}

function decimals(value: number, digits: number): string {
  if (!Number.isFinite(value)) return escapeHtml(String(value));
  return value.toFixed(digits).replace(/^-/, '\u2212');
}

function isNumeric(cell: string | number | undefined): boolean {
  return (
    typeof cell === 'number' || (cell !== undefined && /^[-+\u2212]?[\d.,]+(\s?%)?$/.test(cell))
  );
}

function checkLength(got: number, expected: number, what: string, each: string): void {
  if (got === expected) return;
  throw new InvalidArgumentError(
    `Expected ${expected} ${what} in a table's row, one for each ${each}, got ${got}.`,
  );
}
