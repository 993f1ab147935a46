import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CsvDelimiter,
  classLabelsOf,
  parseCsv,
  parseLabelCsv,
  parseNumberCsv,
} from '../../src/datasets/index.js';
import { DataFormatError } from '../../src/errors.js';
import { fixture, fixturePath } from './fixtures.js';

/** What fixtures/make-csv-fixtures.py wrote. */
const expected: Record<
  string,
  { header: string[] | null; values: number[]; labels: string[] | null }
> = JSON.parse(readFileSync(fixturePath('csv/expected.json'), 'utf8'));

const refuse = async (content: string, message: string | RegExp, options = {}) => {
  const error = await parseNumberCsv(content, options).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DataFormatError);
  expect(() => {
    throw error;
  }).toThrow(message);
};

describe('a table that Python or NumPy wrote', () => {
  it.each(Object.entries(expected))('%s is read as it was meant', async (name, table) => {
    const read = await parseNumberCsv(fixture(`csv/${name}`));
    expect([...read.values]).toEqual(table.values);
    expect([read.rows, read.columns]).toEqual([4, 2]);
    expect(read.header ?? null).toEqual(table.header);
    const { labels } = read;
    expect(labels ? Array.from(labels.classes, (one) => labels.classNames[one]) : null).toEqual(
      table.labels,
    );
  });
});

describe('a first line that names the delimiter', () => {
  const excel = 'sep=;\r\nlength;width;species\r\n5,1;3,5;setosa\r\n7;3,2;versicolor\r\n';

  it.each<[string, string]>([
    ['as it is', excel],
    ['after a byte order mark', `\ufeff${excel}`],
    ['in quotes', excel.replace('sep=;', '"sep=;"')],
    ['in capitals', excel.replace('sep', 'SEP')],
    ['before names in a comment', excel.replace('length', '# length')],
  ])('%s is no header of numbers', async (_, text) => {
    expect(await parseNumberCsv(text)).toEqual({
      header: ['length', 'width'],
      rows: 2,
      columns: 2,
      values: Float64Array.of(5.1, 3.5, 7, 3.2),
      labels: { classNames: ['setosa', 'versicolor'], classes: Int32Array.of(0, 1) },
      note: 'Took semicolons as the delimiter, the first line as column names, the column `species` as labels (2 classes) and commas as decimal marks.',
    });
  });

  it('in UTF-16 is none either', async () => {
    const bytes = new Uint8Array(Buffer.from(`\ufeff${excel}`, 'utf16le'));
    expect((await parseNumberCsv(bytes)).header).toEqual(['length', 'width']);
  });

  it.each<CsvDelimiter>([',', ';', '\t', '|', ' '])(
    'names %j, against what the lines look like',
    async (delimiter) => {
      const other = delimiter === ';' ? '|' : ';';
      const rows = [
        [`a${other}b`, 'c'],
        [`d${other}e`, 'f'],
      ];
      const text =
        ['sep=', ''].join(delimiter) + rows.map((row) => `\n${row.join(delimiter)}`).join('');
      expect(await parseCsv(text)).toEqual({ rows });
      expect(await parseCsv(text, { header: true })).toEqual({ header: rows[0], rows: [rows[1]] });
      expect(await parseCsv(text, { delimiter: other })).toMatchObject({
        rows: [['a', `b${delimiter}c`], expect.anything()],
      });
    },
  );

  it('is no class, and no row of a table without names', async () => {
    const { classNames, classes } = await parseLabelCsv('sep=,\ncat\ndog\ncat\n', { rows: 3 });
    expect([classNames, [...classes]]).toEqual([
      ['cat', 'dog'],
      [0, 1, 0],
    ]);
    const table = await parseNumberCsv('sep=;\n1,5\n2,5\n', { header: false });
    expect([...table.values]).toEqual([1.5, 2.5]);
  });

  it('counts among the lines that errors name, and is nothing alone', async () => {
    await refuse('sep=;\n1;2\n3;x4y5\n', 'line 3, column 2', { labels: false });
    await refuse('sep=;\r\n', 'got an empty file');
  });

  it('is a name where it names nothing', async () => {
    expect((await parseCsv('sep=\na\n')).rows).toEqual([['sep='], ['a']]);
    expect((await parseCsv('a\nsep=;\n', { delimiter: ',' })).rows).toEqual([['a'], ['sep=;']]);
  });
});

