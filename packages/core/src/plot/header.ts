import { element, textElement } from './svg.js';
import { fitText, textWidth } from './text-width.js';
import { theme } from './theme.js';

/** One entry of a legend. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly mark: 'line' | 'dashed' | 'dot' | 'box';
}

/** The space round every chart. */
export const outerMargin = 16;

const rowHeight = 20;
const markWidth = 22;
const entryGap = 18;

/** Title, subtitle and legend, one below the other; `bottom` is where the chart itself may begin. */
export function drawHeader({
  title,
  subtitle,
  width,
  legend = [],
}: {
  readonly title?: string | undefined;
  readonly subtitle?: string | undefined;
  readonly width: number;
  readonly legend?: readonly LegendEntry[];
}): { svg: string; bottom: number } {
  const room = width - 2 * outerMargin;
  const parts: string[] = [];
  let bottom = outerMargin - 4;
  if (title) {
    bottom += 20;
    const attributes = { 'font-size': theme.titleSize, 'font-weight': 600 };
    const fitted = fitText(title, room / 1.05, theme.titleSize);
    parts.push(textElement(fitted, outerMargin, bottom - 4, attributes));
  }
  if (subtitle) {
    bottom += 19;
    const fitted = fitText(subtitle, room, theme.textSize);
    parts.push(textElement(fitted, outerMargin, bottom - 4, { fill: theme.muted }));
  }
  if (legend.length > 0) {
    bottom += 5;
    let x = outerMargin;
    let baseline = bottom + 14;
    for (const { name, color, mark } of legend) {
      const label = fitText(name, room - markWidth, theme.textSize);
      const entryWidth = markWidth + textWidth(label, theme.textSize);
      if (x > outerMargin && x + entryWidth > width - outerMargin) {
        x = outerMargin;
        baseline += rowHeight;
      }
      parts.push(drawMark(mark, color, x, baseline - 4));
      parts.push(textElement(label, x + markWidth, baseline));
      x += entryWidth + entryGap;
    }
    bottom = baseline + 6;
  }
  return { svg: parts.join(''), bottom: bottom + 4 };
}

function drawMark(mark: LegendEntry['mark'], color: string, x: number, y: number): string {
  if (mark === 'dot') return element('circle', { cx: x + 10, cy: y, r: 5, fill: color });
  if (mark === 'box') {
    return element('rect', { x: x + 3, y: y - 6, width: 12, height: 12, rx: 2, fill: color });
  }
  return element('path', {
    d: `M${x},${y}h16`,
    stroke: color,
    'stroke-width': 2.5,
    'stroke-linecap': mark === 'dashed' ? undefined : 'round',
    'stroke-dasharray': mark === 'dashed' ? '5 4' : undefined,
  });
}
