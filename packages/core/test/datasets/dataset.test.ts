import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classCounts,
  createDataset,
  type Dataset,
  imagesToFloat32,
  shuffleDataset,
  splitDataset,
  takeDataset,
  type UnlabeledDataset,
} from '../../src/datasets/index.js';
import { InvalidArgumentError, ShapeError } from '../../src/errors.js';
import { createRandom } from '../../src/random/index.js';

/** `count` images of 1x2 whose pixels and label tell their position. */
function numbered(count: number): Dataset {
  return createDataset({
    name: 'numbered',
    shape: [1, 2, 1],
    images: Uint8Array.from({ length: 2 * count }, (_, i) => i),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 3),
    classNames: ['a', 'b', 'c'],
  });
}

/** The positions in `numbered` that a part of it was taken from. */
const positions = (dataset: UnlabeledDataset) =>
  Array.from({ length: dataset.count }, (_, i) => dataset.images[2 * i]! / 2);

/** The same without labels. */
function unlabeled(count: number): UnlabeledDataset {
  const { name, shape, images } = numbered(count);
  return createDataset({ name, shape, images });
}

describe('a dataset without labels', () => {
  it('counts its images by their size', () => {
    const dataset = unlabeled(5);
    expect(dataset).toMatchObject({ name: 'numbered', count: 5, range: [0, 255] });
    expect(dataset).not.toHaveProperty('labels');
    expect(dataset).not.toHaveProperty('classNames');
  });

  it('is taken from, shuffled and split like a labelled one', () => {
    const taken = takeDataset(unlabeled(5), [3, 0, 3]);
    expect(positions(taken)).toEqual([3, 0, 3]);
    expect(taken).not.toHaveProperty('labels');
    const random = () => createRandom(4);
    expect(positions(shuffleDataset(unlabeled(9), random()))).toEqual(
      positions(shuffleDataset(numbered(9), random())),
    );
    const [first, rest] = splitDataset(unlabeled(9), { at: 4 }) as [
      UnlabeledDataset,
      UnlabeledDataset,
    ];
    expect([positions(first), positions(rest)]).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7, 8],
    ]);
    expect(imagesToFloat32(unlabeled(5))).toEqual(imagesToFloat32(numbered(5)));
  });

  it('is not taken where labels are needed', () => {
    const dataset: UnlabeledDataset = unlabeled(3);
    // @ts-expect-error: there are no classes to count
    expect(() => classCounts(dataset)).toThrow();
    // @ts-expect-error: a part of a dataset without labels has none either
    const part: Dataset = takeDataset(dataset, [0]);
    expect(part.labels).toBeUndefined();
    const labeled: Dataset = takeDataset(numbered(3), [0]);
    expect([...labeled.labels]).toEqual([0]);
  });

  it('is made of whole images', () => {
    const shape = [2, 2, 1] as const;
    expect(() => createDataset({ shape, images: new Uint8Array(7) })).toThrow(ShapeError);
    expect(() => createDataset({ shape, images: new Uint8Array(7) })).toThrow(
      'Expected the pixels of dataset to be whole images of 2x2x1 = 4 pixels, got 7 pixels.',
    );
    const forgotten = { shape, images: new Uint8Array(8), classNames: ['a', 'b'] } as never;
    expect(() => createDataset(forgotten)).toThrow('Expected `labels` beside `classNames`');
  });
});

describe('createDataset', () => {
  it('numbers the classes when they have no names', () => {
    const dataset = createDataset({
      shape: [1, 1, 1],
      images: new Uint8Array(3),
      labels: Uint8Array.of(2, 0, 2),
    });
    expect(dataset).toMatchObject({
      name: 'dataset',
      count: 3,
      classNames: ['0', '1', '2'],
      range: [0, 255],
    });
    expect([...classCounts(dataset)]).toEqual([1, 0, 2]);
  });

  it.each([
    [
      'too few pixels',
      { images: new Uint8Array(7) },
      ShapeError,
      /2 labels need 2 images of 2x2x1 = 8 pixels, but 7 came/,
    ],
    [
      'a shape of two extents',
      { shape: [2, 2] as never },
      ShapeError,
      /\[height, width, channels\]/,
    ],
    ['half a pixel', { shape: [2, 0.5, 1] as const }, ShapeError, /each at least 1/],
    [
      'a label without a class',
      { labels: Uint8Array.of(0, 2), classNames: ['a', 'b'] },
      InvalidArgumentError,
      /label 1 is 2, but there are 2 classes/,
    ],
    ['a negative label', { labels: Int32Array.of(0, -1) }, InvalidArgumentError, /label 1 is -1/],
    [
      'an absurd label',
      { labels: Int32Array.of(0, 2 ** 30) },
      InvalidArgumentError,
      /Give classNames/,
    ],
    [
      'a pixel that is no number',
      { images: Float32Array.of(0, 0, 0, 0, 0, Number.NaN, 0, 0) },
      InvalidArgumentError,
      /value 1 of image 1 is NaN/,
    ],
    [
      'a pixel out of range',
      { images: new Float32Array(8).fill(-1) },
      InvalidArgumentError,
      /outside of the range \[0, 1\]/,
    ],
    [
      'a range for bytes',
      { range: [0, 1] as const },
      InvalidArgumentError,
      /byte images have the range \[0, 255\]/,
    ],
    [
      'a range upside down',
      { images: new Float32Array(8), range: [1, 0] as const },
      InvalidArgumentError,
      /the lower first/,
    ],
  ])('refuses %s', (_, contents, type, message) => {
    const create = () =>
      createDataset({
        shape: [2, 2, 1],
        images: new Uint8Array(8),
        labels: Uint8Array.of(0, 1),
        ...contents,
      });
    expect(create).toThrow(type);
    expect(create).toThrow(message);
  });
});