describe('parseNumberCsv says what it took for what', () => {
  it.each<[string, string | undefined]>([
    ['1,2\n3,4', undefined],
    ['x,y\n1,2', 'Took the first line as column names.'],
    ['1;2\n3;4', 'Took semicolons as the delimiter.'],
    ['1\t2\n3\t4', 'Took tabs as the delimiter.'],
    ['1 2\n3 4', 'Took blanks as the delimiter.'],
    ['1,a\n2,b\n3,a', 'Took column 2 as labels (2 classes).'],
    [
      'x,label\n1,3\n2,3',
      'Took the first line as column names and the column `label` as labels (1 class).',
    ],
    [
      'x;species\n1,5;setosa\n2;other',
      'Took semicolons as the delimiter, the first line as column names, the column `species` as labels (2 classes) and commas as decimal marks.',
    ],
    ['1,\u001b[31mred\n2,b', 'Took column 2 as labels (2 classes).'],
    [
      'x,\u001b[31mclass\n2,b',
      'Took the first line as column names and the column ` [31mclass` as labels (1 class).',
    ],
  ])('%j', async (text, note) => {
    expect((await parseNumberCsv(text)).note).toBe(note);
  });

  it('and refuses to be told what it does not know', async () => {
    await expect(parseNumberCsv('1,2', { separator: ';' } as object)).rejects.toThrow(
      'Unknown option `separator`. The options are `signal`',
    );
    await expect(parseCsv('1', { delimiter: ':' } as object)).rejects.toThrow(
      /Expected `delimiter`/,
    );
  });

  it('but not what it was told', async () => {
    expect(
      (await parseNumberCsv('x;y\n1;2', { header: true, delimiter: ';' })).note,
    ).toBeUndefined();
  });
});

