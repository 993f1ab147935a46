import { type OptionChecks, text } from '../checks/index.js';
import { drawHeader, outerMargin } from './header.js';
import {
  type ChartOptions,
  chartChecks,
  checkExtent,
  checkLength,
  checkNotEmpty,
} from './options.js';
import { drawPicture } from './picture-element.js';
import { readableOn, rgbOf } from './readable-on.js';
import { element, type Svg, svgDocument, textElement } from './svg.js';
import { fitText, textWidth } from './text-width.js';
import { theme } from './theme.js';

/** Options of charts made of rows and columns of cells. */
export interface CellGridOptions extends ChartOptions {
  /** What the rows are, at the left. */
  readonly rowTitle?: string;
  /** What the columns are, below. */
  readonly columnTitle?: string;
}

export const cellGridChecks: OptionChecks<CellGridOptions> = {
  ...chartChecks,
  rowTitle: text,
  columnTitle: text,
};

/** One cell: its colour and what is written in it; faint text steps back. */
export interface Cell {
  readonly color: string;
  readonly text: string;
  readonly faint?: boolean;
}

/** The bar beside the cells that says what the colours mean. */
export interface ColorBar {
  readonly colorAt: (share: number) => string;
  readonly low: string;
  readonly high: string;
}

const colorBarWidth = 12;

/** Draws header, cells, labels and colour bar; the height follows from the width and the rows. */
export function drawCellGrid(
  cells: readonly (readonly Cell[])[],
  options: CellGridOptions & {
    readonly rowLabels?: readonly string[];
    readonly columnLabels?: readonly string[];
  },
  colorBar?: ColorBar,
): Svg {
  const { title, subtitle, width = 640, rowTitle, columnTitle } = options;
  const columnCount = cells[0]?.length ?? 0;
  checkExtent(width, 'width', 150);
  checkNotEmpty(cells.length * columnCount, 'cell');
  for (const row of cells) checkLength(row.length, columnCount, 'values in a row', 'column');
  const { rowLabels = [], columnLabels = [] } = options;
  if (rowLabels.length > 0) checkLength(rowLabels.length, cells.length, 'row labels', 'row');
  if (columnLabels.length > 0) {
    checkLength(columnLabels.length, columnCount, 'column labels', 'column');
  }

  const header = drawHeader({ title, subtitle, width });
  const labelSize = theme.textSize;
  const widestOf = (labels: readonly string[]) =>
    Math.max(0, ...labels.map((label) => textWidth(label, labelSize)));
  const rowLabelWidth = Math.min(widestOf(rowLabels), width * 0.25);
  const left = outerMargin + (rowTitle ? 22 : 0) + (rowLabels.length > 0 ? rowLabelWidth + 8 : 0);
  const barWidth = colorBar
    ? colorBarWidth +
      24 +
      Math.max(textWidth(colorBar.low, theme.tickSize), textWidth(colorBar.high, theme.tickSize))
    : 0;
  const gridWidth = width - outerMargin - barWidth - left;
  const cellWidth = gridWidth / columnCount;
  const cellHeight = Math.min(cellWidth, Math.max(cellWidth * 0.62, 34));
  const gridHeight = cellHeight * cells.length;
  const top = header.bottom + 8;
  const bottom = top + gridHeight;

  const slanted = widestOf(columnLabels) > cellWidth - 6;
  const longestColumnLabel = Math.min(widestOf(columnLabels), 140);
  const columnLabelHeight =
    columnLabels.length === 0 ? 0 : slanted ? longestColumnLabel * 0.71 + 18 : 22;
  const height = bottom + columnLabelHeight + (columnTitle ? 24 : 4) + outerMargin - 4;

  const widestText = Math.max(
    ...cells.flatMap((row) => row.map(({ text }) => textWidth(text, 1))),
    1,
  );
  const valueSize = Math.min(14, (cellWidth - 6) / widestText, cellHeight * 0.55);
  const area = { left, top, cellWidth, cellHeight, valueSize };
  return svgDocument(
    { width, height: Math.ceil(height), label: title ?? 'Heat map' },
    header.svg,
    Math.min(cellWidth, cellHeight) > 12 ? drawCells(cells, area) : drawPixels(cells, area),
    element(
      'g',
      { 'text-anchor': 'end' },
      ...rowLabels.map((label, row) =>
        textElement(
          fitText(label, rowLabelWidth + 1, labelSize),
          left - 8,
          top + (row + 0.5) * cellHeight + 4,
        ),
      ),
    ),
    ...columnLabels.map((label, column) => {
      const x = left + (column + 0.5) * cellWidth;
      const fitted = fitText(label, longestColumnLabel + 1, labelSize);
      return slanted
        ? textElement(fitted, x + 4, bottom + 15, {
            'text-anchor': 'end',
            transform: `rotate(-45 ${(x + 4).toFixed(2)} ${(bottom + 15).toFixed(2)})`,
          })
        : textElement(fitted, x, bottom + 17, { 'text-anchor': 'middle' });
    }),
    rowTitle
      ? textElement(rowTitle, outerMargin + 10, top + gridHeight / 2, {
          'text-anchor': 'middle',
          fill: theme.muted,
          transform: `rotate(-90 ${outerMargin + 10} ${(top + gridHeight / 2).toFixed(2)})`,
        })
      : '',
    columnTitle
      ? textElement(columnTitle, left + gridWidth / 2, bottom + columnLabelHeight + 18, {
          'text-anchor': 'middle',
          fill: theme.muted,
        })
      : '',
    colorBar ? drawColorBar(colorBar, left + gridWidth + 16, top, gridHeight) : '',
  );
}

