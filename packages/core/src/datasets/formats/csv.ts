import { checkOptions, flag, type OptionChecks, oneOf, wholeNumber } from '../../checks/index.js';
import { Work } from '../../work.js';
import { decodeText, formatError, oneLine, type ParseOptions, parseChecks } from './bytes.js';
import { type CsvDelimiter, type CsvRecord, delimiterOf, recordsOf } from './csv-records.js';

/** Options of `parseCsv`. */
export interface ParseCsvOptions extends ParseOptions {
  /**
   * What stands between the fields. Default: what a first line such as `sep=;` names; else the one of
   * tab, `;`, `|` and `,` that divides the first lines alike, or blanks where they divide them into
   * numbers.
   */
  readonly delimiter?: CsvDelimiter;
  /** The first line names the columns. Default `false`. */
  readonly header?: boolean;
}

/** Options of `parseNumberCsv`. */
export interface ParseNumberCsvOptions extends Omit<ParseCsvOptions, 'header'> {
  /** The first line names the columns. Default: it does when it has words above numbers. */
  readonly header?: boolean;
  /**
   * A column of text, or one of whole numbers that is named label, class or target, holds the
   * classes; `false` takes every column for numbers. Default `true`.
   */
  readonly labels?: boolean;
}

const parseCsvChecks: OptionChecks<ParseCsvOptions> = {
  ...parseChecks,
  delimiter: oneOf(',', ';', '\t', ' ', '|'),
  header: flag,
};

/** A CSV file as text. */
export interface CsvTable {
  /** Names of the columns, where the file has them. */
  readonly header?: readonly string[];
  /** The fields, line by line; every line has the same number. */
  readonly rows: readonly (readonly string[])[];
}

/** A class for each of some rows. */
export interface ClassLabels {
  /** The names of the classes in order: of numbers if all are, else of their characters. */
  readonly classNames: readonly string[];
  /** For each row the position of its class in `classNames`. */
  readonly classes: Int32Array;
}

/** A CSV file of numbers. */
export interface NumberTable {
  /** Names of the columns of numbers, where the file has them. */
  readonly header?: readonly string[];
  readonly rows: number;
  /** Columns of numbers. */
  readonly columns: number;
  /** `rows * columns` numbers, line by line. */
  readonly values: Float64Array;
  /** The classes, where a column has them. */
  readonly labels?: ClassLabels;
  /** What was found out and not told, as a sentence for people: "Took the first line as …". */
  readonly note?: string;
}

/**
 * Reads a CSV file (RFC 4180; UTF-8, or UTF-16 with a byte order mark) as text. Lines may end in any
 * way; empty ones are left out, and so is a first line such as `sep=;`, which is for Excel.
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the bytes are no text, a quote is open, there is nothing, or a line
 * has another number of fields than the first.
 */
export async function parseCsv(
  content: Uint8Array | string,
  options: ParseCsvOptions = {},
): Promise<CsvTable> {
  checkOptions(options, parseCsvChecks);
  const { source = 'csv', header = false } = options;
  const work = new Work(options);
  const text = await decodeText(content, source, work);
  const rows: string[][] = [];
  await visitRecords(text, recordsIn(text, { ...options, source }), work, ({ fields }) => {
    rows.push(fields);
  });
  if (rows.length === 0) throw emptyError(source);
  return header ? { header: rows[0]!, rows: rows.slice(1) } : { rows };
}

/**
 * Reads a CSV file of finite decimal numbers. Names of columns, the delimiter, a column of classes
 * and decimal commas are recognized, and `note` says what was.
 *
 * @example
 * ```ts
 * const iris = await parseNumberCsv('length,species\n5.1,setosa\n7,versicolor\n');
 * iris.header; // ['length']
 * iris.values; // Float64Array [5.1, 7]
 * iris.labels; // { classNames: ['setosa', 'versicolor'], classes: Int32Array [0, 1] }
 * iris.note; // Took the first line as column names and the column `species` as labels (2 classes).
 * ```
 * @throws DataFormatError as `parseCsv`, and when a field is no finite decimal number: hexadecimal,
 * `NaN`, `Infinity` and nothing are none. Line and column are named.
 */
