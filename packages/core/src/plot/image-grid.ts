import { anything, checkOptions, flag, type OptionChecks, someObject } from '../checks/index.js';
import type { Picture } from '../datasets/index.js';
import { InvalidArgumentError } from '../errors.js';
import { drawHeader, outerMargin } from './header.js';
import {
  type ChartOptions,
  chartChecks,
  checkExtent,
  checkLength,
  checkNotEmpty,
} from './options.js';
import { drawPicture } from './picture-element.js';
import { element, type Svg, svgDocument, textElement } from './svg.js';
import { fitText } from './text-width.js';
import { theme } from './theme.js';

/** Options of {@link imageGrid}. */
export interface ImageGridOptions extends ChartOptions {
  /** How many pictures stand in a row. Default: at most 10, in even rows. */
  readonly columns?: number;
  /** A line below each picture. */
  readonly captions?: readonly string[];
  /** CSS colours of the captions, one a picture, say to mark the wrong ones. Default: dark. */
  readonly captionColors?: readonly string[];
  /** Show the pixels of enlarged pictures as squares instead of blurring them. Default true. */
  readonly crisp?: boolean;
}

const imageGridChecks: OptionChecks<ImageGridOptions> = {
  ...chartChecks,
  columns: anything,
  captions: someObject,
  captionColors: someObject,
  crisp: flag,
};

/**
 * Lays pictures out in rows, each with its caption, as one self-contained SVG document. Pictures may
 * differ in size: each is fitted into a cell of the same size.
 *
 * @throws InvalidArgumentError when there are no pictures, captions do not match or an option is out of range.
 */
export function imageGrid(pictures: readonly Picture[], options: ImageGridOptions = {}): Svg {
  checkOptions(options, imageGridChecks);
  const { title, subtitle, width = 640, captions = [], captionColors = [], crisp = true } = options;
  checkNotEmpty(pictures.length, 'picture');
  checkExtent(width, 'width', 64);
  const rowCount = Math.ceil(pictures.length / 10);
  const { columns = Math.ceil(pictures.length / rowCount) } = options;
  if (!Number.isInteger(columns) || columns < 1) {
    throw new InvalidArgumentError(`Expected columns of 1 or more, got ${columns}.`);
  }
  if (captions.length > 0) checkLength(captions.length, pictures.length, 'captions', 'picture');
  if (captionColors.length > 0) {
    checkLength(captionColors.length, pictures.length, 'captionColors', 'picture');
  }

  const header = drawHeader({ title, subtitle, width });
  const gap = 8;
  const side = (width - 2 * outerMargin - (columns - 1) * gap) / columns;
  if (side < 4) {
    throw new InvalidArgumentError(
      `Expected few enough columns to fit a width of ${width}, got ${columns}.`,
    );
  }
  const cellHeight = side * Math.max(...pictures.map(({ width, height }) => height / width));
  const captionHeight = captions.length > 0 ? 18 : 0;
  const rowHeight = cellHeight + captionHeight + gap;
  const top = header.bottom + 6;
  const height = top + Math.ceil(pictures.length / columns) * rowHeight - gap + outerMargin;

  return svgDocument(
    { width, height: Math.ceil(height), label: title ?? 'Pictures' },
    header.svg,
    ...pictures.map((picture, index) => {
      const x = outerMargin + (index % columns) * (side + gap);
      const y = top + Math.floor(index / columns) * rowHeight;
      return drawFitted(picture, x, y, { width: side, height: cellHeight }, crisp);
    }),
    element(
      'g',
      { 'font-size': theme.tickSize, 'text-anchor': 'middle' },
      ...captions.map((caption, index) =>
        textElement(
          fitText(caption, side + gap, theme.tickSize),
          outerMargin + (index % columns) * (side + gap) + side / 2,
          top + Math.floor(index / columns) * rowHeight + cellHeight + 14,
          { fill: captionColors[index] },
        ),
      ),
    ),
  );
}

/** Fits the picture into the middle of its cell. */
function drawFitted(
  picture: Picture,
  x: number,
  y: number,
  cell: { readonly width: number; readonly height: number },
  crisp: boolean,
): string {
  const scale = Math.min(cell.width / picture.width, cell.height / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  return drawPicture(picture, {
    x: x + (cell.width - width) / 2,
    y: y + (cell.height - height) / 2,
    width,
    height,
    crisp: crisp && scale > 1,
  });
}
