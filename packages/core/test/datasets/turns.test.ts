import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Dataset,
  encodePng,
  gunzip,
  inflate,
  loadEmbeddedDigits,
  parseCifar,
  parseCsv,
  parseIdx,
  parseLabelCsv,
  parseNpy,
  parseNpz,
  parseNumberCsv,
  parseTar,
  unzip,
} from '../../src/datasets/index.js';
import { loadDataset } from '../../src/node/datasets.js';
import { listLabelledPictures, readPictureFolder } from '../../src/node/pictures.js';
import type { Progress, WorkOptions } from '../../src/work.js';
import { fixture } from './fixtures.js';

const lines = Array.from({ length: 300 }, (_, i) => `${i / 7},${i},"é${i % 3}"`).join('\n');
const many = Uint8Array.from({ length: 400_000 }, (_, i) => (i * i) % 251);
const records = new Uint8Array(40 * 3073).fill(3);
const tar = await packTar(
  ['a', 'b'].map((name) => ({ header: { name, size: many.length }, body: many })),
);
const images = Uint8Array.of(
  0,
  0,
  8,
  3,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  28,
  0,
  0,
  0,
  28,
  ...many.slice(0, 1568),
);
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 4, 7);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'turns-'));
  await mkdir(join(folder, 'pictures', 'red'), { recursive: true });
  const picture = encodePng({ width: 2, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4) });
  for (const name of ['a.png', 'b.png'])
    await writeFile(join(folder, 'pictures/red', name), picture);
  await writeFile(join(folder, 'pictures', 'labels.csv'), 'file,time\nred/a.png,10:08\n');
  await mkdir(join(folder, 'mnist'));
  for (const part of ['train', 't10k']) {
    await writeFile(join(folder, 'mnist', `${part}-images-idx3-ubyte`), images);
    await writeFile(join(folder, 'mnist', `${part}-labels-idx1-ubyte.gz`), gzipSync(labels));
  }
});

afterEach(() => vi.restoreAllMocks());
afterAll(() => rm(folder, { recursive: true }));

/** Makes each look at the clock come 20 ms after the last, so that a turn is due at every chance. */
function hasten() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
}

/** What tells digits from others: to compare 700,000 pixels one by one would take seconds. */
async function digitsOf(loading: Promise<{ readonly train: Dataset; readonly test: Dataset }>) {
  const { train, test } = await loading;
  return [train.images, train.labels, test.images, test.labels].map((values) =>
    createHash('sha256').update(values).digest('hex'),
  );
}

const works: Record<string, (options: WorkOptions) => Promise<unknown>> = {
  parseCsv: (options) => parseCsv(lines, options),
  parseNumberCsv: (options) => parseNumberCsv(new TextEncoder().encode(lines), options),
  parseLabelCsv: (options) => parseLabelCsv(lines.replaceAll(/.*,/g, ''), options),
  'parseNpy of 64-bit integers': (options) => parseNpy(fixture('i8-big.npy'), options),
  'parseNpy of half floats': (options) => parseNpy(fixture('f2.npy'), options),
  'parseNpy of booleans': (options) => parseNpy(fixture('bool.npy'), options),
  'parseNpy in Fortran order': (options) => parseNpy(fixture('fortran.npy'), options),
  parseNpz: (options) => parseNpz(fixture('compressed.npz'), options),
  unzip: (options) => unzip(fixture('stored.npz'), options),
  gunzip: (options) => gunzip(gzipSync(many), options),
  inflate: (options) => inflate(gzipSync(many), 'gzip', options),
  parseIdx: (options) => parseIdx(fixture('f8.idx'), options),
  parseCifar: (options) => parseCifar(records, options),
  parseTar: (options) => parseTar(tar, options),
  loadDataset: (options) => loadDataset('mnist', { data: folder, ...options }),
  "loadDataset of the package's own digits": (options) =>
    digitsOf(loadDataset('digits16', { ...options, cache: false })),
  loadEmbeddedDigits: (options) => digitsOf(loadEmbeddedDigits(options)),
  readPictureFolder: (options) => readPictureFolder(join(folder, 'pictures'), options),
  listLabelledPictures: (options) => listLabelledPictures(join(folder, 'pictures'), options),
};

describe.each(Object.entries(works))('%s', (_, run) => {
  it('gives others a turn, in which they can stop it', async () => {
    hasten();
    const reason = new Error('enough');
    const stop = new AbortController();
    setImmediate(() => stop.abort(reason));
    await expect(run({ signal: stop.signal })).rejects.toBe(reason);
    await expect(run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('comes to the same in the smallest parts, and tells how far it is', async () => {
    const whole = await run({});
    hasten();
    const told: Progress[] = [];
    expect(await run({ onProgress: (progress) => void told.push(progress) })).toEqual(whole);
    expect(told.length).toBeGreaterThan(0);
    for (const { stage, done, total } of told) {
      expect(stage).toMatch(/./);
      expect(done).toBeGreaterThanOrEqual(0);
      expect(done).toBeLessThanOrEqual(total);
    }
    const end = told.at(-1)!;
    expect(end.done).toBe(end.total);
  });

  it('hands on what a listener throws', async () => {
    const error = new RangeError('of the caller');
    const onProgress = () => {
      throw error;
    };
    await expect(run({ onProgress })).rejects.toBe(error);
  });

  it('refuses an option that it does not know, by name', async () => {
    const options = { singal: undefined, onProgres: () => undefined } as WorkOptions;
    await expect(run(options)).rejects.toThrow(
      'Unknown option `onProgres`, did you mean `onProgress`?',
    );
  });
});

describe('text in parts', () => {
  it.each(['utf-8', 'utf-16le', 'utf-16be'])('divides no character of %s', async (encoding) => {
    for (const shift of [0, 1, 2, 3]) {
      const field = `${'a'.repeat(shift)}${'😀é'.repeat(200_000)}`;
      const units = Buffer.from(`\ufeff${field}`, encoding === 'utf-8' ? 'utf8' : 'utf16le');
      const bytes = encoding === 'utf-16be' ? units.swap16() : units;
      expect((await parseCsv(bytes, { delimiter: ',' })).rows).toEqual([[field]]);
    }
  });

  it('refuses bytes that are no text, wherever they are', async () => {
    const bytes = new Uint8Array(2 ** 20 + 8).fill(0x31);
    for (const at of [2 ** 20 - 1, 2 ** 20, 2 ** 20 + 7]) {
      const broken = bytes.slice();
      broken[at] = 0xbf;
      await expect(parseCsv(broken)).rejects.toThrow('Expected UTF-8 text');
    }
  });
});
