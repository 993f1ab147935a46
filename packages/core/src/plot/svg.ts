import { theme } from './theme.js';

/** Attributes of an element; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with the given attributes and children, which are SVG already. */
export function element(
  name: string,
  attributes: Attributes,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(value!)}"`,
    )
    .join('');
  const content = children.join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** A line of text; its baseline is at y. */
export function textElement(
  content: string,
  x: number,
  y: number,
  attributes: Attributes = {},
): string {
  return element('text', { x, y, ...attributes }, escapeXml(content));
}

/** A whole document: white ground, one font, and a name for those who cannot see it. */
export function svgDocument(
  { width, height, label }: { width: number; height: number; label: string },
  ...children: readonly string[]
): string {
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${round(width)} ${round(height)}`,
      role: 'img',
      'font-family': theme.fontFamily,
      'font-size': theme.textSize,
      fill: theme.ink,
    },
    element('title', {}, escapeXml(label)),
    element('rect', { width, height, fill: theme.background }),
    ...children,
  );
}

/** At most two decimals: a hundredth of a pixel. */
export function round(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return Object.is(rounded, -0) ? '0' : String(rounded);
}

/** Text as XML content or attribute value. What XML 1.0 cannot hold becomes U+FFFD. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(unwritable, '\ufffd')
    .replace(/[&<>"]/g, (character) => entities[character]!);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to keep out
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
