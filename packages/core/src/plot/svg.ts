import { theme } from './theme.js';

declare const drawn: unique symbol;

/** A chart as an SVG document, self-contained, as the functions of the plot room draw it. */
export type Svg = string & { readonly [drawn]: true };

/** All that charts are drawn with: nothing that acts, loads or styles. */
const elementNames = ['svg', 'title', 'g', 'path', 'rect', 'circle', 'text', 'image'] as const;
const attributeNames = [
  'xmlns',
  'role',
  'x',
  'y',
  'width',
  'height',
  'viewBox',
  'preserveAspectRatio',
  'overflow',
  'cx',
  'cy',
  'r',
  'rx',
  'd',
  'href',
  'transform',
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-linecap',
  'stroke-linejoin',
  'stroke-dasharray',
  'paint-order',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
] as const;

type ElementName = (typeof elementNames)[number];

/** Attributes of an element; those that are undefined are left out. */
export type Attributes = {
  readonly [Name in (typeof attributeNames)[number]]?: string | number | undefined;
};

/** An element with the given attributes and children, which are SVG already. */
export function element(
  name: ElementName,
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
): Svg {
  return element(
    'svg',
    {
      xmlns: namespace,
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
  ) as Svg;
}

const namespace = 'http://www.w3.org/2000/svg';

/**
 * Whether a text is what {@link svgDocument} could have written, to the letter: one document of the
 * elements and attributes above, in which every other text is escaped. Types hold the callers of
 * TypeScript to that; this holds the others.
 */
export function isSvg(text: string): text is Svg {
  const open: string[] = [];
  let end = 0;
  for (const { 0: tag, index, groups } of text.matchAll(tagPattern)) {
    const { closes, name = '', attributes = '', empty } = groups!;
    const isRoot = index === 0;
    if (text.slice(end, index).search(/[<>]/) >= 0 || isRoot !== (open.length === 0)) return false;
    if (closes !== undefined) {
      if (open.pop() !== name) return false;
    } else {
      const known = (elementNames as readonly string[]).includes(name);
      if (!known || (isRoot && name !== 'svg') || !areOurs(attributes)) return false;
      if (empty === undefined) open.push(name);
    }
    end = index + tag.length;
  }
  return end > 0 && end === text.length && open.length === 0;
}

const tagPattern =
  /<(?<closes>\/)?(?<name>[a-z]+)(?<attributes>(?: [a-zA-Z-]+="[^"<>]*")*)(?<empty>\/)?>/g;

function areOurs(attributes: string): boolean {
  return [...attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)].every(([, name = '', value = '']) => {
    if (name === 'xmlns') return value === namespace;
    if (name === 'href') return /^data:image\/png;base64,[A-Za-z0-9+/=]*$/.test(value);
    return (attributeNames as readonly string[]).includes(name) && !/url\(/i.test(value);
  });
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