describe('takeDataset', () => {
  it('takes images and labels in the given order, one more than once if so asked', () => {
    const taken = takeDataset(numbered(5), [4, 0, 4]);
    expect(positions(taken)).toEqual([4, 0, 4]);
    expect([...taken.labels]).toEqual([1, 0, 1]);
    expect(taken.count).toBe(3);
  });

  it('copies: the source stays as it is', () => {
    const source = numbered(3);
    (takeDataset(source, [0]).images as Uint8Array)[0] = 99;
    expect(source.images[0]).toBe(0);
  });

  it.each([-1, 5, 1.5, Number.NaN])('refuses position %s', (position) => {
    expect(() => takeDataset(numbered(5), [position])).toThrow(/5 images, at 0 to 4/);
  });
});

describe('splitDataset', () => {
  it('cuts at positions, without copying', () => {
    const source = numbered(10);
    const [first, second, third] = splitDataset(source, { at: [2, 7] });
    expect([first, second, third].map((part) => positions(part!))).toEqual([
      [0, 1],
      [2, 3, 4, 5, 6],
      [7, 8, 9],
    ]);
    expect(third!.images.buffer).toBe(source.images.buffer);
  });

  it('gives parts in the shares, at random, with nothing twice and nothing lost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.nat(),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (count, seed, share) => {
          const parts = splitDataset(numbered(count), {
            fractions: [share, 1 - share],
            random: createRandom(seed),
          });
          expect(Math.abs(parts[0]!.count - share * count)).toBeLessThanOrEqual(0.5 + 1e-9);
          const all = parts.flatMap(positions).sort((a, b) => a - b);
          expect(all).toEqual(positions(numbered(count)));
          for (const part of parts) {
            expect([...part.labels]).toEqual(positions(part).map((position) => position % 3));
          }
        },
      ),
    );
  });

  it('keeps the order without a stream, and leaves the rest out', () => {
    const parts = splitDataset(numbered(10), { fractions: [0.3, 0.3] });
    expect(parts.map(positions)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it.each([
    { at: 11 },
    { at: [5, 4] },
    { at: -1 },
    { at: 2.5 },
    { fractions: [] },
    { fractions: [0.6, 0.6] },
    { fractions: [1, -0.5] },
    { fractions: [Number.NaN] },
  ])('refuses %j', (options) => {
    expect(() => splitDataset(numbered(10), options)).toThrow(InvalidArgumentError);
  });
});

describe('shuffleDataset', () => {
  it('gives one order for one seed and another for another', () => {
    const order = (seed: number) => positions(shuffleDataset(numbered(40), createRandom(seed)));
    expect(order(1)).toEqual(order(1));
    expect(order(1)).not.toEqual(order(2));
    expect(order(1).sort((a, b) => a - b)).toEqual(positions(numbered(40)));
  });
});

describe('imagesToFloat32', () => {
  it('scales bytes to 0..1, or to another range', () => {
    const bytes = createDataset({
      shape: [1, 1, 1],
      images: Uint8Array.of(0, 51, 255),
      labels: new Uint8Array(3),
    });
    expect([...imagesToFloat32(bytes)]).toEqual([0, Math.fround(0.2), 1]);
    expect([...imagesToFloat32(bytes, [2, 0], { range: [-1, 1] })]).toEqual([1, -1]);
  });

  it('scales from the range that the dataset has', () => {
    const signed = createDataset({
      shape: [1, 1, 1],
      images: Float32Array.of(-1, 0, 1),
      labels: new Uint8Array(3),
      range: [-1, 1],
    });
    expect([...imagesToFloat32(signed)]).toEqual([0, 0.5, 1]);
    expect([...imagesToFloat32(signed, undefined, { range: [-1, 1] })]).toEqual([-1, 0, 1]);
  });

  it('refuses a position outside and a range upside down', () => {
    expect(() => imagesToFloat32(numbered(2), [2])).toThrow(InvalidArgumentError);
    expect(() => imagesToFloat32(numbered(2), [0], { range: [1, 0] })).toThrow(
      InvalidArgumentError,
    );
  });
});