describe('parseNumberCsv tells names, labels and numbers apart', () => {
  it('takes names that are numbers from 0 or 1 on, as data frames have them', async () => {
    const { header, labels } = await parseNumberCsv('label,0,1,2\n7,0.1,0.2,0.3\n8,1,1,1');
    expect(header).toEqual(['0', '1', '2']);
    expect(labels!.classNames).toEqual(['7', '8']);
    expect((await parseNumberCsv('0,1,2,kind\n5,1,1,a')).header).toEqual(['0', '1', '2']);
    expect((await parseNumberCsv(',a\n0,1.5\n1,2.5')).header).toEqual(['', 'a']);
  });

  it('takes a mistyped first line for no names', async () => {
    await refuse('1,2x\n3,4', /line 1, column 2: Expected a number, got "2x"/);
    await refuse('17,x\n3,4', /line 1, column 2: Expected a number/);
  });

  it('takes a first line for data when it is told', async () => {
    await refuse('x,y\n1,2', /line 1, column 1: Expected a number, got "x"/, { header: false });
    expect(await parseNumberCsv('1,2\n3,4', { header: true })).toMatchObject({
      header: ['1', '2'],
      rows: 1,
    });
  });

  it('takes fractions in a column named target for numbers', async () => {
    expect((await parseNumberCsv('x,target\n1,0.5\n2,1')).columns).toBe(2);
    expect((await parseNumberCsv('x,target\n1,0\n2,1')).columns).toBe(1);
    expect((await parseNumberCsv('x,target\n1,0\n2,1', { labels: false })).columns).toBe(2);
  });

  it('refuses text in more than one column, naming them', async () => {
    await refuse('name,x,kind\nana,1,a\nben,2,b', /got the column `name`, the column `kind`/);
  });

  it('refuses a table without numbers', async () => {
    await refuse('a,b', 'got nothing but names of columns');
    await refuse('label\na\nb', 'got only text, such as');
  });

  it.each([
    '0x10',
    '0b1',
    '0o7',
    'Infinity',
    '-inf',
    'NaN',
    'nan',
    'NA',
    'n/a',
    'null',
    '',
    ' ',
    '-',
    '?',
    '#N/A',
    '1_000',
    '1,000,000',
    '1.2.3',
    '1e999',
    '--1',
    '１',
  ])('takes %j for neither a number nor a name, wherever it is', async (field) => {
    const written = `"${field}"`;
    await refuse(`1,2\n3,${written}`, /line 2, column 2: Expected/);
    if (!['1_000', '1,000,000', '1.2.3', '1e999', '--1', '１'].includes(field)) {
      await refuse(`${written},2\n3,4`, /line 1, column 1: Expected/);
      await refuse(`1,${written}\n3,${written}`, /line 1, column 2: Expected/);
    }
  });

  it('refuses two decimal marks', async () => {
    await refuse('1,5;2\n1.5;2', /Expected the decimal mark ',' of the numbers before, got "1.5"/);
  });

  it.each([
    ['"1,250",2\n"2,500",3', 'line 1, column 1'],
    ['x\ty\n-3\t8\n1\t-12,000', 'line 3, column 2 (y)'],
  ])('refuses commas that may divide thousands: %j', async (text, where) => {
    await refuse(text, `${where}: Expected a number, got`);
    await refuse(text, /whose comma may divide thousands/);
  });

  it.each([
    ['"1,250",2\n"2,5",3', [1.25, 2, 2.5, 3]],
    ['0,125\t1,250', [0.125, 1.25]],
    ['1,250;2\n2,500;3', [1.25, 2, 2.5, 3]],
  ])('takes commas for decimal marks where nothing else fits: %j', async (text, values) => {
    expect([...(await parseNumberCsv(text)).values]).toEqual(values);
  });

  it('names the column that is wrong', async () => {
    await refuse(
      'x,width\n1,2\n3,',
      'line 3, column 2 (width): Expected a number, got an empty field.',
    );
  });
});

describe('lines that no table has', () => {
  // Splitting hundreds of millions of commas, or a list of as many fields, ends Node itself.
  it.each([
    ['commas', ','.repeat(2 ** 24 + 1)],
    ['line ends in quotes', `1,"${'\n'.repeat(2 ** 24)}"`],
    ['quoted fields', '"",'.repeat(2 ** 23)],
    ['blanks', `1${' '.repeat(2 ** 24)}`],
  ])('are refused: %s', async (_, text) => {
    await refuse(text, 'line 1: Expected at most 16777216 characters');
  });
});

describe('parseLabelCsv', () => {
  it('reads a class a line, with a name above or not', async () => {
    expect((await parseLabelCsv('b\na\nb')).classNames).toEqual(['a', 'b']);
    expect([...(await parseLabelCsv('b\ra\r\nb\n', { rows: 3 })).classes]).toEqual([1, 0, 1]);
    const named = await parseLabelCsv('kind\nb\na', { rows: 2 });
    expect(named).toMatchObject({
      classNames: ['a', 'b'],
      note: 'Took the first line as the name of the labels, `kind`.',
    });
    expect((await parseLabelCsv('id,label\n1,x\n2,y')).classNames).toEqual(['x', 'y']);
    expect((await parseLabelCsv('3\n5\n3.0')).classNames).toEqual(['3', '5']);
  });

  it.each<[string, number | undefined, RegExp]>([
    ['a\nb', 4, /Expected 4 classes, one for each row, got 2/],
    ['a,b\nc,d', 2, /Expected one class a line, got 2 columns/],
    ['a\nNaN', 2, /line 2: Expected the name or number of a class, got "NaN"/],
    ['0\n0x1', 2, /got "0x1"/],
    ['', 1, /got an empty file/],
    ['a\n""', 2, /got an empty field/],
  ])('refuses %j', async (text, rows, message) => {
    const error = await parseLabelCsv(text, { rows }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DataFormatError);
    expect((error as Error).message).toMatch(message);
  });
});

