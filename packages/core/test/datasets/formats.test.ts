import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unpackedLimit } from '../../src/datasets/formats/inflate.js';
import {
  gunzip,
  inflate,
  isGzip,
  parseCifar,
  parseCsv,
  parseIdx,
  parseNpy,
  parseNpz,
  parseNumberCsv,
  parseTar,
  unzip,
} from '../../src/datasets/index.js';
import { DataFormatError } from '../../src/errors.js';
import { expected, fixture, numbersOf } from './fixtures.js';

const ascii = (text: string) => new TextEncoder().encode(text);

/** What fixtures/make-archive-fixtures.py wrote in many ways. */
const archived: { shape: number[]; data: number[] } = JSON.parse(
  new TextDecoder().decode(fixture('archives/expected.json')),
);

/** The error that `run` ends in, which must be a DataFormatError. */
async function formatError(run: () => unknown): Promise<DataFormatError> {
  const error = await Promise.resolve()
    .then(run)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(error).toBeInstanceOf(DataFormatError);
  return error as DataFormatError;
}

describe('.npy', () => {
  it.each(Object.entries(expected.npy))('%s is read as NumPy reads it', async (name, array) => {
    const { shape, data } = await parseNpy(fixture(name));
    expect(shape).toEqual(array.shape);
    expect([...data]).toEqual(numbersOf(array));
  });

  it.each(['double-quotes', 'other-order', 'mixed-quotes', 'no-byte-order'])(
    'a header with %s is read as NumPy reads it',
    async (name) => {
      const { shape, data } = await parseNpy(fixture(`archives/${name}.npy`));
      expect({ shape, data: [...data] }).toEqual(archived);
    },
  );

  it('keeps the type where JavaScript has it', async () => {
    const typeOf = async (name: string) => (await parseNpy(fixture(name))).data.constructor;
    expect(await typeOf('u1.npy')).toBe(Uint8Array);
    expect(await typeOf('i2.npy')).toBe(Int16Array);
    expect(await typeOf('u4.npy')).toBe(Uint32Array);
    expect(await typeOf('f4-big.npy')).toBe(Float32Array);
    expect(await typeOf('f2.npy')).toBe(Float32Array);
    expect(await typeOf('i8-big.npy')).toBe(Float64Array);
    expect((await parseNpy(fixture('i4-big.npy'))).dtype).toBe('i4');
  });

  it('reads bytes that lie at an odd place of a larger buffer, and leaves them as they are', async () => {
    const file = fixture('f4-big.npy');
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect([...(await parseNpy(larger.subarray(3))).data]).toEqual(
      numbersOf(expected.npy['f4-big.npy']!),
    );
    expect(larger.subarray(3)).toEqual(file);
  });

  it('does not share the memory of a Node Buffer', async () => {
    const file = Buffer.from(fixture('f4.npy'));
    const { data } = await parseNpy(file);
    file.fill(0);
    expect(data[1]).toBe(1);
  });

  it('refuses an integer that a number cannot hold, naming it', async () => {
    const error = await formatError(() =>
      parseNpy(fixture('too-large-i8.npy'), { source: 'x.npy' }),
    );
    expect(error.message).toContain('9007199254740992');
    expect(error).toMatchObject({ source: 'x.npy', offset: 136 });
  });

  it.each([
    ['complex.npy', "its type is '<c16'"],
    ['object.npy', "its type is '|O'"],
    ['records.npy', "'descr' (one plain type)"],
  ])('refuses %s and says why', async (name, reason) => {
    expect((await formatError(() => parseNpy(fixture(name)))).message).toContain(reason);
  });

  it('refuses a header that promises more than the file has, before allocating it', async () => {
    const text = new TextDecoder('latin1').decode(fixture('u1.npy'));
    const bytes = Uint8Array.from(text.replace('(2, 3, 4), ', '(9999999999,)'), (c) =>
      c.charCodeAt(0),
    );
    const error = await formatError(() => parseNpy(bytes));
    expect(error.message).toMatch(/9,999,999,999 bytes after its header, but \d+ bytes came/);
  });
});