export async function parseNumberCsv(
  content: Uint8Array | string,
  options: ParseNumberCsvOptions = {},
): Promise<NumberTable> {
  checkOptions(options, { ...parseCsvChecks, labels: flag });
  const { source = 'csv' } = options;
  const work = new Work(options);
  const text = await decodeText(content, source, work);
  const comments = options.header !== false;
  const records = recordsIn(text, { ...options, source, comments });
  const { delimiter } = records;
  const layout = layoutOf(text, records, options);
  const { columnNames, labelColumn } = layout;
  const read = new NumberReader(source, delimiter);
  const values = new NumberList();
  const classList = new ClassList();
  let rows = 0;
  let skip = layout.skip;
  await visitRecords(text, records, work, ({ fields, line, offset }) => {
    if (skip-- > 0) return;
    rows++;
    for (let column = 0; column < fields.length; column++) {
      if (column === labelColumn) classList.add(classOf(fields[column]!, source, line, offset));
      else values.push(read.number(fields[column]!, line, column, columnNames, offset));
    }
  });
  if (rows === 0) {
    throw formatError(source, 'Expected lines of numbers, got nothing but names of columns.');
  }
  read.requireDecided();
  if (values.length === 0) {
    throw formatError(
      source,
      `Expected columns of numbers, got only text, such as ${quoted(classList.first)}.`,
    );
  }
  const labels = labelColumn === undefined ? undefined : classList.toLabels();
  const note = noteOf(layout, {
    delimiter: options.delimiter === undefined ? delimiter : ',',
    commas: read.mark === ',',
    nameless: options.header !== undefined,
    classes: labels?.classNames.length ?? 0,
  });
  return {
    ...(columnNames ? { header: columnNames.filter((_, column) => column !== labelColumn) } : {}),
    rows,
    columns: values.length / rows,
    values: await values.toArray(work),
    ...(labels ? { labels } : {}),
    ...(note === undefined ? {} : { note }),
  };
}

/** Options of `parseLabelCsv`. */
export interface ParseLabelCsvOptions extends ParseOptions {
  /** How many classes there should be: a line more, and the first names the column. */
  readonly rows?: number | undefined;
}

/**
 * Reads a CSV file with a class a line: one column, or one that is named label, class or target.
 *
 * @throws DataFormatError as `parseCsv`, when there are not as many classes as `rows`, when no column
 * of several is named so, and when a field is empty or `NaN`, `Infinity` or hexadecimal.
 */
export async function parseLabelCsv(
  content: Uint8Array | string,
  options: ParseLabelCsvOptions = {},
): Promise<ClassLabels & Pick<NumberTable, 'note'>> {
  checkOptions(options, { ...parseChecks, rows: wholeNumber(0) });
  const { source = 'csv', rows } = options;
  const work = new Work(options);
  const text = await decodeText(content, source, work);
  const records: CsvRecord[] = [];
  await visitRecords(text, recordsIn(text, { source }), work, (record) => {
    records.push(record);
  });
  if (records.length === 0) throw emptyError(source);
  const first = records[0]!.fields.map((name) => name.trim());
  const named = first.findIndex((name) => labelNames.test(name));
  const hasNames = rows === undefined ? named >= 0 : records.length === rows + 1;
  if (first.length > 1 && !(hasNames && named >= 0)) {
    throw formatError(
      source,
      `Expected one class a line, got ${first.length} columns. Remove the others, or name the one of the classes \`label\` in the first line.`,
    );
  }
  const column = Math.max(named, 0);
  const lines = hasNames ? records.slice(1) : records;
  if (rows !== undefined && lines.length !== rows) {
    throw formatError(source, `Expected ${rows} classes, one for each row, got ${lines.length}.`);
  }
  const classList = new ClassList();
  await work.inParts(lines.length, (begin, end) => {
    for (const { fields, line, offset } of lines.slice(begin, end)) {
      classList.add(classOf(fields[column]!, source, line, offset));
    }
  });
  const note = hasNames
    ? oneLine(`Took the first line as the name of the labels, \`${first[column]!.slice(0, 40)}\`.`)
    : undefined;
  return { ...classList.toLabels(), ...(note === undefined ? {} : { note }) };
}

