import { formatError } from './bytes.js';

/** What may stand between the fields of a CSV file; a blank stands for any number of them. */
export type CsvDelimiter = ',' | ';' | '\t' | ' ' | '|';

/** A record of a CSV file. */
export interface CsvRecord {
  readonly fields: string[];
  /** The line in which it begins, from 1. */
  readonly line: number;
  /** The position after it in the text. */
  readonly end: number;
  /** The byte at which it begins, of a file in UTF-8. */
  readonly offset: () => number;
}

/** More than the lines of any table, and fewer fields than end an engine for want of memory. */
const maxLineLength = 2 ** 24;
const tooLong = `Expected at most ${maxLineLength} characters. Is it a table, and are its quotes closed?`;

/**
 * The records of a text, which may end in `\n`, `\r\n` or `\r`, each as it likes. Records of one
 * blank field are left out, unless it stands in quotes.
 *
 * @throws DataFormatError when a quote is not closed, text follows one that is, or a record has
 * another number of fields than the first.
 */
export function* recordsOf(
  text: string,
  options: {
    readonly source: string;
    readonly delimiter: CsvDelimiter;
    /** Where the first record begins. Default 0. */
    readonly start?: number;
  },
): Generator<CsvRecord, void> {
  const { source, delimiter, start = 0 } = options;
  const lineError = (message: string, line: number, offset: () => number) =>
    formatError(source, `line ${line}: ${message}`, { offset: offset() });
  const ends = new LineEnds(text);
  let at = start === 0 && text.startsWith('\ufeff') ? 1 : start;
  let line = 1 + countLines(text.slice(0, start));
  let columns: number | undefined;
  while (at < text.length) {
    const begin = at;
    const end = ends.next(at);
    if (end === begin) {
      at = afterLineEnd(text, end);
      line++;
      continue;
    }
    const offset = () => new TextEncoder().encode(text.slice(0, begin)).length;
    const simple = text.slice(at, end);
    let fields: string[];
    let lines = 1;
    if (simple.length > maxLineLength) throw lineError(tooLong, line, offset);
    if (!simple.includes('"')) {
      fields = splitLine(simple, delimiter);
      at = afterLineEnd(text, end);
    } else {
      const quoted = readQuoted(text, at, delimiter);
      if (typeof quoted === 'string') throw lineError(quoted, line, offset);
      fields = quoted.fields;
      lines = countLines(text.slice(at, quoted.end)) + 1;
      at = afterLineEnd(text, quoted.end);
    }
    if (fields.length > 0) {
      columns ??= fields.length;
      if (fields.length !== columns) {
        throw formatError(
          source,
          `line ${line} has ${fields.length} field${fields.length === 1 ? '' : 's'}, but the first has ${columns}. Every line must have the same number.`,
          { offset: offset() },
        );
      }
      yield { fields, line, end: Math.min(at, text.length), offset };
    }
    line += lines;
  }
}

/** The delimiter that the first records have alike, from `start` on. */
export function delimiterOf(
  whole: string,
  start: number,
  isNumber: (field: string) => boolean,
): CsvDelimiter {
  const text = headOf(whole, start);
  // Commas come last: they may be decimal marks.
  const candidates: readonly CsvDelimiter[] = ['\t', ';', '|', ','];
  const alike = candidates.find((delimiter) => sample(text, start, delimiter) !== undefined);
  if (alike) return alike;
  const [first, ...later] = sample(text, start, ' ') ?? [];
  if (first && (later.length > 0 ? later : [first]).every((fields) => fields.some(isNumber))) {
    return ' ';
  }
  const line = text.slice(start, Math.min(new LineEnds(text).next(start), start + 2 ** 16));
  const count = (delimiter: CsvDelimiter) => line.split(delimiter).length;
  return candidates.reduce((a, b) => (count(b) >= count(a) ? b : a));
}

const sampledRecords = 20;

/** The first MiB of lines, or all of a text whose first line is longer. */
function headOf(text: string, start: number): string {
  const limit = start + 2 ** 20;
  if (text.length <= limit) return text;
  const end = Math.max(text.lastIndexOf('\n', limit), text.lastIndexOf('\r', limit));
  return end > start ? text.slice(0, end) : text;
}

/** The first records, where they have the same number of fields, more than one. */
function sample(text: string, start: number, delimiter: CsvDelimiter): string[][] | undefined {
  const records: string[][] = [];
  try {
    for (const { fields } of recordsOf(text, { source: '', delimiter, start })) {
      if (records.push(fields) === sampledRecords) break;
    }
  } catch {
    return undefined;
  }
  return records.length > 0 && records[0]!.length > 1 ? records : undefined;
}

/** The fields of a line without quotes; none of a blank line. */
function splitLine(line: string, delimiter: CsvDelimiter): string[] {
  if (delimiter === ' ') {
    const trimmed = line.trim();
    return trimmed === '' ? [] : trimmed.split(/ +/);
  }
  const fields = line.split(delimiter);
  return fields.length === 1 && line.trim() === '' ? [] : fields;
}

/** A record in which there are quotes, which may hold ends of lines, or what is wrong with it. */
function readQuoted(
  text: string,
  start: number,
  delimiter: CsvDelimiter,
): { readonly fields: string[]; readonly end: number } | string {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    const from = skipBlanks(text, at, delimiter);
    if (text[from] === '"') {
      const close = closingQuote(text, from);
      if (close < 0)
        return 'Expected a closing quote, got the end of the file. Close the quoted field.';
      fields.push(text.slice(from + 1, close).replaceAll('""', '"'));
      at = skipBlanks(text, close + 1, delimiter);
      const divided = at > close + 1 && delimiter === ' ';
      if (at < text.length && !divided && text[at] !== delimiter && !isLineEnd(text[at]!)) {
        return `Expected a delimiter after a closing quote, got ${JSON.stringify(text[at])}. Write a quote within quotes twice.`;
      }
    } else {
      const fieldStart = delimiter === ' ' ? from : at;
      at = fieldStart;
      while (at < text.length && text[at] !== delimiter && !isLineEnd(text[at]!)) at++;
      if (delimiter !== ' ' || at > fieldStart) fields.push(text.slice(fieldStart, at));
    }
    if (delimiter === ' ') at = skipBlanks(text, at, delimiter);
    if (at - start > maxLineLength) return tooLong;
    if (at >= text.length || isLineEnd(text[at]!)) return { fields, end: at };
    if (delimiter !== ' ') at++;
  }
}

function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function skipBlanks(text: string, start: number, delimiter: CsvDelimiter): number {
  let at = start;
  while (text[at] === ' ' || (text[at] === '\t' && delimiter !== '\t')) at++;
  return at;
}

const isLineEnd = (character: string) => character === '\n' || character === '\r';

function afterLineEnd(text: string, end: number): number {
  return end + (text[end] === '\r' && text[end + 1] === '\n' ? 2 : 1);
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = 0; at < text.length; at = afterLineEnd(text, at)) {
    while (at < text.length && !isLineEnd(text[at]!)) at++;
    if (at < text.length) lines++;
  }
  return lines;
}

/** The ends of lines, found in one pass over the text. */
class LineEnds {
  #lineFeed = -1;
  #return = -1;

  constructor(readonly text: string) {}

  /** The end of the line in which `at` is; it must not go back. */
  next(at: number): number {
    if (this.#lineFeed < at) this.#lineFeed = this.#find('\n', at);
    if (this.#return < at) this.#return = this.#find('\r', at);
    return Math.min(this.#lineFeed, this.#return, this.text.length);
  }

  #find(character: string, at: number): number {
    const found = this.text.indexOf(character, at);
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  }
}