describe('.npz', () => {
  it.each(Object.entries(expected.npz))('%s is read as NumPy reads it', async (name, arrays) => {
    const read = await parseNpz(fixture(name));
    expect([...read.keys()]).toEqual(Object.keys(arrays));
    for (const [key, array] of Object.entries(arrays)) {
      expect(read.get(key)!.shape).toEqual(array.shape);
      expect([...read.get(key)!.data]).toEqual(numbersOf(array));
    }
  });

  it('leaves out the folders of the archive', async () => {
    const read = await parseNpz(fixture('archives/folders.npz'));
    expect([...read.keys()]).toEqual(['data/x', 'y']);
    for (const { shape, data } of read.values()) {
      expect({ shape, data: [...data] }).toEqual(archived);
    }
  });

  it('unpacks no more than it is allowed to', async () => {
    const error = await formatError(() => parseNpz(fixture('bomb.npz'), { maxBytes: 1_000_000 }));
    expect(error.message).toContain('5,000,000 bytes, more than the 1,000,000 bytes');
  });

  it('unpacks no more than the directory says, whatever is in the archive', async () => {
    const lying = fixture('bomb.npz');
    const directory = new DataView(lying.buffer).getUint32(lying.length - 6, true);
    new DataView(lying.buffer).setUint32(directory + 24, 1000, true);
    expect((await formatError(() => unzip(lying))).message).toContain('more than the 1,000 bytes');
  });

  it('notices a changed byte by the checksum', async () => {
    const bytes = fixture('stored.npz');
    bytes[300] = bytes[300]! ^ 1;
    expect((await formatError(() => parseNpz(bytes))).message).toContain('checksum');
  });
});

describe('idx', () => {
  it.each(Object.entries(expected.idx))('%s is read as it was laid out', async (name, array) => {
    const { shape, data } = await parseIdx(fixture(name));
    expect(shape).toEqual(array.shape);
    expect([...data]).toEqual(numbersOf(array));
  });

  it('says what came when it is no idx file', async () => {
    const error = await formatError(() => parseIdx(fixture('u1.npy'), { source: 'a' }));
    expect(error.message).toContain('93 4e 55 4d');
    expect(error).toMatchObject({ source: 'a', offset: 0 });
  });

  it('refuses extents that the file cannot have, before allocating them', async () => {
    const huge = Uint8Array.of(0, 0, 8, 3, ...new Array(12).fill(255));
    expect((await formatError(() => parseIdx(huge))).message).toContain('far too many numbers');
    const short = fixture('f4.idx').subarray(0, -1);
    expect((await formatError(() => parseIdx(short))).message).toContain(
      '96 bytes after its header, but 95',
    );
  });
});

describe('CSV', () => {
  it('reads numbers line by line', async () => {
    const { rows, columns, values } = await parseNumberCsv('1,2.5\r\n-3e2, 4\n\n', {});
    expect({ rows, columns, values: [...values] }).toEqual({
      rows: 2,
      columns: 2,
      values: [1, 2.5, -300, 4],
    });
  });

  it('reads a header and another delimiter', async () => {
    const table = await parseNumberCsv(ascii('a;b\n1;2'), { header: true, delimiter: ';' });
    expect(table).toMatchObject({ header: ['a', 'b'], rows: 1, columns: 2 });
  });

  it('reads quoted text', async () => {
    expect(await parseCsv('name,note\n"a, b","say ""x""\nto me"\n', { header: true })).toEqual({
      header: ['name', 'note'],
      rows: [['a, b', 'say "x"\nto me']],
    });
  });

  it('ignores a byte order mark', async () => {
    expect((await parseCsv(ascii('\ufeffa,b\n1,2'), { header: true })).header).toEqual(['a', 'b']);
  });

  it('names line, column and offset of what is no number', async () => {
    const text = '1,2\n3,4\n5,x\n';
    const error = await formatError(() => parseNumberCsv(text, { source: 'digits.csv' }));
    expect(error.message).toBe('digits.csv: line 3, column 2: Expected a number, got "x".');
    expect(error).toMatchObject({ source: 'digits.csv', offset: 8 });
  });

  it.each(['', ' ', 'NaN', 'Infinity', '1e999', '1_000', '0x1g'])(
    'takes %j for no number',
    async (field) => {
      await formatError(() => parseNumberCsv(`1,2\n3,${field}`));
    },
  );

  it('names a line that is longer or shorter, counting lines inside quotes', async () => {
    const text = 'a,"b\nc"\nd,e\nf';
    const error = await formatError(() => parseCsv(text));
    expect(error.message).toContain('line 4 has 1 field, but the first has 2');
    expect(error.offset).toBe(12);
  });

  it('counts offsets in bytes', async () => {
    const error = await formatError(() => parseCsv('é,ü\nx'));
    expect(error.offset).toBe(6);
  });

  it('refuses what is empty, not UTF-8, or has an open quote', async () => {
    expect((await formatError(() => parseCsv(''))).message).toContain('got an empty file');
    expect((await formatError(() => parseCsv(Uint8Array.of(0xff, 0xff)))).message).toContain(
      'UTF-8',
    );
    expect((await formatError(() => parseCsv('a,"b'))).message).toContain(
      'line 1: Expected a closing quote',
    );
  });
});

