import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { packTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import {
  gunzip,
  parseCifar,
  parseCsv,
  parseIdx,
  parseNpy,
  parseNpz,
  parseNumberCsv,
  parseTar,
} from '../../src/datasets/index.js';
import { DataFormatError } from '../../src/errors.js';
import { readPicture } from '../../src/node/pictures.js';
import { fixture } from './fixtures.js';

const text = new TextEncoder();
const tar = await packTar([
  { header: { name: 'folder/', type: 'directory', size: 0 } },
  { header: { name: 'folder/a.txt', size: 5 }, body: 'hello' },
  { header: { name: `${'long/'.repeat(40)}b.bin`, size: 600 }, body: new Uint8Array(600).fill(9) },
]);
const csv = text.encode('name,x\n"a ""b""",1.5\r\nc,2e3\n');

/** Each reader, with files that it reads. */
const readers: [
  name: string,
  read: (bytes: Uint8Array) => unknown,
  files: Uint8Array[],
  runs: number,
][] = [
  ['idx', parseIdx, ['u1.idx', 'f8.idx'].map(fixture), 1000],
  ['npy', parseNpy, ['bool.npy', 'i8-big.npy', 'fortran.npy', 'version-3.npy'].map(fixture), 1000],
  [
    'npz',
    (bytes) => parseNpz(bytes, { maxBytes: 1e6 }),
    ['stored.npz', 'compressed.npz'].map(fixture),
    400,
  ],
  [
    'gzip',
    (bytes) => gunzip(bytes, { maxBytes: 1e6 }),
    [new Uint8Array(gzipSync('hello '.repeat(99)))],
    400,
  ],
  ['tar', parseTar, [tar], 400],
  ['CIFAR', parseCifar, [new Uint8Array(2 * 3073).fill(3)], 300],
  ['CSV', parseCsv, [csv], 1000],
  ['CSV of numbers', parseNumberCsv, [text.encode('1,2\n3,4\n')], 1000],
  [
    'PNG',
    readPicture,
    ['rgb.png', 'palette.png', 'interlaced.png', 'gray-alpha.png', 'one-bit.png'].map(fixture),
    400,
  ],
  [
    'JPEG',
    readPicture,
    ['subsampled.jpg', 'progressive.jpg', 'cmyk.jpg', 'orientation-6.jpg'].map(fixture),
    400,
  ],
  [
    'WebP',
    readPicture,
    ['lossy.webp', 'lossless.webp', 'alpha.webp', 'orientation-6.webp'].map(fixture),
    300,
  ],
];

/** One of the files, cut short, lengthened, with some bytes changed: or bytes at random. */
function damaged(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
  const cut = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
  const changed = fc
    .tuple(fc.constantFrom(...files), cut, changes, fc.uint8Array({ maxLength: 8 }))
    .map(([file, share, edits, tail]) => {
      const kept = file.slice(0, Math.ceil(file.length * share));
      for (const [at, value] of edits) if (kept.length > 0) kept[at % kept.length] = value;
      return new Uint8Array(Buffer.concat([kept, tail]));
    });
  const headed = fc
    .tuple(fc.constantFrom(...files), fc.nat(40), fc.uint8Array({ maxLength: 200 }))
    .map(([file, length, rest]) => new Uint8Array(Buffer.concat([file.subarray(0, length), rest])));
  return fc.oneof({ arbitrary: changed, weight: 4 }, headed, fc.uint8Array({ maxLength: 300 }));
}

describe('damaged files', () => {
  it.each(readers)('%s: read, or refused by a DataFormatError', async (_, read, files, numRuns) => {
    for (const file of files) await read(file);
    await fc.assert(
      fc.asyncProperty(damaged(files), async (bytes) => {
        const copy = bytes.slice();
        const started = performance.now();
        try {
          await read(bytes);
        } catch (error) {
          if (!DataFormatError.isInstance(error)) throw error;
          expect(error.source).not.toBe('');
          expect(error.message).not.toMatch(/\n/);
          expect(error.offset ?? 0).toBeLessThanOrEqual(bytes.length);
        }
        expect(performance.now() - started).toBeLessThan(3000);
        expect(Buffer.compare(bytes, copy), 'the bytes were changed').toBe(0);
      }),
      { numRuns, seed: 20_240 },
    );
  });
});
