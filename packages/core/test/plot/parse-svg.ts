/** An element of a parsed document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const token = /<\/([\w:-]+)>|<([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

/** A strict parser of the XML that charts are made of: throws at anything not well-formed. */
export function parseSvg(svg: string): XmlElement {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids these characters
  const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.exec(svg);
  if (forbidden || !svg.isWellFormed()) throw new Error('a character that XML cannot hold');
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  token.lastIndex = 0;
  while (token.lastIndex < svg.length) {
    const at = token.lastIndex;
    const match = token.exec(svg);
    if (!match) throw new Error(`not well-formed at ${at}: ${svg.slice(at, at + 60)}`);
    const [, closing, opening, attributes, selfClosing, text] = match;
    const parent = open.at(-1)!;
    if (closing !== undefined) {
      if (parent.name !== closing) throw new Error(`</${closing}> closes <${parent.name}>`);
      open.pop();
    } else if (opening !== undefined) {
      const child = {
        name: opening,
        attributes: parseAttributes(attributes!),
        children: [],
        text: '',
      };
      parent.children.push(child);
      if (!selfClosing) open.push(child);
    } else {
      parent.text += unescapeXml(text!);
    }
  }
  if (open.length !== 1 || root.children.length !== 1 || root.text.trim() !== '') {
    throw new Error('not one closed root element');
  }
  return root.children[0]!;
}

/** All elements of that name, in the order of the document. */
export function findAll(element: XmlElement, name: string): XmlElement[] {
  const below = element.children.flatMap((child) => findAll(child, name));
  return element.name === name ? [element, ...below] : below;
}

/** The texts of the document, in order. */
export function textsOf(element: XmlElement): string[] {
  return findAll(element, 'text').map(({ text }) => text);
}

function parseAttributes(written: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, value] of written.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (Object.hasOwn(attributes, name!)) throw new Error(`attribute ${name} twice`);
    attributes[name!] = unescapeXml(value!);
  }
  return attributes;
}

function unescapeXml(text: string): string {
  return text.replace(/&(\w*);?/g, (reference, name: string) => {
    const character = entities[name];
    if (character === undefined || !reference.endsWith(';')) throw new Error(`bare ${reference}`);
    return character;
  });
}
