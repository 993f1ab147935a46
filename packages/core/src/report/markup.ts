import { InvalidArgumentError } from '../errors.js';

/** Text as HTML content or attribute value. Control characters become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replace(unwritable, '\ufffd')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to keep out
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]|\p{Surrogate}/gu;

/**
 * An SVG document as part of a page: without its XML header, and its ids made unique by a prefix.
 *
 * @throws InvalidArgumentError when it is no single SVG element, or holds something that could act
 *   or load: scripts, event handlers, foreign objects, references outside of the document.
 */
export function inlineSvg(svg: string, idPrefix: string): string {
  const text = svg.replace(/^\ufeff?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*/, '').trimEnd();
  if (!isOneElement(text)) {
    throw new InvalidArgumentError(
      `Expected a figure's picture to be one SVG element (<svg ...> ... </svg>), got ${JSON.stringify(svg.slice(0, 40))}.`,
    );
  }
  const danger = (text.match(tag) ?? []).find(canAct);
  if (danger !== undefined) {
    throw new InvalidArgumentError(
      `Expected a drawing without scripts and outside references, got ${JSON.stringify(danger.slice(0, 60))} in an SVG document. Remove it, or give the picture as PNG.`,
    );
  }
  return text.replace(tag, (one) =>
    one
      .replace(/(\sid=")/g, `$1${idPrefix}`)
      .replace(/(\s(?:xlink:)?href=")#/g, `$1#${idPrefix}`)
      .replace(/url\((['"]?)#/g, `url($1#${idPrefix}`)
      .replace(
        /(\saria-(?:labelledby|describedby)=")([^"]*)"/g,
        (_, start: string, ids: string) => {
          const unique = ids.split(/\s+/).map((id) => idPrefix + id);
          return `${start}${unique.join(' ')}"`;
        },
      ),
  );
}

/** A tag with its attributes; `>` may stand in quotes. */
const tag = /<(?:"[^"]*"|'[^']*'|[^'">])*>/g;

function isOneElement(text: string): boolean {
  if (!/^<svg[\s/>]/.test(text) || !text.endsWith('>')) return false;
  let depth = 0;
  let ends = 0;
  for (const { 0: one, index } of text.matchAll(tag)) {
    if (/^<\/svg\s*>$/.test(one)) depth--;
    else if (/^<svg[\s/>]/.test(one) && !one.endsWith('/>')) depth++;
    if (depth === 0) {
      ends++;
      if (index + one.length !== text.length) return false;
    }
  }
  return ends === 1;
}

function canAct(one: string): boolean {
  const bare = one.replace(/"[^"]*"|'[^']*'/g, '""');
  return (
    /^<(?!\/)(?:[\w-]+:)?(?:script|style|foreignObject|iframe|embed|object|set|animate\w*|[!?])/i.test(
      one,
    ) ||
    /[\s/"]on\w+\s*=/i.test(bare) ||
    /(?:href|src)\s*=\s*(?!["'](?:#|data:image\/(?:png|jpeg|webp)[;,]))/i.test(one) ||
    /url\(\s*(?!["']?#)|&#?\w+;\s*script|javascript:/i.test(one)
  );
}

/** A picture as a `data:` address. */
export function dataUrl(type: string, bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return `data:${type};base64,${btoa(binary)}`;
}