function classOf(field: string, source: string, line: number, offset: () => number): string {
  const name = field.trim();
  if (noNamePattern.test(name)) {
    throw formatError(
      source,
      `line ${line}: Expected the name or number of a class, got ${name === '' ? 'an empty field' : quoted(name)}. Fill it in, or remove the line.`,
      { offset: offset() },
    );
  }
  return name;
}

/** The classes that texts name. Numbers name the same class however they are written. */
export function classLabelsOf(names: readonly string[]): ClassLabels {
  const classList = new ClassList();
  for (const name of names) classList.add(name);
  return classList.toLabels();
}

/** The classes that texts name, one after another. */
class ClassList {
  /** Each text, by when it first came. */
  readonly #texts = new Map<string, number>();
  readonly #added: number[] = [];

  get first(): string {
    return this.#texts.keys().next().value!;
  }

  add(text: string): void {
    let index = this.#texts.get(text);
    if (index === undefined) {
      index = this.#texts.size;
      this.#texts.set(text, index);
    }
    this.#added.push(index);
  }

  toLabels(): ClassLabels {
    const texts = [...this.#texts.keys()];
    const areNumbers = texts.every(isNumber);
    const canonical = areNumbers
      ? texts.map((text) => String(Number(text.replace(',', '.'))))
      : texts;
    const classNames = [...new Set(canonical)];
    if (areNumbers) classNames.sort((a, b) => Number(a) - Number(b));
    else classNames.sort();
    const positions = new Map(classNames.map((name, position) => [name, position]));
    const classes = Int32Array.from(canonical, (name) => positions.get(name)!);
    return { classNames, classes: Int32Array.from(this.#added, (index) => classes[index]!) };
  }
}

/** A first line that names the delimiter, as Excel reads and writes it. */
const delimiterLine = /^\ufeff?("?)sep=([,;\t| ])\1(?:\r\n?|\n|$)/i;

/** Where the records of a text begin, and what divides their fields. */
function recordsIn(
  text: string,
  options: {
    readonly source: string;
    readonly delimiter?: CsvDelimiter | undefined;
    /** Lines that begin with `# ` come before the records. */
    readonly comments?: boolean;
  },
) {
  const { source, comments = false } = options;
  const named = delimiterLine.exec(text);
  const begin = named?.[0].length ?? 0;
  const start = comments ? commentsEnd(text, begin) : begin;
  const delimiter =
    options.delimiter ??
    (named?.[2] as CsvDelimiter | undefined) ??
    delimiterOf(text, start, isNumber);
  return { source, delimiter, start };
}

/** Visits the records of a text, as a stage of `work`. */
async function visitRecords(
  text: string,
  options: Parameters<typeof recordsOf>[1],
  work: Work,
  visit: (record: CsvRecord) => void,
): Promise<void> {
  work.begin('parsing', text.length);
  for (const record of recordsOf(text, options)) {
    visit(record);
    if (work.isDue) await work.reach(record.end);
  }
  await work.reach(text.length);
}

/** A number whose comma may be a decimal mark, or divide thousands. */
const ambiguousPattern = /^[+-]?[1-9]\d{0,2},\d{3}$/;

const numberPattern = /^[+-]?(?:\d+(?:\.\d*|,\d+)?|[.,]\d+)(?:[eE][+-]?\d+)?$/;

function isNumber(field: string): boolean {
  return numberPattern.test(field.trim());
}

/** What stands in fields that have no value or that programs write numbers in: never a name. */
const noNamePattern = /^(?:|[?-]|[+-]?(?:inf|infinity|∞)|nan|na|n\/a|null|#.*|0[xob][\da-f_]+)$/i;

function isName(field: string): boolean {
  return !isNumber(field) && !noNamePattern.test(field.trim());
}

/** Numbers one after another, of which there may be more than a plain array holds. */
class NumberList {
  readonly #blocks: Float64Array[] = [];
  #last = new Float64Array();
  #filled = 0;

  get length(): number {
    return this.#blocks.length * numbersOfBlock - this.#last.length + this.#filled;
  }

  push(value: number): void {
    if (this.#filled === this.#last.length) {
      this.#last = new Float64Array(numbersOfBlock);
      this.#blocks.push(this.#last);
      this.#filled = 0;
    }
    this.#last[this.#filled++] = value;
  }

  async toArray(work: Work): Promise<Float64Array> {
    const values = new Float64Array(this.length);
    for (const [index, block] of this.#blocks.entries()) {
      const isLast = block === this.#last;
      values.set(isLast ? block.subarray(0, this.#filled) : block, index * numbersOfBlock);
      if (work.isDue) await work.turn();
    }
    return values;
  }
}

const numbersOfBlock = 2 ** 16;

/** Reads numbers that all have the same decimal mark. */
class NumberReader {
  mark: '.' | ',' | undefined;
  /** What is wrong with the first number, if nothing tells whether commas are decimal marks. */
  #doubt: (() => Error) | undefined;
  #isDecided: boolean;

  constructor(
    readonly source: string,
    delimiter: CsvDelimiter,
  ) {
    // Semicolons stand between the fields because commas stand in the numbers.
    this.#isDecided = delimiter === ';';
  }

  /** @throws DataFormatError when commas may have divided thousands, as in "1,250". */
  requireDecided(): void {
    if (this.#doubt && !this.#isDecided) throw this.#doubt();
  }

  number(
    field: string,
    line: number,
    column: number,
    names: readonly string[] | undefined,
    offset: () => number,
  ): number {
    const text = field.trim();
    const fail = (message: string) => {
      const name = names?.[column] ? ` (${names[column]})` : '';
      return formatError(this.source, `line ${line}, column ${column + 1}${name}: ${message}`, {
        offset: offset(),
      });
    };
    if (!numberPattern.test(text)) {
      throw fail(
        text === ''
          ? 'Expected a number, got an empty field. Fill it in, or remove the line.'
          : `Expected a number, got ${quoted(field)}.`,
      );
    }
    const mark = text.includes(',') ? ',' : text.includes('.') ? '.' : undefined;
    if (mark !== undefined && mark !== this.mark) {
      if (this.mark) {
        throw fail(
          `Expected the decimal mark '${this.mark}' of the numbers before, got ${quoted(field)}. Write all numbers alike.`,
        );
      }
      this.mark = mark;
    }
    if (mark === ',' && !this.#isDecided) {
      this.#isDecided = !ambiguousPattern.test(text);
      this.#doubt ??= () =>
        fail(
          `Expected a number, got ${quoted(field)}, whose comma may divide thousands. Write it without, or a decimal mark as a point.`,
        );
    }
    const value = Number(mark === ',' ? text.replace(',', '.') : text);
    if (!Number.isFinite(value)) {
      throw fail(`Expected a number of at most 1.8e308, got ${quoted(field)}.`);
    }
    return value;
  }
}

/** Which lines and columns of a table are what. */
interface Layout {
  readonly columnNames: readonly string[] | undefined;
  /** Records before the numbers. */
  readonly skip: number;
  readonly labelColumn: number | undefined;
}

/** Lines that are looked at to tell what the columns are. */
const sampleSize = 100;

function layoutOf(
  text: string,
  records: { readonly source: string; readonly delimiter: CsvDelimiter; readonly start: number },
  { header, labels = true }: ParseNumberCsvOptions,
): Layout {
  const sample: string[][] = [];
  for (const { fields } of recordsOf(text, records)) {
    if (sample.push(fields) > sampleSize) break;
  }
  const [first, second] = sample;
  if (!first) throw emptyError(records.source);
  const commented = commentedNames(text, records);
  const isHeader = header ?? (commented === undefined && isNames(first, second));
  const names = isHeader ? first : commented?.length === first.length ? commented : undefined;
  const columnNames = names?.map((name) => name.trim());
  const rows = isHeader ? sample.slice(1) : sample;
  const skip = isHeader ? 1 : 0;
  if (!labels) return { columnNames, skip, labelColumn: undefined };

  const textColumns: number[] = [];
  const namedColumns: number[] = [];
  for (let column = 0; column < first.length; column++) {
    const fields = rows.map((row) => row[column]!);
    if (fields.some(isName) && !fields.some(isNumber)) textColumns.push(column);
    else if (
      labelNames.test(columnNames?.[column] ?? '') &&
      fields.every((field) => /^[+-]?\d+$/.test(field.trim()) || isName(field))
    ) {
      namedColumns.push(column);
    }
  }
  const found = [...textColumns, ...namedColumns];
  if (found.length > 1) {
    const list = found.map((column) => describeColumn(column, columnNames)).join(', ');
    throw formatError(
      records.source,
      `Expected one column of labels beside the numbers, got ${list}. Remove those that are not the classes.`,
    );
  }
  return { columnNames, skip, labelColumn: found[0] };
}

const labelNames = /^(?:label|class|target)e?s?$/i;

/** The first line has words above numbers, and else only words, or 0, 1, 2 ... or 1, 2, 3 ... */
function isNames(first: readonly string[], second: readonly string[] | undefined): boolean {
  if (!second) return first.every(isName);
  const numbers = first.filter(isNumber).map(Number);
  const namesNumbers = first.some(
    (field, column) => isName(field) && !isName(second[column] ?? ''),
  );
  return (
    (namesNumbers || (numbers.length > 2 && first.some(isName))) &&
    first.every((field) => isNumber(field) || isName(field) || field.trim() === '') &&
    numbers.length !== 1 &&
    numbers.every((number, i) => number === i + (numbers[0] === 0 ? 0 : 1))
  );
}

/** Where the lines from `begin` on that begin with `# ` end: NumPy writes names of columns so. */
function commentsEnd(text: string, begin: number): number {
  const lines = /\ufeff?(?:# [^\r\n]*(?:\r\n?|\n|$))*/y;
  lines.lastIndex = begin;
  return begin + lines.exec(text)![0].length;
}

function commentedNames(
  text: string,
  { source, delimiter, start }: { source: string; delimiter: CsvDelimiter; start: number },
): readonly string[] | undefined {
  const line = text
    .slice(0, start)
    .trimEnd()
    .split(/[\r\n]/)
    .at(-1)!;
  if (!line.startsWith('# ')) return undefined;
  const [first] = recordsOf(line.slice(2), { source, delimiter });
  return first?.fields ?? [];
}

function noteOf(
  { columnNames, labelColumn }: Layout,
  found: { delimiter: CsvDelimiter; commas: boolean; nameless: boolean; classes: number },
): string | undefined {
  const took: string[] = [];
  if (found.delimiter !== ',') took.push(`${delimiterNames[found.delimiter]} as the delimiter`);
  if (columnNames && !found.nameless) took.push('the first line as column names');
  if (labelColumn !== undefined) {
    const classes = `${found.classes} class${found.classes === 1 ? '' : 'es'}`;
    took.push(`${describeColumn(labelColumn, columnNames)} as labels (${classes})`);
  }
  if (found.commas) took.push('commas as decimal marks');
  if (took.length === 0) return undefined;
  const last = took.pop()!;
  return oneLine(`Took ${took.length > 0 ? `${took.join(', ')} and ${last}` : last}.`);
}

const delimiterNames: Readonly<Record<CsvDelimiter, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'bars',
  ' ': 'blanks',
};

function describeColumn(column: number, names: readonly string[] | undefined): string {
  const name = names?.[column];
  return name ? `the column \`${name.slice(0, 40)}\`` : `column ${column + 1}`;
}

function quoted(field: string): string {
  return JSON.stringify(field.length > 40 ? `${field.slice(0, 40)}…` : field);
}

function emptyError(source: string) {
  return formatError(source, 'Expected lines of fields, got an empty file.', { offset: 0 });
}