describe('CIFAR', () => {
  const record = (labels: number[]) =>
    Uint8Array.of(...labels, ...Array.from({ length: 3072 }, (_, i) => (i >> 10) * 80 + (i % 32)));

  it('interleaves the planes of red, green and blue', async () => {
    const { count, images, labels } = await parseCifar(
      new Uint8Array([...record([7]), ...record([2])]),
    );
    expect(count).toBe(2);
    expect([...labels]).toEqual([7, 2]);
    expect([...images.subarray(0, 6)]).toEqual([0, 80, 160, 1, 81, 161]);
    expect([...images.subarray(-3)]).toEqual([31, 111, 191]);
  });

  it('reads both labels of CIFAR-100', async () => {
    const { labels, coarseLabels } = await parseCifar(record([19, 99]), { classes: 100 });
    expect([labels[0], coarseLabels![0]]).toEqual([99, 19]);
  });

  it('refuses half a record, a label out of range, and nothing', async () => {
    const half = await formatError(() => parseCifar(record([0]).subarray(1)));
    expect(half.message).toContain('records of 3,073 bytes');
    const two = new Uint8Array([...record([1]), ...record([10])]);
    expect(await formatError(() => parseCifar(two))).toMatchObject({ offset: 3073 });
    await formatError(() => parseCifar(new Uint8Array(0)));
  });
});

describe('gzip', () => {
  afterEach(() => vi.unstubAllGlobals());

  const packed = new Uint8Array(gzipSync('hello '.repeat(1000)));

  it('gives the content back', async () => {
    expect(isGzip(packed)).toBe(true);
    expect(new TextDecoder().decode(await gunzip(packed))).toBe('hello '.repeat(1000));
  });

  it('holds no more than it is allowed to', async () => {
    const error = await formatError(() => gunzip(packed, { maxBytes: 5999, source: 'a.gz' }));
    expect(error.message).toContain('more than the 5,999 bytes');
    expect((await gunzip(packed, { maxBytes: 6000 })).length).toBe(6000);
  });

  it('gives up a bomb at 256 MiB, of which it holds nothing', async () => {
    // 2 MB that hold 2 GB of zeros: each member is 1 MiB.
    const member = gzipSync(new Uint8Array(2 ** 20));
    const bomb = new Uint8Array(Buffer.concat(new Array(2048).fill(member)));
    const before = process.memoryUsage().arrayBuffers;
    const error = await formatError(() => gunzip(bomb));
    expect(error.message).toContain('hold more than the 268,435,456 bytes that are allowed');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 29);
  });

  it('allows 16 times what is large', () => {
    expect(unpackedLimit(2 ** 20)).toBe(2 ** 28);
    expect(unpackedLimit(2 ** 30)).toBe(2 ** 34);
  });

  it('says what a runtime lacks that cannot unpack it', async () => {
    vi.stubGlobal('DecompressionStream', undefined);
    await expect(gunzip(packed)).rejects.toThrow('need DecompressionStream');
  });

  it('notices what is cut short, changed by one bit, or no gzip at all', async () => {
    await formatError(() => gunzip(packed.subarray(0, -1)));
    await formatError(() => gunzip(packed.subarray(0, 4)));
    const changed = packed.slice();
    changed[changed.length - 6]! ^= 1;
    await formatError(() => gunzip(changed));
    await formatError(() => inflate(ascii('plain text'), 'deflate'));
  });
});

describe('tar', () => {
  const entries = [
    { header: { name: 'folder/', type: 'directory' as const, size: 0 } },
    { header: { name: 'folder/a.txt', size: 5 }, body: 'hello' },
    {
      header: { name: `${'long/'.repeat(40)}b.bin`, size: 600 },
      body: new Uint8Array(600).fill(9),
    },
    { header: { name: 'link', type: 'symlink' as const, size: 0, linkname: '/etc/passwd' } },
  ];

  it('gives the plain files by their names', async () => {
    const files = await parseTar(await packTar(entries));
    expect([...files.keys()]).toEqual(['folder/a.txt', `${'long/'.repeat(40)}b.bin`]);
    expect(new TextDecoder().decode(files.get('folder/a.txt'))).toBe('hello');
    expect(files.get(`${'long/'.repeat(40)}b.bin`)).toEqual(new Uint8Array(600).fill(9));
  });

  it('refuses more entries than allowed', async () => {
    const tar = await packTar(entries);
    expect((await formatError(() => parseTar(tar, { maxEntries: 2 }))).message).toContain(
      'more than the 2',
    );
  });

  it('notices what is cut short, has a bad checksum, or is no tar', async () => {
    const tar = await packTar(entries);
    await formatError(() => parseTar(tar.subarray(0, 1024)));
    await formatError(() => parseTar(tar.subarray(0, 1000)));
    const changed = tar.slice();
    changed[0]! ^= 1;
    await formatError(() => parseTar(changed));
    await formatError(() => parseTar(new Uint8Array(2048).fill(65)));
  });

  it('does not believe a size that the archive has not', async () => {
    const tar = await packTar([{ header: { name: 'a', size: 5 }, body: 'hello' }]);
    tar.set(ascii('77777777777\0'), 124);
    tar.set(ascii('        '), 148);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.set(ascii(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    await formatError(() => parseTar(tar));
  });
});
