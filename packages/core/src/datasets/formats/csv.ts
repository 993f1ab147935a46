import Papa from 'papaparse';
import { formatError, type ParseOptions } from './bytes.js';

/** Options of `parseCsv` and `parseNumberCsv`. */
export interface ParseCsvOptions extends ParseOptions {
  /** What stands between the fields. Default `','`. */
  readonly delimiter?: ',' | ';' | '\t' | ' ' | '|';
  /** The first line names the columns. Default `false`. */
  readonly header?: boolean;
}

/** A CSV file as text. */
export interface CsvTable {
  /** Names of the columns, where the file has them. */
  readonly header?: readonly string[];
  /** The fields, line by line; every line has the same number. */
  readonly rows: readonly (readonly string[])[];
}

/** A CSV file of numbers. */
export interface NumberTable {
  /** Names of the columns, where the file has them. */
  readonly header?: readonly string[];
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` numbers, line by line. */
  readonly values: Float64Array;
}

/**
 * Reads a CSV file (RFC 4180, UTF-8) as text. Empty lines are left out.
 *
 * @throws DataFormatError when the text is not UTF-8, a quote is open, there is nothing, or a line has
 * another number of fields than the first.
 */
export function parseCsv(content: Uint8Array | string, options: ParseCsvOptions = {}): CsvTable {
  const { header = false } = options;
  const rows: string[][] = [];
  forEachRow(content, options, (fields) => rows.push(fields));
  return header ? { header: rows[0]!, rows: rows.slice(1) } : { rows };
}

/**
 * Reads a CSV file of finite numbers.
 *
 * @throws DataFormatError as `parseCsv`, and when a field is no finite number; line and column are named.
 */
export function parseNumberCsv(
  content: Uint8Array | string,
  options: ParseCsvOptions = {},
): NumberTable {
  const { source = 'csv' } = options;
  const values: number[] = [];
  let header: string[] | undefined;
  let rows = 0;
  let columns = 0;
  forEachRow(content, options, (fields, line, offset) => {
    columns = fields.length;
    if (options.header && !header) {
      header = fields;
      return;
    }
    rows++;
    for (let column = 0; column < fields.length; column++) {
      const field = fields[column]!;
      const value = field.trim() === '' ? Number.NaN : Number(field);
      if (!Number.isFinite(value)) {
        throw formatError(
          source,
          `line ${line}, column ${column + 1}: a number was expected, but ${JSON.stringify(field.slice(0, 40))} came${line === 1 && !options.header ? '; if the first line names the columns, say header: true' : ''}.`,
          { offset: offset() },
        );
      }
      values.push(value);
    }
  });
  const table = { rows, columns, values: Float64Array.from(values) };
  return header ? { header, ...table } : table;
}

function forEachRow(
  content: Uint8Array | string,
  options: ParseCsvOptions,
  visit: (fields: string[], line: number, offset: () => number) => void,
): void {
  const { source = 'csv', delimiter = ',' } = options;
  const text = typeof content === 'string' ? content : decodeUtf8(content, source);
  let line = 1;
  let start = 0;
  let columns: number | undefined;
  const offset = () => new TextEncoder().encode(text.slice(0, start)).length;
  let failure: unknown;
  Papa.parse<string[]>(text, {
    delimiter,
    step: ({ data, errors, meta }, parser) => {
      try {
        const quote = errors.find((error) => error.type === 'Quotes');
        if (quote) {
          throw formatError(source, `line ${line}: ${quote.message}.`, { offset: offset() });
        }
        if (data.length > 1 || data[0] !== '') {
          columns ??= data.length;
          if (data.length !== columns) {
            throw formatError(
              source,
              `line ${line} has ${data.length} field${data.length === 1 ? '' : 's'}, but the first has ${columns}; every line must have the same number.`,
              { offset: offset() },
            );
          }
          visit(data, line, offset);
        }
      } catch (error) {
        failure = error;
        parser.abort();
      }
      line += text.slice(start, meta.cursor).split('\n').length - 1;
      start = meta.cursor;
    },
  });
  if (failure) throw failure;
  if (columns === undefined) {
    throw formatError(source, `lines of fields were expected, but it is empty.`, { offset: 0 });
  }
}

function decodeUtf8(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw formatError(source, `a text file (UTF-8) was expected, but its bytes are none.`, {
      cause,
    });
  }
}