describe('class labels', () => {
  it('are in the order of numbers, or of characters', () => {
    expect(classLabelsOf(['10', '9', '9.0', '1e1'])).toEqual({
      classNames: ['9', '10'],
      classes: Int32Array.of(1, 0, 0, 1),
    });
    expect(classLabelsOf(['b', '10', '9', 'b'])).toEqual({
      classNames: ['10', '9', 'b'],
      classes: Int32Array.of(2, 0, 1, 2),
    });
  });
});

describe('a table in any dialect', () => {
  const delimiters: readonly CsvDelimiter[] = [',', ';', '\t', '|', ' '];
  const anyField = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.string({
      unit: fc.constantFrom('"', ',', ';', '\t', '|', ' ', '\n', '\r', 'a', 'é'),
      maxLength: 6,
    }),
  );
  const anyTable = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }))
    .chain(([columns, rows]) =>
      fc.array(fc.array(anyField, { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      }),
    );

  /** As RFC 4180 has it: in quotes what must be, and whatever else the writer likes. */
  const write = (
    table: readonly (readonly string[])[],
    delimiter: string,
    ends: readonly string[],
    quoteAll: boolean,
  ) =>
    table
      .map(
        (fields, row) =>
          fields
            .map((field) =>
              quoteAll || /["\r\n\ufeff]|^\s*$|^\s|\s$/.test(field) || field.includes(delimiter)
                ? `"${field.replaceAll('"', '""')}"`
                : field,
            )
            .join(delimiter) + ends[row % ends.length],
      )
      .join('');

  it('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTable,
        fc.constantFrom(...delimiters),
        fc.array(fc.constantFrom('\n', '\r\n', '\r'), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.boolean(),
        async (table, delimiter, ends, quoteAll, mark) => {
          const text = (mark ? '\ufeff' : '') + write(table, delimiter, ends, quoteAll);
          expect((await parseCsv(text, { delimiter })).rows).toEqual(table);
          const bytes = new TextEncoder().encode(text);
          expect((await parseCsv(bytes, { delimiter })).rows).toEqual(
            table.map((row) => row.map((field) => field.toWellFormed())),
          );
        },
      ),
      { seed: 42, numRuns: 500 },
    );
  });

  it('is read without being told the dialect, when it is of numbers', async () => {
    const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    const table = fc
      .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 30 }))
      .chain(([columns, rows]) =>
        fc.array(fc.array(number, { minLength: columns, maxLength: columns }), {
          minLength: rows,
          maxLength: rows,
        }),
      );
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(...delimiters),
        fc.constantFrom('.', ','),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        async (numbers, delimiter, mark, names, kinds, quoteAll) => {
          const rows = numbers.map((row, i) => [
            ...row.map((value) => String(value).replace('.', mark)),
            ...(kinds ? [`kind ${i % 3}`] : []),
          ]);
          const header = [
            ...numbers[0]!.map((_, column) => `x${column}`),
            ...(kinds ? ['kind'] : []),
          ];
          const text = write(names ? [header, ...rows] : rows, delimiter, ['\n'], quoteAll);
          const read = await parseNumberCsv(text);
          expect([...read.values]).toEqual(numbers.flat().map((value) => value + 0));
          expect(read.columns).toBe(numbers[0]!.length);
          expect(read.header).toEqual(names ? header.slice(0, read.columns) : undefined);
          const found =
            read.labels && Array.from(read.labels.classes, (one) => read.labels!.classNames[one]);
          expect(found).toEqual(kinds ? numbers.map((_, i) => `kind ${i % 3}`) : undefined);
        },
      ),
      { seed: 42, numRuns: 500 },
    );
  });
});