interface CellArea {
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Font size of the values. */
  readonly valueSize: number;
}

function drawCells(cells: readonly (readonly Cell[])[], area: CellArea): string {
  const { left, top, cellWidth, cellHeight, valueSize } = area;
  const drawn = cells.flatMap((row, rowIndex) =>
    row.map(({ color, text, faint }, column) => {
      const x = left + column * cellWidth;
      const y = top + rowIndex * cellHeight;
      const rect = element('rect', {
        x: x + 0.5,
        y: y + 0.5,
        width: cellWidth - 1,
        height: cellHeight - 1,
        fill: color,
      });
      if (text === '' || valueSize < 5) return rect;
      const fill = faint ? theme.axis : readableOn(color);
      const baseline = y + cellHeight / 2 + valueSize * 0.36;
      return rect + textElement(text, x + cellWidth / 2, baseline, { fill });
    }),
  );
  const ground = element('rect', {
    x: left,
    y: top,
    width: cellWidth * cells[0]!.length,
    height: cellHeight * cells.length,
    fill: theme.grid,
  });
  return ground + element('g', { 'font-size': valueSize, 'text-anchor': 'middle' }, ...drawn);
}

/** Small cells as one picture, a pixel each: far shorter, and without seams between them. */
function drawPixels(cells: readonly (readonly Cell[])[], area: CellArea): string {
  const width = cells[0]!.length;
  const height = cells.length;
  const data = Uint8Array.from(cells.flatMap((row) => row.flatMap(({ color }) => rgbOf(color))));
  return drawPicture(
    { width, height, channels: 3, data },
    {
      x: area.left,
      y: area.top,
      width: width * area.cellWidth,
      height: height * area.cellHeight,
      crisp: true,
    },
  );
}

function drawColorBar(
  { colorAt, low, high }: ColorBar,
  x: number,
  top: number,
  height: number,
): string {
  const steps = 40;
  const bands = Array.from({ length: steps }, (_, step) =>
    element('rect', {
      x,
      y: top + (step * height) / steps,
      width: colorBarWidth,
      height: height / steps + 0.5,
      fill: colorAt(1 - step / (steps - 1)),
    }),
  );
  const labels = { 'font-size': theme.tickSize, fill: theme.muted };
  return (
    bands.join('') +
    textElement(high, x + colorBarWidth + 6, top + 9, labels) +
    textElement(low, x + colorBarWidth + 6, top + height, labels)
  );
}
